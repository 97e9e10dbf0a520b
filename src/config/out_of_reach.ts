import manifest from "../../deno.json" with { type: "json" };
import type { Config } from "./config.ts";
import type { ConfigProblem } from "./problem.ts";
import { UPSTREAM_KEYS, upstreamKey } from "./schema.ts";
import { SETTINGS } from "./settings.ts";

/** The default cache directory of the compiled binary. */
export const BINARY_CACHE_ROOT = "/var/cache/pkgstash";

/** The default state directory of the compiled binary. */
export const BINARY_STATE_ROOT = "/var/lib/pkgstash";

/** The default state directory of this program. */
export const DEFAULT_STATE_ROOT = Deno.build.standalone
  ? BINARY_STATE_ROOT
  : String(SETTINGS.stateRoot.defaultValue);

/** How a path is used. */
export type Access = "read" | "write";

/** Whether this program has the permission to use a path. */
export type AccessTest = (access: Access, path: string) => boolean;

const USES = [
  { property: "cacheRoot", access: "write" },
  { property: "stateRoot", access: "write" },
  { property: "tlsCertificate", access: "read" },
  { property: "tlsKey", access: "read" },
] as const;

/**
 * The problems of keys whose paths this program has no permission to use; a compiled binary's
 * permissions are fixed. `sourceOf` returns where a key was read.
 */
export function outOfReach(
  config: Config,
  sourceOf: (key: string) => string,
  mayUse: AccessTest,
): ConfigProblem[] {
  const problem = (key: string, path: string | null, access: Access): ConfigProblem[] => {
    if (path === null || path === "" || mayUse(access, path)) return [];
    const found = JSON.stringify(path);
    return [{ source: sourceOf(key), key, found, expected: reachOf(access) }];
  };
  return [
    ...USES.flatMap(({ property, access }) =>
      problem(SETTINGS[property].name, config[property], access)
    ),
    ...config.upstreams.flatMap((upstream) =>
      problem(upstreamKey(upstream.name, UPSTREAM_KEYS.mirrorlist), upstream.mirrorlist, "read")
    ),
  ];
}

/** What is expected of a path, and what to do if it must be elsewhere. */
export function reachOf(access: Access): string {
  const places = manifest.permissions.binary[access]
    .filter((path) => path !== NOTIFY_SOCKET && path !== EVERYWHERE);
  return `a path below one of the directories that this binary may ${access}: ` +
    `${places.join(", ")}. Bind-mount the directory there (mount --bind), or compile a binary ` +
    `that may ${access} more: add paths to "binary" in deno.json and run "deno task compile"`;
}

/** Permissions that only commands for their user's files keep; see the command line. */
const EVERYWHERE = "/";

/**
 * The socket of systemd, which is among the permitted paths but not intended for the configuration.
 */
const NOTIFY_SOCKET = "/run/systemd/notify";
