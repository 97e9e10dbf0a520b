import manifest from "../../deno.json" with { type: "json" };
import type { Config } from "./config.ts";
import type { ConfigProblem } from "./problem.ts";
import { SETTINGS } from "./schema.ts";

/** Where the installed binary keeps its cache unless told otherwise. */
export const BINARY_CACHE_ROOT = "/var/cache/pkgstash";

/** What may be done with a path. */
export type Access = "read" | "write";

/** Whether this program was given a permission. */
export type AccessTest = (access: Access, path: string) => boolean;

const USES = [
  { property: "cacheRoot", access: "write" },
  { property: "tlsCertificate", access: "read" },
  { property: "tlsKey", access: "read" },
] as const;

/**
 * The keys whose paths this program may not use: a compiled binary has its permissions built in.
 * `sourceOf` names where a key was read.
 */
export function outOfReach(
  config: Config,
  sourceOf: (key: string) => string,
  mayUse: AccessTest,
): ConfigProblem[] {
  return USES.flatMap(({ property, access }) => {
    const path = config[property];
    if (path === null || mayUse(access, path)) return [];
    const key = SETTINGS[property].name;
    return [{
      source: sourceOf(key),
      key,
      found: JSON.stringify(path),
      expected: reachOf(access),
    }];
  });
}

/** What is expected of a path, and how to go on if it has to be another. */
export function reachOf(access: Access): string {
  const places = manifest.permissions.binary[access].filter((path) => path !== NOTIFY_SOCKET);
  const verb = access === "write" ? "write" : "read";
  return `a path in one of the only places that this binary may ${verb}: ${places.join(", ")}. ` +
    'Bind-mount the directory there (mount --bind), or build with another one: add it to "binary" ' +
    'in deno.json, then "deno task compile"';
}

/** systemd's socket; it is among the paths, but nobody's configuration belongs there. */
const NOTIFY_SOCKET = "/run/systemd/notify";
