/**
 * How this machine lets an ordinary user have other user ids: as many as newuidmap(1) maps, or none
 * but the own one.
 */
export type IdMapping = "subordinate" | "own";

/** The user that builds, as the sandbox shows it. */
export const BUILD_UID = 1000;

/** An overlay that exists for one command only. All paths are plain, see `assertPlain`. */
export interface Overlay {
  /** The uppermost first. */
  readonly lower: readonly string[];
  /** Where changes go; null for an overlay that cannot be written. */
  readonly upper: { readonly directory: string; readonly work: string } | null;
  readonly target: string;
}

/** What surrounds a sandbox: user ids, mounts that it may bind, and limits. */
export interface Surroundings {
  readonly mapping: IdMapping;
  readonly overlays: readonly Overlay[];
  /** Root of the namespace, as pacman needs to be, or the user that builds. */
  readonly user: "root" | "build";
  readonly limits: ProcessLimits;
}

/** Limits of the kernel (setrlimit(2)); null for none. */
export interface ProcessLimits {
  /** Processes and threads of one sandbox. */
  readonly processes: number | null;
  readonly fileBytes: number | null;
  /** Address space of each process. */
  readonly memoryBytes: number | null;
}

export const NO_LIMITS: ProcessLimits = { processes: null, fileBytes: null, memoryBytes: null };

/**
 * The argument list that runs `inner` in a user and mount namespace of its own. No shell interprets
 * any of `inner`.
 */
export function surround(
  { mapping, overlays, user, limits }: Surroundings,
  inner: readonly string[],
): string[] {
  // "own" has one user id only, which is root of the namespace; bubblewrap then renames it.
  const isOther = user === "build" && mapping === "subordinate";
  return [
    "/usr/bin/unshare",
    "--user",
    "--map-root-user",
    ...(mapping === "subordinate" ? ["--map-auto"] : []),
    "--mount",
    "/usr/bin/sh",
    "-euc",
    [...overlays.map(mountLine), 'exec "$@"'].join("\n"),
    "sh",
    "/usr/bin/prlimit",
    "--core=0",
    ...limitArguments(limits),
    ...(isOther
      ? [
        "/usr/bin/setpriv",
        `--reuid=${BUILD_UID}`,
        `--regid=${BUILD_UID}`,
        "--clear-groups",
      ]
      : []),
    ...inner,
  ];
}

function mountLine({ lower, upper, target }: Overlay): string {
  for (const path of [...lower, target, ...upper === null ? [] : Object.values(upper)]) {
    assertPlain(path);
  }
  const options = [
    `lowerdir=${lower.join(":")}`,
    ...upper === null ? [] : [`upperdir=${upper.directory}`, `workdir=${upper.work}`],
    // Overlays of an ordinary user keep their notes in attributes of users.
    "userxattr",
  ];
  return `/usr/bin/mount -t overlay overlay -o '${options.join(",")}' '${target}'`;
}

/** Mount options and the shell have characters of their own; our paths have none of them. */
function assertPlain(path: string): void {
  if (!/^[\w./@+-]+$/.test(path)) {
    throw new Error(`The path ${JSON.stringify(path)} cannot be part of an overlay`);
  }
}

function limitArguments({ processes, fileBytes, memoryBytes }: ProcessLimits): string[] {
  return [
    ...processes === null ? [] : [`--nproc=${processes}`],
    ...fileBytes === null ? [] : [`--fsize=${fileBytes}`],
    ...memoryBytes === null ? [] : [`--as=${memoryBytes}`],
  ];
}
