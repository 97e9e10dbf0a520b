import { expandServer } from "../formats/pacman/mirrorlist.ts";
import type { UpstreamConfig } from "./config.ts";
import { describeValue } from "./problem.ts";
import type { OwnRepositoryConfig } from "./own_repositories.ts";
import { MAIN_UPSTREAM, UPSTREAM_KEYS, upstreamKey } from "./schema.ts";
import type { Fault } from "./value_type.ts";

/** First segments of the server's own paths, which no repository may have. */
export const RESERVED_SEGMENTS: readonly string[] = ["admin", "api", "cache", "healthz", "metrics"];

/** What precedes the extra paths of an upstream on this server. */
export function extraPrefix({ name }: Pick<UpstreamConfig, "name">): string {
  return name === MAIN_UPSTREAM.name ? "" : `${name}/`;
}

/**
 * Extra paths that no client could request, because the server's own paths begin in the same way.
 */
export function extraPathFaults(upstream: UpstreamConfig): Fault[] {
  return upstream.extraPaths
    .map((path) => extraPrefix(upstream) + path)
    .filter((path) => RESERVED_SEGMENTS.includes(path.split("/")[0] ?? ""))
    .map((path) => ({
      found: describeValue(path),
      expected: `another first name, since ${RESERVED_SEGMENTS.join(", ")} are reserved`,
    }));
}

/** Who offers repositories at paths on this server. */
export interface PathOwner
  extends Pick<UpstreamConfig, "repositories" | "architectures" | "clientPath"> {
  /** For messages, such as `upstream "arch"`. */
  readonly label: string;
  /** The full name of the key with its path. */
  readonly key: string;
}

/** A fault in a client path, and the full name of its key. */
export interface ClientPathFault extends Fault {
  readonly key: string;
}

/** An upstream as the owner of paths. */
export function upstreamPaths(upstream: UpstreamConfig): PathOwner {
  const { name, repositories, architectures, clientPath } = upstream;
  const key = upstreamKey(name, UPSTREAM_KEYS.clientPath);
  return { label: `upstream "${name}"`, key, repositories, architectures, clientPath };
}

/** An own repository as the owner of paths. */
export function ownPaths({ name, architectures, clientPath }: OwnRepositoryConfig): PathOwner {
  return {
    label: `repository "${name}"`,
    key: `repositories.${name}.client_path`,
    repositories: [name],
    architectures,
    clientPath,
  };
}

/**
 * Checks that every directory offered to clients belongs to exactly one repository and architecture
 * of one owner, is not inside another one, and does not hide a path of the server itself.
 */
export function clientPathFaults(pathOwners: readonly PathOwner[]): ClientPathFault[] {
  const faults: ClientPathFault[] = [];
  const owners = new Map<string, PathOwner>();
  for (const pathOwner of pathOwners) {
    const { key } = pathOwner;
    const directories = clientDirectories(pathOwner);
    const reserved = directories.find((directory) =>
      RESERVED_SEGMENTS.some((segment) => `${directory}/`.startsWith(`${segment}/`))
    );
    if (reserved !== undefined) {
      faults.push({
        key,
        found: `"${reserved}"`,
        expected: `another first segment, since ${RESERVED_SEGMENTS.join(", ")} are reserved`,
      });
    }
    const repeated = directories.find((each, index) => directories.indexOf(each) !== index);
    if (repeated !== undefined) {
      faults.push({
        key,
        found: `"${repeated}" for more than one architecture or repository`,
        expected: "$repo and $arch in the path, so that each gets its own directory",
      });
    }
    const [taken, owner] = firstOverlap(directories, owners);
    if (owner !== undefined) {
      faults.push({
        key,
        found: `"${taken}", which overlaps with ${owner.label}`,
        expected: "a path that nothing else uses",
      });
    }
    for (const directory of directories) owners.set(directory, pathOwner);
  }
  return faults;
}

/** The first directory that overlaps with one of another owner, and that owner. */
function firstOverlap(
  directories: readonly string[],
  owners: ReadonlyMap<string, PathOwner>,
): [string, PathOwner] | [] {
  for (const directory of directories) {
    for (const [other, owner] of owners) {
      if (`${directory}/`.startsWith(`${other}/`) || `${other}/`.startsWith(`${directory}/`)) {
        return [directory, owner];
      }
    }
  }
  return [];
}

/** Every directory that an owner offers to clients, as a path below the server's root. */
export function clientDirectories(
  owner: Pick<PathOwner, "repositories" | "architectures" | "clientPath">,
): string[] {
  return owner.repositories.flatMap((repository) =>
    owner.architectures.map((architecture) =>
      expandServer(owner.clientPath, repository, architecture)
    )
  );
}
