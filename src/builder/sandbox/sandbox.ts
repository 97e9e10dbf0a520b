import { BUILD_UID } from "./namespaces.ts";

/** A directory or file of the machine that a sandbox contains. */
export interface Bind {
  readonly source: string;
  readonly target: string;
  readonly isWritable: boolean;
}

/** An empty directory in memory. */
export interface MemoryDirectory {
  readonly target: string;
  readonly bytes: number;
}

/** Everything that a sandbox contains, and nothing else. */
export interface SandboxPlan {
  /** Outer targets come before those inside them. The first is usually "/". */
  readonly binds: readonly Bind[];
  readonly memory: readonly MemoryDirectory[];
  readonly links: readonly { readonly target: string; readonly path: string }[];
  /** Directories that programs use as their root (chroot(2)); they get /proc and /dev. */
  readonly changeRoots?: readonly string[];
  readonly hasNetwork: boolean;
  /** Root keeps the capabilities of its user namespace, which pacman needs; "build" has none. */
  readonly user: "root" | "build";
  readonly env: Readonly<Record<string, string>>;
  readonly directory: string;
  readonly argv: readonly string[];
}

/** Shared memory; POSIX semaphores and the like need little. */
const SHARED_MEMORY_BYTES = 256 * 1024 * 1024;

/**
 * The argument list of bubblewrap for a plan (bwrap(1)). All its processes end with the first one,
 * and that one ends with the builder.
 */
export function bubblewrapArguments(plan: SandboxPlan): string[] {
  const { hasNetwork, user } = plan;
  return [
    "/usr/bin/bwrap",
    "--die-with-parent",
    // Otherwise a process could type into the builder's terminal (TIOCSTI).
    "--new-session",
    "--unshare-pid",
    "--unshare-ipc",
    "--unshare-uts",
    "--unshare-cgroup-try",
    ...hasNetwork ? [] : ["--unshare-net"],
    ...user === "root" ? [] : [
      "--unshare-user",
      "--disable-userns",
      "--uid",
      String(BUILD_UID),
      "--gid",
      String(BUILD_UID),
      "--cap-drop",
      "ALL",
    ],
    "--hostname",
    "build",
    "--clearenv",
    ...Object.entries(plan.env).flatMap(([name, value]) => ["--setenv", name, value]),
    ...plan.binds.filter(({ target }) => target === "/").flatMap(bindArguments),
    "--proc",
    "/proc",
    "--dev",
    "/dev",
    ...memoryArguments({ target: "/dev/shm", bytes: SHARED_MEMORY_BYTES }),
    // /dev is in memory, without a limit.
    "--remount-ro",
    "/dev",
    ...plan.memory.flatMap(memoryArguments),
    ...plan.links.flatMap(({ target, path }) => ["--symlink", target, path]),
    ...plan.binds.filter(({ target }) => target !== "/").flatMap(bindArguments),
    ...(plan.changeRoots ?? []).flatMap(changeRootArguments),
    "--chdir",
    plan.directory,
    "--",
    ...plan.argv,
  ];
}

function bindArguments({ source, target, isWritable }: Bind): string[] {
  return [isWritable ? "--bind" : "--ro-bind", source, target];
}

function memoryArguments({ target, bytes }: MemoryDirectory): string[] {
  return ["--perms", "1777", "--size", String(bytes), "--tmpfs", target];
}

function changeRootArguments(directory: string): string[] {
  return [
    "--proc",
    `${directory}/proc`,
    "--dev",
    `${directory}/dev`,
    ...memoryArguments({ target: `${directory}/tmp`, bytes: SHARED_MEMORY_BYTES }),
    ...memoryArguments({ target: `${directory}/run`, bytes: SHARED_MEMORY_BYTES }),
  ];
}
