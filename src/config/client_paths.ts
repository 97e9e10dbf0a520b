import { expandServer } from "../formats/pacman/mirrorlist.ts";
import type { UpstreamConfig } from "./config.ts";
import { describeValue } from "./problem.ts";
import { MAIN_UPSTREAM } from "./schema.ts";
import type { Fault } from "./value_type.ts";

/** First segments of the server's own paths, which no repository may have. */
export const RESERVED_SEGMENTS: readonly string[] = ["api", "cache", "healthz", "metrics"];

/** What precedes the extra paths of an upstream on this server. */
export function extraPrefix({ name }: Pick<UpstreamConfig, "name">): string {
  return name === MAIN_UPSTREAM.name ? "" : `${name}/`;
}

/** Extra paths that no client could ask for, because the server's own paths begin like them. */
export function extraPathFaults(upstream: UpstreamConfig): Fault[] {
  return upstream.extraPaths
    .map((path) => extraPrefix(upstream) + path)
    .filter((path) => RESERVED_SEGMENTS.includes(path.split("/")[0] ?? ""))
    .map((path) => ({
      found: describeValue(path),
      expected: `another first name, since ${RESERVED_SEGMENTS.join(", ")} are reserved`,
    }));
}

/** A fault in the client path of an upstream. */
export interface ClientPathFault extends Fault {
  readonly upstream: UpstreamConfig;
}

/**
 * Checks that every directory offered to clients belongs to exactly one repository and architecture
 * of one upstream, is not inside another one, and does not hide a path of the server itself.
 */
export function clientPathFaults(upstreams: readonly UpstreamConfig[]): ClientPathFault[] {
  const faults: ClientPathFault[] = [];
  const owners = new Map<string, UpstreamConfig>();
  for (const upstream of upstreams) {
    const directories = clientDirectories(upstream);
    const reserved = directories.find((directory) =>
      RESERVED_SEGMENTS.some((segment) => `${directory}/`.startsWith(`${segment}/`))
    );
    if (reserved !== undefined) {
      faults.push({
        upstream,
        found: `"${reserved}"`,
        expected: `another first segment, since ${RESERVED_SEGMENTS.join(", ")} are reserved`,
      });
    }
    const repeated = directories.find((each, index) => directories.indexOf(each) !== index);
    if (repeated !== undefined) {
      faults.push({
        upstream,
        found: `"${repeated}" for more than one architecture or repository`,
        expected: "$repo and $arch in the path, so that each gets its own directory",
      });
    }
    const [taken, owner] = firstOverlap(directories, owners);
    if (owner !== undefined) {
      faults.push({
        upstream,
        found: `"${taken}", which overlaps with upstream "${owner.name}"`,
        expected: "a path that no other upstream uses",
      });
    }
    for (const directory of directories) owners.set(directory, upstream);
  }
  return faults;
}

/** The first directory that overlaps with one of another upstream, and that upstream. */
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

/** Every directory that an upstream offers to clients, as a path below the server's root. */
export function clientDirectories(upstream: UpstreamConfig): string[] {
  return upstream.repositories.flatMap((repository) =>
    upstream.architectures.map((architecture) =>
      expandServer(upstream.clientPath, repository, architecture)
    )
  );
}
