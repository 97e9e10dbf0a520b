import { z } from "zod";
import { bytes, empty, endpoint, file } from "./endpoint.ts";
import { COUNT } from "./scalars.ts";

/**
 * What builders and the daemon say to each other. A builder asks for a job, gets one attempt of a
 * build leased, and must send a heartbeat before the lease ends. All that it says afterwards is about
 * that job: `{job}` is the name of the lease, which nobody else knows, and which is worthless once
 * the lease has ended. Then the daemon answers 409, and the builder stops and drops everything.
 */

/** What a builder is doing. */
export const BUILD_STEPS = [
  "preparing",
  "fetching",
  "metadata",
  "building",
  "checking",
  "uploading",
] as const;

/** Why a builder could not build. */
export const REPORTED_FAILURES = [
  "source_gone",
  "network",
  "checksum",
  "signature",
  "dependency_missing",
  "build_error",
  "test_failure",
  "timeout",
  "resources",
  "builder_unfit",
] as const;

export type BuildStep = typeof BUILD_STEPS[number];
export type ReportedFailure = typeof REPORTED_FAILURES[number];

const MAX_BODY_BYTES = 64 * 1024;
/** As much as `.SRCINFO` may have: the AUR takes files of up to 250 KiB. */
const MAX_METADATA_BYTES = 512 * 1024;
/** As long as a connection may be idle behind common proxies. */
const MAX_WAIT_MS = 50_000;

/** More files that differ between two builds are not told. */
export const MAX_DIFFERENCES = 100;

/** The longest text of a log that is sent at once. */
export const MAX_LOG_PART_BYTES = 256 * 1024;

const ARCHITECTURE = z.string().regex(/^[a-z0-9_]{1,32}$/, "must be an architecture");

const SHA256 = z.string().regex(/^[0-9a-f]{64}$/, "must be 64 hexadecimal digits in lower case");

const job = z.string().regex(/^[0-9a-f]{32}$/, "must be the name of a job")
  .describe("The job's id.");

/** How a package is built: what an administrator has approved for it. */
export const BUILD_SETTINGS = z.strictObject({
  network: z.boolean().describe("Whether build() and check() have network access."),
  check: z.boolean().describe("Whether check() runs."),
  ccache: z.boolean().describe("Whether ccache is used, which must be in the root."),
  sccache: z.boolean().describe("Whether sccache is used, which must be in the root."),
  makepkg_conf: z.string().max(16 * 1024).describe("Lines to add to makepkg.conf."),
  environment: z.record(z.string(), z.string().max(4096)).describe("Variables for makepkg."),
  packages: z.array(z.string()).max(100).describe("Additional packages to install into the root."),
  timeout_ms: COUNT.nullable().describe("Maximum duration of the build; null for the default."),
  memory_bytes: COUNT.nullable().describe("Maximum memory; null for the default."),
  disk_bytes: COUNT.nullable().describe("Maximum disk space; null for the default."),
}).describe("How the package is built.");

export type BuildSettingsReport = z.infer<typeof BUILD_SETTINGS>;

const REPOSITORY_LINES = z.object({
  name: z.string().describe("The name of its section in pacman.conf."),
  servers: z.array(z.string()).min(1).describe(
    "URLs for its Server lines, in which pacman fills in $repo and $arch.",
  ),
});

const JOB = z.object({
  id: z.string().describe("Identifies the lease; secret."),
  build: COUNT.describe("The number of the build."),
  attempt: COUNT.describe("Number of attempts, including this one."),
  package_base: z.string().describe("The package base."),
  package_names: z.array(z.string()).describe("The packages that it may produce."),
  version: z.string().describe("The approved version, epoch:pkgver-pkgrel."),
  pkgrel: z.string().nullable().describe(
    "For a rebuild: the value to set pkgrel to first; null to leave it.",
  ),
  pkgver: z.string().nullable().describe(
    "For a rebuild: the value to set pkgver to, so that makepkg keeps the pkgrel; null to leave it.",
  ),
  is_vcs: z.boolean().describe("Whether pkgver() may give another version than the approved one."),
  architecture: ARCHITECTURE.describe("The architecture to build for."),
  tree_hash: SHA256.describe("The approved tree, as the daemon names it."),
  source_date_epoch: COUNT.describe("SOURCE_DATE_EPOCH, in seconds."),
  packager: z.string().describe("PACKAGER of makepkg.conf; the product must name it."),
  reproduce: z.boolean().describe("Whether to build twice and report the differences."),
  settings: BUILD_SETTINGS,
  repository: REPOSITORY_LINES.extend({
    fingerprint: z.string().nullable().describe(
      "The key that signs it; null if it is not signed.",
    ),
    public_keys: z.string().nullable().describe("The keys to trust, armored; null for none."),
  }).describe("The repository of published packages, which the build may need."),
  mirrored: z.array(REPOSITORY_LINES.describe("A mirrored repository."))
    .describe("The repositories of the distribution, in the order of pacman.conf."),
  lease_ms: COUNT.describe("The lease ends this long after the latest heartbeat."),
  limits: z.object({
    timeout_ms: COUNT.describe("How long all steps together may take."),
    log_bytes: COUNT.describe("How much of the log is kept."),
    disk_bytes: COUNT.describe("How much disk space it may use."),
    memory_bytes: COUNT.describe("How much memory it may use."),
    processes: COUNT.describe("How many processes and threads it may have."),
  }).describe("What the build may use."),
}).describe("A job, leased to the builder that asked.");

export type Job = z.infer<typeof JOB>;

const LEASE_ENDED = "The lease has ended: stop, and drop the job";
const FAILURES = { 404: "This builder has no such job", 409: LEASE_ENDED };

