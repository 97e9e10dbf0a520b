import type { Principal } from "../../administration/principal.ts";
import {
  APPROVE_BUILD,
  type BuildDetails,
  type BuildReport,
  CANCEL_BUILD,
  LIST_BUILDERS,
  LIST_BUILDS,
  READ_BUILD_LOG,
  READ_LOG_LINES,
  REBUILD_PACKAGE,
  REFUSE_BUILD,
  RETRY_BUILD,
  SEARCH_LOG,
  SHOW_BUILD,
} from "../../api/builds.ts";
import type { Attempt, Build, BuildFailure, Hold } from "../../building/queue/build.ts";
import type { LogPart } from "../../building/queue/build_log.ts";
import type { BuildQueue } from "../../building/queue/build_queue.ts";
import { searchFor, searchForErrors } from "../../building/queue/log_search.ts";
import { packageSettingsReport } from "./build_settings.ts";
import { attributionReport } from "./attribution.ts";
import { timestamp } from "./timestamp.ts";
import { handle, type Route } from "./route.ts";

export const buildRoutes: readonly Route[] = [
  handle(
    LIST_BUILDS,
    ({ query: { state, package: name, limit, before }, building: { builds } }) => ({
      builds: builds.all().filter((build) =>
        build.number < before && (state === undefined || build.state === state) &&
        (name === undefined || isNamed(build, name))
      ).slice(0, limit).map((build) => buildReport(build, builds)),
    }),
  ),
  handle(REBUILD_PACKAGE, async ({ body, building: { builds }, note }) => {
    const reason = body.reason === "" ? "requested by a person" : body.reason;
    const queued = await builds.rebuild(body.package, reason);
    note({ builds: queued.map(({ number }) => number) });
    return { builds: queued.map((build) => buildReport(build, builds)) };
  }),
  handle(
    SHOW_BUILD,
    ({ path, building: { builds } }) => detailsOf(builds.find(path.build), builds),
  ),
  handle(READ_BUILD_LOG, ({ path, query, building: { builds }, request }) => {
    const parts = builds.readLog(builds.find(path.build), {
      attempt: query.attempt === 0 ? null : query.attempt,
      follow: query.follow === "true",
      signal: request.signal,
    });
    return ReadableStream.from(texts(parts));
  }),
  handle(READ_LOG_LINES, async ({ path, query, building: { builds } }) => {
    const build = builds.find(path.build);
    const { attempt, lines } = await builds.logLines(build, query.attempt || null);
    const total = lines?.count ?? 0;
    const from = query.from || Math.max(1, total - query.limit + 1);
    return {
      attempt: attempt.number,
      total,
      has_ended: attempt.endedAt !== null,
      from,
      lines: (await lines?.read(from, query.limit) ?? []).map(({ text }) => text),
    };
  }),
  handle(
    SEARCH_LOG,
    async ({ path, query: { attempt, q, after, limit }, building: { builds } }) => {
      const { lines } = await builds.logLines(builds.find(path.build), attempt || null);
      const matches = q === undefined ? searchForErrors : searchFor(q);
      const found = await lines?.search(matches, { after, limit: limit + 1 }) ?? [];
      return {
        matches: found.slice(0, limit).map(({ number, text }) => ({ line: number, text })),
        is_complete: found.length <= limit,
      };
    },
  ),
  handle(
    CANCEL_BUILD,
    async ({ path, body: { reason }, building: { builds }, principal, note }) => {
      const { number } = builds.find(path.build);
      note({ build: number, reason });
      return buildReport(await builds.cancel(number, { by: nameOf(principal), reason }), builds);
    },
  ),
  handle(RETRY_BUILD, async ({ path, body: { reason }, building: { builds }, note }) => {
    const { number } = builds.find(path.build);
    note({ build: number, reason });
    return buildReport(await builds.retry(number), builds);
  }),
  handle(
    APPROVE_BUILD,
    async ({ path, body: { reason }, building: { builds }, principal, note }) => {
      const { number } = builds.find(path.build);
      note({ build: number, reason });
      return buildReport(await builds.releaseHeld(number, nameOf(principal), reason), builds);
    },
  ),
  handle(
    REFUSE_BUILD,
    async ({ path, body: { reason }, building: { builds }, principal, note }) => {
      const { number } = builds.find(path.build);
      note({ build: number, reason });
      return buildReport(await builds.refuseHeld(number, nameOf(principal), reason), builds);
    },
  ),
  handle(LIST_BUILDERS, ({ building: { builds } }) => ({
    builders: builds.leases.builders.map(({ name, version, architectures, seenAt }) => ({
      ...{ name, version, architectures: [...architectures], seen_at: timestamp(seenAt) },
      building: builds.all().filter(({ attempts }) => {
        const last = attempts.at(-1);
        return last?.builder === name && last.endedAt === null;
      }).map(({ number }) => number),
    })),
  })),
];

/** Parts of a log as text: a character may be split between two parts. */
async function* texts(parts: AsyncIterable<LogPart>) {
  const decoder = new TextDecoder();
  for await (const { offset, bytes } of parts) {
    yield { offset, text: decoder.decode(bytes, { stream: true }) };
  }
}

function isNamed({ packageBase, packageNames }: Build, name: string): boolean {
  return packageBase === name || packageNames.includes(name);
}

/** A build as it appears in lists. */
export function buildReport(build: Build, builds: BuildQueue): BuildReport {
  const { number, architecture, repository, state, reason, step, failure, hold } = build;
  return {
    ...{ number, architecture, repository, state, reason, step },
    package_base: build.packageBase,
    package_names: [...build.packageNames],
    version: builds.versionOf(build),
    tree_hash: build.treeHash,
    waits_for: builds.obstacleOf(build),
    created_at: timestamp(build.createdAt),
    ended_at: orNull(build.endedAt, timestamp),
    builder: build.attempts.at(-1)?.builder ?? null,
    failure: orNull(failure, failureReport),
    hold: orNull(hold, holdReport),
  };
}

function detailsOf(build: Build, builds: BuildQueue): BuildDetails {
  const { needs, settings, approved, released, ended, attempts, products } = build;
  return {
    ...buildReport(build, builds),
    needs: [...needs],
    settings: packageSettingsReport(settings),
    approved: attributionReport(approved),
    released: orNull(released, attributionReport),
    ended_by: orNull(ended, attributionReport),
    attempts: attempts.map(attemptReport),
    products: products.map(({ fileName, name, version, size, sha256 }) => ({
      ...{ file: fileName, name, version, bytes: size, sha256 },
    })),
  };
}

function attemptReport(
  { number, builder, startedAt, endedAt, outcome, failure }: Attempt,
): BuildDetails["attempts"][number] {
  return {
    ...{ number, builder, outcome },
    started_at: timestamp(startedAt),
    ended_at: orNull(endedAt, timestamp),
    failure: orNull(failure, failureReport),
  };
}

function failureReport({ class: kind, reason, step }: BuildFailure) {
  return { class: kind, reason, step };
}

function holdReport({ kind, reason, facts }: Hold) {
  return {
    ...{ kind, reason },
    facts: facts.map(({ packageName, ...fact }) => ({ ...fact, package: packageName })),
  };
}

function orNull<T, R>(value: T | null, report: (value: T) => R): R | null {
  return value === null ? null : report(value);
}

function nameOf(principal: Principal | null): string {
  return principal?.name ?? "anyone";
}
