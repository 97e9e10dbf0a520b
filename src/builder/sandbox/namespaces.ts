/**
 * The user IDs that an ordinary user gets on this machine: those that newuidmap(1) maps, or only its
 * own.
 */
export type IdMapping = "subordinate" | "own";

/** The build user inside sandboxes. */
export const BUILD_UID = 1000;

/** An overlay that exists for one command. All paths are plain; see `assertPlain`. */
export interface Overlay {
  /** The uppermost first. */
  readonly lower: readonly string[];
  /** Receives the changes; null for a read-only overlay. */
  readonly upper: { readonly directory: string; readonly work: string } | null;
  readonly target: string;
}

/** The surroundings of a sandbox: user IDs, mounts that it may bind, and limits. */
export interface Surroundings {
  readonly mapping: IdMapping;
  readonly overlays: readonly Overlay[];
  /**
   * Files and directories that the build user cannot reach, because their parent directories are
   * closed to it; they are bind-mounted where it can.
   */
  readonly staged?: readonly { readonly source: string; readonly place: string }[];
  /** Root of the namespace, which pacman needs, or the build user. */
  readonly user: "root" | "build";
  readonly limits: ProcessLimits;
}

/** Kernel limits (setrlimit(2)); null for none. */
export interface ProcessLimits {
  /** Processes and threads of one sandbox. */
  readonly processes: number | null;
  readonly fileBytes: number | null;
  /** Writable memory of each process (RLIMIT_DATA); address space alone costs nothing. */
  readonly memoryBytes: number | null;
}

/**
 * Where staged mounts are. Only the namespace of one command sees them there; they hide what the
 * machine has below this directory.
 */
export const STAGE = "/mnt";

export const NO_LIMITS: ProcessLimits = { processes: null, fileBytes: null, memoryBytes: null };

/**
 * The argument list that runs `inner` in its own user and mount namespaces. No shell interprets
 * `inner`.
 */
export function surround(
  { mapping, overlays, staged = [], user, limits }: Surroundings,
  inner: readonly string[],
): string[] {
  // "own" has a single user ID, which is root of the namespace; bubblewrap then maps it again.
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
    // An ordinary user's overlays keep their metadata in user attributes.
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

/** Rejects paths with characters that mount options or the shell interpret. */
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
