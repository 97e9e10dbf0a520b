import { join } from "@std/path";
import type { IdMapping, Overlay } from "../sandbox/namespaces.ts";
import { NO_LIMITS } from "../sandbox/namespaces.ts";
import type { Bind, SandboxPlan } from "../sandbox/sandbox.ts";
import type { SandboxRun } from "../sandbox/run_sandbox.ts";
import { hostLinks } from "./host_links.ts";
import { PACMAN_PLACES } from "./pacman_configuration.ts";

/** The files that pacman uses. */
export interface PacmanFiles {
  readonly mapping: IdMapping;
  /** Directory of the job with `pacman.conf`, `gnupg` and `cache`. */
  readonly configuration: string;
  readonly cache: string;
  readonly machineFiles: readonly Bind[];
}

/** One call of pacman, or of a shell around it. */
export interface PacmanCall {
  readonly argv: readonly string[];
  readonly hasNetwork: boolean;
  /** Directory for pacman's database; null for that of the target. */
  readonly database: string | null;
  /** The sync databases, if they are not below `database`. */
  readonly sync?: string;
  /** The root to install into; null if pacman only queries. */
  readonly target: { readonly path: string; readonly overlays: readonly Overlay[] } | null;
  readonly overlays?: readonly Overlay[];
  readonly onOutput?: (bytes: Uint8Array) => void;
  readonly signal?: AbortSignal;
}

const TEMPORARY_BYTES = 256 * 1024 * 1024;

/** The beginning of every call of pacman. */
export const PACMAN: readonly string[] = [
  "/usr/bin/pacman",
  "--config",
  PACMAN_PLACES.configuration,
  "--logfile",
  "/dev/null",
  "--color",
  "never",
];

/** Options of every call that changes something. */
export const UNATTENDED: readonly string[] = ["--noconfirm", "--noprogressbar"];

/**
 * A sandbox with this machine's pacman, as root of a user namespace: pacman sets owners and changes
 * its root directory for scriptlets and hooks. These come from packages, also of the AUR, so the
 * sandbox contains only the machine's programs, and has the network only for downloads.
 */
export async function pacmanSandbox(files: PacmanFiles, call: PacmanCall): Promise<SandboxRun> {
  const { keyring, cache, database, target, configuration } = PACMAN_PLACES;
  const inTarget = call.target === null ? [] : [
    { source: call.target.path, target, isWritable: true },
  ];
  const databases: Bind[] = [
    {
      source: call.database ?? join(call.target?.path ?? "", database),
      target: database,
      isWritable: true,
    },
    ...call.sync === undefined
      ? []
      : [{ source: call.sync, target: join(database, "sync"), isWritable: false }],
  ];
  const plan: SandboxPlan = {
    binds: [
      { source: "/usr", target: "/usr", isWritable: false },
      ...files.machineFiles,
      {
        source: join(files.configuration, "pacman.conf"),
        target: configuration,
        isWritable: false,
      },
      { source: join(files.configuration, "gnupg"), target: keyring, isWritable: true },
      { source: files.cache, target: cache, isWritable: true },
      ...inTarget,
      ...databases,
    ],
    memory: [{ target: "/tmp", bytes: TEMPORARY_BYTES }],
    links: [
      ...(await hostLinks()).map(({ path, target }) => ({ path, target })),
      { path: "/etc/mtab", target: "/proc/self/mounts" },
    ],
    changeRoots: call.target === null ? [] : [target],
    hasNetwork: call.hasNetwork,
    user: "root",
    env: { PATH: "/usr/bin:/usr/sbin", LC_ALL: "C", HOME: "/tmp" },
    directory: "/",
    argv: call.argv,
  };
  return {
    surroundings: {
      mapping: files.mapping,
      overlays: [...call.overlays ?? [], ...call.target?.overlays ?? []],
      user: "root",
      limits: NO_LIMITS,
    },
    plan,
    ...call.onOutput === undefined ? {} : { onOutput: call.onOutput },
    ...call.signal === undefined ? {} : { signal: call.signal },
  };
}
