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
  /**
   * Files and directories that the user who builds cannot reach, because the directories above them
   * are not for everybody: mounted once more where it can.
   */
  readonly staged?: readonly { readonly source: string; readonly place: string }[];
  /** Root of the namespace, as pacman needs to be, or the user that builds. */
  readonly user: "root" | "build";
  readonly limits: ProcessLimits;
}

/** Limits of the kernel (setrlimit(2)); null for none. */
export interface ProcessLimits {
  /** Processes and threads of one sandbox. */
  readonly processes: number | null;
  readonly fileBytes: number | null;
  /** Memory that each process may write to (RLIMIT_DATA): address space alone says nothing. */
  readonly memoryBytes: number | null;
}

/**
 * Where staged mounts are. Only the namespace of one command sees them there, in place of what the
 * machine has below this directory.
 */
export const STAGE = "/mnt";

export const NO_LIMITS: ProcessLimits = { processes: null, fileBytes: null, memoryBytes: null };

/**
 * The argument list that runs `inner` in a user and mount namespace of its own. No shell interprets
 * any of `inner`.
 */
export function surround(
  { mapping, overlays, staged = [], user, limits }: Surroundings,
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
    [...overlays.map(mountLine), ...stageLines(staged), 'exec "$@"'].join("\n"),
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

function stageLines(staged: NonNullable<Surroundings["staged"]>): string[] {
  if (staged.length === 0) return [];
  const lines = staged.flatMap(({ source, place }) => {
    assertPlain(source);
    assertPlain(place);
    return [
      `if [ -d '${source}' ]; then /usr/bin/mkdir '${place}'; else : >'${place}'; fi`,
      `/usr/bin/mount --rbind '${source}' '${place}'`,
    ];
  });
  return [`/usr/bin/mount -t tmpfs -o mode=0755,size=1m stage ${STAGE}`, ...lines];
}

/** Mount options and the shell have characters of their own; our paths have none of them. */
function assertPlain(path: string): void {
  if (!/^[\w./@+-]+$/.test(path)) {
    throw new Error(`The path ${JSON.stringify(path)} cannot be part of a mount`);
  }
}

function limitArguments({ processes, fileBytes, memoryBytes }: ProcessLimits): string[] {
  return [
    ...processes === null ? [] : [`--nproc=${processes}`],
    ...fileBytes === null ? [] : [`--fsize=${fileBytes}`],
    ...memoryBytes === null ? [] : [`--data=${memoryBytes}`],
  ];
}
