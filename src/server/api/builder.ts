import { concat } from "@std/bytes/concat";
import {
  APPEND_LOG,
  type BuildSettingsReport,
  FETCH_TREE,
  type Job,
  LEASE_JOB,
  MAX_LOG_PART_BYTES,
  REPORT_RESULT,
  SEND_HEARTBEAT,
  SEND_METADATA,
  UPLOAD_PRODUCT,
} from "../../api/builder.ts";
import type { Principal } from "../../administration/principal.ts";
import type { BuildSettings } from "../../building/build_settings.ts";
import type { Build } from "../../building/queue/build.ts";
import type { Leased } from "../../building/queue/leases.ts";
import type { Config } from "../../config/config.ts";
import { PkgstashError } from "../../errors.ts";
import type { Publishing } from "../../publishing/publishing.ts";
import { isSigned } from "../files/public_keys.ts";
import { handle, type Route, withStatus } from "./route.ts";

export const builderRoutes: readonly Route[] = [
  handle(
    LEASE_JOB,
    async ({ body, building: { builds }, config, publishing, principal, request, origin }) => {
      const { architectures, version, wait_ms: waitMs } = body;
      const { signal } = request;
      const builder = builderOf(principal);
      const asked = { builder, architectures, version, waitMs, signal };
      const leased = await builds.leases.lease(asked);
      if (leased === null) return withStatus(204, undefined);
      const architecture = architectureOf(leased.build, architectures, config);
      const job = { architecture, config, publishing, url: origin };
      return withStatus(200, await jobOf(leased, job));
    },
  ),
  handle(FETCH_TREE, async ({ path: { job }, building: { builds }, principal }) => {
    const tar = await builds.jobs.tar({ builder: builderOf(principal), job });
    return ReadableStream.from([tar]);
  }),
  handle(
    SEND_HEARTBEAT,
    async ({ path: { job }, body: { step }, building: { builds }, principal }) => ({
      cancelled: await builds.jobs.heartbeat({ builder: builderOf(principal), job }, step),
    }),
  ),
  handle(
    APPEND_LOG,
    async ({ path: { job }, query: { offset }, body, building: { builds }, principal }) => {
      const call = { builder: builderOf(principal), job };
      const bytes = await partOf(body);
      const { nextOffset, isFull } = await builds.jobs.appendLog(call, offset, bytes);
      return { next_offset: nextOffset, full: isFull };
    },
  ),
  handle(
    SEND_METADATA,
    async ({ path: { job }, body: { srcinfo }, building: { builds }, principal }) => {
      const call = { builder: builderOf(principal), job };
      const differences = await builds.jobs.compareMetadata(call, srcinfo);
      return { proceed: differences.length === 0, differences };
    },
  ),
  handle(
    UPLOAD_PRODUCT,
    async ({ path, query: { sha256 }, body, building: { builds }, principal }) => {
      const call = { builder: builderOf(principal), job: path.job };
      const { name, version, size } = await builds.jobs.putProduct(call, {
        ...{ fileName: path.file, sha256, body },
      });
      return { name, version, bytes: size };
    },
  ),
  handle(REPORT_RESULT, async ({ path: { job }, body, building: { builds }, principal }) => {
    const call = { builder: builderOf(principal), job };
    const ended = await builds.jobs.report(call, body);
    if ("missing" in ended) {
      return { state: "incomplete" as const, missing: ended.missing, reason: null };
    }
    return { state: stateOf(ended), missing: [], reason: reasonOf(ended) };
  }),
];

/** The builder that the token identifies; the administrator's own token may build too. */
export function builderOf(principal: Principal | null): string {
  return principal?.name ?? "anyone";
}

function stateOf({ state }: Build) {
  return state === "leased" ? "waiting" : state;
}

function reasonOf({ state, failure, hold }: Build): string | null {
  return state === "failed"
    ? failure?.reason ?? null
    : state === "held"
    ? hold?.reason ?? null
    : null;
}

/** Maximum length of one part of a log. */
async function partOf(body: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > MAX_LOG_PART_BYTES) {
      throw new PkgstashError(
        "invalid_request",
        `Cannot append to the log: more than ${MAX_LOG_PART_BYTES} bytes in one request. Send ` +
          "smaller parts.",
      );
    }
    chunks.push(chunk);
  }
  return concat(chunks);
}

/**
 * The architecture to build on: a package for `any` is built on one that the builder has and that
 * is mirrored here.
 */
function architectureOf(
  { architecture }: Build,
  offered: readonly string[],
  { upstreams }: Config,
): string {
  if (architecture !== "any") return architecture;
  const mirrored = upstreams.flatMap(({ architectures }) => architectures);
  return offered.find((each) => mirrored.includes(each)) ?? offered[0] ?? architecture;
}

async function jobOf(
  { build, attempt }: Leased,
  { architecture, config, publishing, url }: {
    architecture: string;
    config: Config;
    publishing: Publishing;
    url: string;
  },
): Promise<Job> {
  const { builds } = config;
  const { settings } = build;
  return {
    id: attempt.job,
    build: build.number,
    attempt: attempt.number,
    package_base: build.packageBase,
    package_names: [...build.packageNames],
    version: build.version,
    pkgrel: build.pkgrel,
    pkgver: build.pkgver,
    is_vcs: build.isVcs,
    architecture,
    tree_hash: build.treeHash,
    source_date_epoch: Math.floor(build.approved.at / 1000),
    packager: builds.packager,
    reproduce: settings.reproduce ?? builds.reproduce,
    settings: settingsReport(settings),
    repository: await repositoryLines(build, publishing, url),
    mirrored: mirroredLines(architecture, config, url),
    lease_ms: builds.leaseMs,
    limits: {
      timeout_ms: settings.timeoutMs ?? builds.timeoutMs,
      log_bytes: builds.logBytes,
      disk_bytes: settings.diskBytes ?? builds.diskBytes,
      memory_bytes: settings.memoryBytes ?? builds.memoryBytes,
      processes: builds.processes,
    },
  };
}

/** Without patches: the daemon has applied them. */
export function settingsReport(settings: BuildSettings): BuildSettingsReport {
  return {
    network: settings.network,
    check: settings.check,
    ccache: settings.ccache,
    // A job queued by an older release has none.
    sccache: settings.sccache ?? false,
    makepkg_conf: settings.makepkgConf,
    environment: { ...settings.environment },
    packages: [...settings.packages],
    timeout_ms: settings.timeoutMs,
    memory_bytes: settings.memoryBytes,
    disk_bytes: settings.diskBytes,
  };
}

async function repositoryLines(
  build: Build,
  publishing: Publishing,
  url: string,
): Promise<Job["repository"]> {
  const own = publishing.repository(build.repository);
  const keys = isSigned(own) ? await publishing.signing.publicKeys() : null;
  return {
    name: build.repository,
    servers: [`${url}/${own.settings.clientPath}`],
    fingerprint: keys?.fingerprint ?? null,
    public_keys: keys?.armored ?? null,
  };
}

/** The repositories of the first upstream with this architecture: no other one belongs to it. */
function mirroredLines(architecture: string, config: Config, url: string): Job["mirrored"] {
  const upstream = config.upstreams.find(({ architectures }) =>
    architectures.includes(architecture)
  );
  if (upstream === undefined) return [];
  const { repositories, clientPath } = upstream;
  return repositories.map((name) => ({ name, servers: [`${url}/${clientPath}`] }));
}
