import { join } from "@std/path";
import type { Job } from "../../api/builder.ts";
import { overlaysOf } from "../roots/layers.ts";
import type { BuildRoot } from "../roots/root_maker.ts";
import { CERTIFICATES } from "../sandbox/machine_files.ts";
import type { IdMapping } from "../sandbox/namespaces.ts";
import type { SandboxRun } from "../sandbox/run_sandbox.ts";
import type { Bind, SandboxPlan } from "../sandbox/sandbox.ts";
import type { Workspace } from "../workspace.ts";

/** What all sandboxes of a job have in common. */
export interface JobSurroundings {
  readonly job: Job;
  readonly workspace: Workspace;
  readonly root: BuildRoot;
  readonly mapping: IdMapping;
  /** Generated files of /etc. */
  readonly machineFiles: readonly Bind[];
  /** Files of this machine's /etc, for roots that use its /usr. */
  readonly hostFiles: readonly Bind[];
  /** Fetched sources of the package base, kept between builds. */
  readonly sources: string;
  /** Directory of ccache; null if it is off. */
  readonly ccache: string | null;
  /** Directory of sccache; null if it is off. */
  readonly sccache: string | null;
  readonly jobs: number;
  readonly buildIn: "disk" | "memory";
}

/** The rights of one sandbox of a job. */
export interface StepRights {
  readonly hasNetwork: boolean;
  /** Whether it may change the package source, as makepkg does after pkgver(). */
  readonly changesStart: boolean;
  /** What it does with sources: nothing, fetch them, or use them and discard its changes. */
  readonly sources: "none" | "fetch" | "use";
  /** Whether it unpacks and compiles. */
  readonly builds: boolean;
}

const TEMPORARY_BYTES = 2 * 1024 ** 3;
const RUN_BYTES = 16 * 1024 ** 2;
/** Steps that do not build need very little. */
const SCRATCH_BYTES = 64 * 1024 ** 2;

/** The sandbox of a step: a read-only root plus the directories that the step writes. */
export function stepSandbox(
  common: JobSurroundings,
  rights: StepRights,
  argv: readonly string[],
): Pick<SandboxRun, "surroundings" | "plan"> {
  const { job: { limits }, workspace, root, mapping, sources } = common;
  const isInMemory = !rights.builds || common.buildIn === "memory";
  const plan: SandboxPlan = {
    binds: [
      { source: workspace.path("root"), target: "/", isWritable: false },
      ...common.hostFiles,
      ...common.machineFiles,
      readOnly(join(workspace.path("conf"), "makepkg.conf"), "/etc/pkgstash/makepkg.conf"),
      { source: workspace.path("startdir"), target: "/startdir", isWritable: rights.changesStart },
      { source: workspace.path("gnupg"), target: "/gnupg", isWritable: true },
      ...isInMemory ? [] : [writable(workspace.path("build"), "/build")],
      ...rights.builds ? [writable(workspace.path("pkgdest"), "/pkgdest")] : [],
      ...rights.builds && common.ccache !== null ? [writable(common.ccache, "/ccache")] : [],
      ...rights.builds && common.sccache !== null ? [writable(common.sccache, "/sccache")] : [],
      ...rights.sources === "fetch" ? [writable(sources, "/srcdest")] : [],
      ...rights.sources === "use" ? [writable(workspace.path("srcdest"), "/srcdest")] : [],
    ],
    memory: [
      { target: "/tmp", bytes: TEMPORARY_BYTES },
      { target: "/var/tmp", bytes: TEMPORARY_BYTES },
      { target: "/run", bytes: RUN_BYTES },
      ...isInMemory
        ? [{ target: "/build", bytes: rights.builds ? limits.disk_bytes : SCRATCH_BYTES }]
        : [],
    ],
    links: [],
    hasNetwork: rights.hasNetwork,
    user: "build",
    env: environment(common, rights),
    directory: "/startdir",
    argv,
  };
  return {
    plan,
    surroundings: {
      mapping,
      user: "build",
      limits: {
        processes: limits.processes,
        fileBytes: limits.disk_bytes,
        memoryBytes: limits.memory_bytes,
      },
      overlays: [
        ...overlaysOf(root.store, {
          layers: root.layers,
          upper: null,
          target: workspace.path("root"),
        }),
        ...rights.sources === "use"
          ? [{
            lower: [sources],
            upper: { directory: workspace.path("upper"), work: workspace.path("upper.work") },
            target: workspace.path("srcdest"),
          }]
          : [],
      ],
    },
  };
}

/** Approved variables may change how a package is built, but not where its files go. */
function environment(
  { job, jobs, ccache, sccache }: JobSurroundings,
  { builds, sources }: StepRights,
): Record<string, string> {
  return {
    LANG: "C.UTF-8",
    LC_ALL: "C.UTF-8",
    TERM: "dumb",
    MAKEFLAGS: `-j${jobs}`,
    ...job.settings.environment,
    PATH: "/usr/local/bin:/usr/bin:/usr/bin/site_perl:/usr/bin/vendor_perl:/usr/bin/core_perl:/bin",
    HOME: "/build",
    USER: "build",
    LOGNAME: "build",
    SHELL: "/usr/bin/bash",
    GNUPGHOME: "/gnupg",
    SOURCE_DATE_EPOCH: String(job.source_date_epoch),
    BUILDDIR: "/build",
    LOGDEST: "/build",
    // makepkg insists that all of them are writable, even if it writes nothing there.
    PKGDEST: builds ? "/pkgdest" : "/build",
    SRCDEST: sources === "none" ? "/build" : "/srcdest",
    SRCPKGDEST: "/build",
    PACKAGER: job.packager,
    SSL_CERT_FILE: CERTIFICATES,
    CURL_CA_BUNDLE: CERTIFICATES,
    GIT_SSL_CAINFO: CERTIFICATES,
    ...ccache === null ? {} : { CCACHE_DIR: "/ccache" },
    ...sccache === null ? {} : { SCCACHE_DIR: "/sccache", RUSTC_WRAPPER: "/usr/bin/sccache" },
  };
}

function readOnly(source: string, target: string): Bind {
  return { source, target, isWritable: false };
}

function writable(source: string, target: string): Bind {
  return { source, target, isWritable: true };
}