/** Endpoints that say something about a job. Nothing of it is news for the audit log. */
const ABOUT_JOB = {
  right: "builder",
  isChange: false,
  isLong: true,
  pathParameters: { job },
  failures: FAILURES,
} as const;

export const LEASE_JOB = endpoint({
  method: "POST",
  path: "/api/v1/builder/lease",
  summary: "Lease a job",
  right: "builder",
  isChange: false,
  isLong: true,
  maxBodyBytes: MAX_BODY_BYTES,
  body: z.strictObject({
    architectures: z.array(ARCHITECTURE).min(1).max(16).describe(
      "The architectures that the builder can build for.",
    ),
    version: z.string().max(100).describe("The builder's version."),
    wait_ms: COUNT.max(MAX_WAIT_MS).default(0).describe("How long to wait for a job."),
  }),
  answers: { 200: JOB, 204: empty("No job was available in this time.") },
});

export const FETCH_TREE = endpoint({
  ...ABOUT_JOB,
  method: "GET",
  path: "/api/v1/builder/jobs/{job}/tree",
  summary: "Fetch the files of a job",
  answers: { 200: file("application/x-tar", "The approved files, as a tar.") },
});

export const SEND_HEARTBEAT = endpoint({
  ...ABOUT_JOB,
  method: "POST",
  path: "/api/v1/builder/jobs/{job}/heartbeat",
  summary: "Keep the lease of a job",
  body: z.strictObject({
    step: z.enum(BUILD_STEPS).describe("What the builder is doing."),
  }),
  answers: {
    200: z.object({
      cancelled: z.boolean().describe("Whether to stop at once and report a cancelled job."),
    }).describe("The lease was extended."),
  },
});

export const APPEND_LOG = endpoint({
  ...ABOUT_JOB,
  method: "POST",
  path: "/api/v1/builder/jobs/{job}/log",
  summary: "Append to the log of a job",
  query: {
    offset: z.string().regex(/^(?:0|[1-9]\d{0,14})$/, "must be a whole number from 0 on")
      .transform(Number).describe("Offset of these bytes in the log."),
  },
  body: bytes(`The bytes, at most ${MAX_LOG_PART_BYTES}. What is there already is left out.`),
  answers: {
    200: z.object({
      next_offset: COUNT.describe("Length of the log: continue there, even if more was sent."),
      full: z.boolean().describe("Whether the log is full, so that further bytes are dropped."),
    }).describe("How far the log goes."),
  },
});

export const SEND_METADATA = endpoint({
  ...ABOUT_JOB,
  method: "POST",
  path: "/api/v1/builder/jobs/{job}/metadata",
  summary: "Compare the metadata of a job",
  maxBodyBytes: MAX_METADATA_BYTES,
  body: z.strictObject({
    srcinfo: z.string().describe("What makepkg --printsrcinfo printed in the sandbox."),
  }),
  answers: {
    200: z.object({
      proceed: z.boolean().describe("Whether to go on; else the job has ended."),
      differences: z.array(z.string()).describe("What differs from what was approved, in words."),
    }).describe("Whether it is what was approved."),
  },
});

export const UPLOAD_PRODUCT = endpoint({
  ...ABOUT_JOB,
  method: "PUT",
  path: "/api/v1/builder/jobs/{job}/packages/{file}",
  summary: "Upload a package of a job",
  pathParameters: { job, file: z.string().max(255).describe("File name, as makepkg writes it.") },
  query: { sha256: SHA256.describe("The file's SHA-256.") },
  body: bytes("The package."),
  answers: {
    200: z.object({
      name: z.string().describe("The package's name."),
      version: z.string().describe("Its version."),
      bytes: COUNT.describe("Its size in bytes."),
    }).describe("The package is what its name and its SHA-256 say; nothing is published yet."),
  },
});

export const REPORT_RESULT = endpoint({
  ...ABOUT_JOB,
  method: "POST",
  path: "/api/v1/builder/jobs/{job}/result",
  summary: "Report the result of a job",
  maxBodyBytes: MAX_BODY_BYTES,
  body: z.discriminatedUnion("outcome", [
    z.strictObject({
      outcome: z.literal("built"),
      packages: z.array(z.strictObject({ file: z.string(), sha256: SHA256 })).min(1).max(500)
        .describe("Everything that was uploaded."),
      differences: z.array(z.strictObject({
        file: z.string().max(255).describe("File name of a package."),
        path: z.string().max(200).nullable().describe("A file in it; null for all of it."),
      })).max(MAX_DIFFERENCES).default([]).describe(
        "Differences between two builds of the same files, if there were two.",
      ),
      duration_ms: COUNT.describe("How long it took."),
    }),
    z.strictObject({
      outcome: z.literal("failed"),
      failure: z.enum(REPORTED_FAILURES).describe("Why."),
      step: z.enum(BUILD_STEPS).describe("In which step."),
      reason: z.string().max(2000).describe("Why, in a sentence."),
      duration_ms: COUNT.describe("How long it took."),
    }),
    z.strictObject({
      outcome: z.literal("cancelled"),
      duration_ms: COUNT.describe("How long it took."),
    }),
  ]).describe("How it ended."),
  answers: {
    200: z.object({
      state: z.enum([
        "published",
        "held",
        "failed",
        "waiting",
        "cancelled",
        "uploading",
        "incomplete",
      ]).describe(
        "State of the build: uploading if it cannot be published yet, incomplete if " +
          "packages are missing.",
      ),
      missing: z.array(z.string()).describe(
        "Files to upload again before reporting the result, such as after the daemon's restart.",
      ),
      reason: z.string().nullable().describe("Why it is held or failed; null if it is not."),
    }).describe("The job has ended, unless it is incomplete."),
  },
});
