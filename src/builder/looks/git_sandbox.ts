import { hostLinks } from "../roots/host_links.ts";
import { CERTIFICATES } from "../sandbox/machine_files.ts";
import type { IdMapping } from "../sandbox/namespaces.ts";
import type { SandboxRun } from "../sandbox/run_sandbox.ts";
import type { Bind } from "../sandbox/sandbox.ts";

/** What git is run with. */
export interface GitSurroundings {
  readonly mapping: IdMapping;
  /** Generated files of /etc. */
  readonly machineFiles: readonly Bind[];
}

export const GIT = "/usr/bin/git";

const PROCESSES = 64;
const MEMORY_BYTES = 1024 ** 3;
/** A clone and its files: package sources are small. */
const TEMPORARY_BYTES = 512 * 1024 ** 2;

/**
 * A sandbox with this machine's git and network. The server may be hostile, so the sandbox contains
 * only programs and a directory in memory, and git may use no protocol that starts a program.
 */
export async function gitSandbox(
  { mapping, machineFiles }: GitSurroundings,
  argv: readonly string[],
): Promise<Pick<SandboxRun, "surroundings" | "plan">> {
  return {
    surroundings: {
      mapping,
      overlays: [],
      user: "build",
      limits: { processes: PROCESSES, fileBytes: TEMPORARY_BYTES, memoryBytes: MEMORY_BYTES },
    },
    plan: {
      binds: [{ source: "/usr", target: "/usr", isWritable: false }, ...machineFiles],
      memory: [{ target: "/tmp", bytes: TEMPORARY_BYTES }],
      links: await hostLinks(),
      hasNetwork: true,
      user: "build",
      env: {
        PATH: "/usr/bin",
        LC_ALL: "C.UTF-8",
        HOME: "/tmp",
        GIT_ALLOW_PROTOCOL: "https:http:git",
        GIT_CONFIG_NOSYSTEM: "1",
        GIT_TERMINAL_PROMPT: "0",
        GIT_SSL_CAINFO: CERTIFICATES,
      },
      directory: "/tmp",
      argv,
    },
  };
}
