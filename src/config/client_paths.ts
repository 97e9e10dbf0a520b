import { expandServer } from "../formats/pacman/mirrorlist.ts";
import type { UpstreamConfig } from "./config.ts";
import type { Fault } from "./value_type.ts";

/** First segments of paths that the server answers itself. */
export const RESERVED_SEGMENTS: readonly string[] = ["api", "cache", "healthz", "metrics"];

/** A fault in the client path of an upstream. */
export interface ClaimFault extends Fault {
  readonly upstream: UpstreamConfig;
}

/**
 * Checks that every directory given to clients belongs to one repository and architecture of one
 * upstream, lies in no other, and does not begin with a path of the server's own.
 */
export function claimFaults(upstreams: readonly UpstreamConfig[]): ClaimFault[] {
  const faults: ClaimFault[] = [];
  const owners = new Map<string, UpstreamConfig>();
  for (const upstream of upstreams) {
    const directories = clientDirectories(upstream);
    const reserved = directories.find((each) => RESERVED_SEGMENTS.includes(each.split("/")[0]!));
    if (reserved !== undefined) {
      faults.push({
        upstream,
        found: `"${reserved}"`,
        expected: `another first segment, since ${RESERVED_SEGMENTS.join(", ")} are the server's`,
      });
    }
    const repeated = directories.find((each, index) => directories.indexOf(each) !== index);
    if (repeated !== undefined) {
      faults.push({
        upstream,
        found: `"${repeated}" for more than one architecture or repository`,
        expected: "$repo and $arch in it, so that each has its own directory",
      });
    }
    const [taken, owner] = firstOverlap(directories, owners);
    if (owner !== undefined) {
      faults.push({
        upstream,
        found: `"${taken}", which upstream "${owner.name}" has as well`,
        expected: "a path that no other upstream uses",
      });
    }
    for (const directory of directories) owners.set(directory, upstream);
  }
  return faults;
}

/** The first directory that is, contains or lies in one that another upstream owns. */
function firstOverlap(
  directories: readonly string[],
  owners: ReadonlyMap<string, UpstreamConfig>,
): [string, UpstreamConfig] | [] {
  for (const directory of directories) {
    for (const [other, owner] of owners) {
      if (`${directory}/`.startsWith(`${other}/`) || `${other}/`.startsWith(`${directory}/`)) {
        return [directory, owner];
      }
    }
  }
  return [];
}

/** Every directory that an upstream gives to clients, below the server's root. */
export function clientDirectories(upstream: UpstreamConfig): string[] {
  return upstream.repositories.flatMap((repository) =>
    upstream.architectures.map((architecture) =>
      expandServer(upstream.clientPath, repository, architecture)
    )
  );
}
