import type { Attribution } from "../accepted_build.ts";
import { type Clock, SYSTEM_CLOCK } from "../../async/clock.ts";
import { PkgstashError } from "../../errors.ts";
import type { Publishing } from "../../publishing/publishing.ts";
import type { SourceTree } from "../source_tree.ts";
import {
  type Attempt,
  type Build,
  type BuildRequest,
  type BuildState,
  hasEnded,
  targetOf,
} from "./build.ts";
import { cancel, refuse, release, retry } from "./build_decisions.ts";
import { BuildLogs } from "./build_logs.ts";
import type { LogPart } from "./build_log.ts";
import type { LogLines } from "./log_lines.ts";
import { type BuildListener, Builds } from "./builds.ts";
import { BuildStore } from "./build_store.ts";
import { Intake, type IntakeOptions } from "./intake.ts";
import { Jobs } from "./jobs.ts";
import { Leases } from "./leases.ts";
import { patchedTree } from "../patched_tree.ts";
import { Products } from "./products.ts";
import { Publication, type Unsatisfied, versionToBuild } from "./publication.ts";
import { PublishedBuilds, type PublishedSummary } from "./published_builds.ts";
import { QueueLayout } from "./queue_layout.ts";
import { obstacleOf, unfitBuilders } from "./schedule.ts";

/** The limits of builds, and their packager: the table `[builds]` of the configuration. */
export interface QueueSettings {
  readonly timeoutMs: number;
  readonly leaseMs: number;
  readonly logBytes: number;
  readonly diskBytes: number;
  readonly memoryBytes: number;
  readonly processes: number;
  readonly packager: string;
  /** Number of ended builds to keep for each package. */
  readonly keepBuilds: number;
}

/** What the queue needs from own repositories. */
export type QueuePublishing = Pick<
  Publishing,
  "publishFiles" | "namesakesOf" | "receive" | "repositoryToChange"
>;

export interface BuildQueueOptions {
  /** Its directory on disk; see `queue_layout.ts`. */
  readonly directory: string;
  /** The current settings. */
  readonly settings: () => QueueSettings;
  readonly publishing: QueuePublishing;
  /** The files of an accepted tree; null if they are not kept. */
  readonly readTree: (hash: string) => Promise<SourceTree | null>;
  readonly unsatisfied: Unsatisfied;
  /** See `IntakeOptions.acceptedBuild`; by default, only published files can be rebuilt. */
  readonly acceptedBuild?: IntakeOptions["acceptedBuild"];
  readonly listener?: BuildListener;
  readonly clock?: Clock;
}

/** Number of builds in each state, and the builders. */
export interface BuildSummary {
  readonly waiting: number;
  /** Builds that a builder has or that are being published. */
  readonly running: number;
  readonly held: number;
  /** Packages whose latest build failed. */
  readonly failed: number;
  /** Builders that have been active recently. */
  readonly builders: number;
}

/** A builder asks at least once a minute. */
const BUILDER_AWAY_MS = 5 * 60_000;

/** Who acts on a build, and why. */
type Doer = Pick<Attribution, "by" | "reason">;

const MOST_BUILDS = 2000;

/**
 * The builds: waiting, running and ended ones. This is the door of the room, which creates and
 * connects the other parts. A build passes through them in this order:
 *
 * 1. `intake` creates it from an accepted tree; `schedule` says when it may start.
 * 2. `leases` gives it to a builder, and takes it back from one that is silent.
 * 3. `jobs` receives the builder's log, metadata, packages and result.
 * 4. `publication` checks the packages, and publishes them or holds the build.
 */
export class BuildQueue {
  readonly leases: Leases;
  readonly jobs: Jobs;
  readonly #builds: Builds;
  readonly #logs: BuildLogs;
  readonly #published: PublishedBuilds;
  readonly #publication: Publication;
  readonly #intake: Intake;
  readonly #stop = new AbortController();
  readonly #options: BuildQueueOptions & { readonly clock: Clock };

  private constructor(
    options: BuildQueueOptions & { readonly clock: Clock },
    { store, published, layout }: {
      store: BuildStore;
      published: PublishedBuilds;
      layout: QueueLayout;
    },
  ) {
    const { settings, clock, publishing } = options;
    this.#options = options;
    this.#published = published;
    this.#builds = new Builds({
      store,
      keep: () => ({ most: settings().keepBuilds, mostOfAll: MOST_BUILDS }),
    });
    if (options.listener !== undefined) this.#builds.listen(options.listener);
    const builds = this.#builds;
    const products = new Products(layout, publishing.receive);
    this.#logs = new BuildLogs(layout, () => settings().logBytes);
    builds.listen({ onAttemptEnded: (build, attempt) => this.#logs.finish(build, attempt) });
    const treeOf = async ({ treeHash, settings }: Build) => {
      const tree = await options.readTree(treeHash);
      return tree === null ? null : await patchedTree(tree, settings.patches);
    };
    this.leases = new Leases({
      ...{ builds, clock },
      leaseMs: () => settings().leaseMs,
      timeoutOf: (build) => build.settings.timeoutMs ?? settings().timeoutMs,
      isPublished: (...what) => published.has(...what),
    });
    this.#publication = new Publication({
      ...{ builds, products, published, publishing, treeOf, clock },
      packager: () => settings().packager,
      unsatisfied: options.unsatisfied,
    });
    this.#intake = new Intake({
      ...{ builds, published, clock, readTree: options.readTree },
      acceptedBuild: options.acceptedBuild ?? (() => Promise.resolve(null)),
      checkRepository: (name) => publishing.repositoryToChange(name),
    });
    this.jobs = new Jobs({
      ...{ builds, leases: this.leases, logs: this.#logs, products, treeOf, clock },
      publication: this.#publication,
      diskBytesOf: (build) => build.settings.diskBytes ?? settings().diskBytes,
    });
  }

  /** Loads the builds of earlier runs and continues them. */
  static async open(options: BuildQueueOptions): Promise<BuildQueue> {
    const layout = new QueueLayout(options.directory);
    const queue = new BuildQueue({ clock: SYSTEM_CLOCK, ...options }, {
      layout,
      store: await BuildStore.open(layout),
      published: await PublishedBuilds.open(layout),
    });
    queue.#publication.resume();
    return queue;
  }

  /** Further listeners; see `BuildListener`. */
  listen(listener: BuildListener): void {
    this.#builds.listen(listener);
  }

  /** All stored builds, the latest first. */
  all(): Build[] {
    return this.#builds.all().reverse();
  }

  /** All stored builds of a package base, the latest first. */
  of(packageBase: string): Build[] {
    return this.#builds.of(packageBase).reverse();
  }

  /**
   * The build of a number, or the latest one of a package base or package.
   *
   * @throws PkgstashError `not_found`
   */
  find(numberOrName: string): Build {
    if (/^\d{1,15}$/.test(numberOrName)) return this.#builds.find(Number(numberOrName));
    const found = this.all().find(({ packageBase, packageNames }) =>
      packageBase === numberOrName || packageNames.includes(numberOrName)
    );
    if (found !== undefined) return found;
    throw new PkgstashError(
      "not_found",
      `Cannot find a build of ${numberOrName}: no such build or package was queued. ` +
        "See pkgstash builds.",
    );
  }

  /** Why a waiting build does not start; null if it may, and for all other builds. */
  obstacleOf(build: Build): string | null {
    if (build.state !== "waiting") return null;
    return obstacleOf(build, {
      builds: this.#builds.all(),
      isPublished: (...what) => this.#published.has(...what),
      now: this.#options.clock.now(),
    }) ?? unfitBuilders(build);
  }

  /** The version that it builds, unless pkgver() returns another one. */
  versionOf(build: Build): string {
    return versionToBuild(build);
  }

  /** How many builds are in each state. */
  counts(): Record<BuildState, number> {
    const counts: Record<BuildState, number> = {
      ...{ waiting: 0, leased: 0, uploading: 0, held: 0, published: 0, failed: 0, cancelled: 0 },
    };
    for (const { state } of this.#builds.all()) counts[state]++;
    return counts;
  }

  /** How many builds are in each state, and the builders. */
  summary(): BuildSummary {
    const { waiting, leased, uploading, held } = this.counts();
    const latest = new Map<string, Build>();
    for (const build of this.#builds.all()) {
      latest.set(targetOf(build), build);
    }
    const lately = this.#options.clock.now() - BUILDER_AWAY_MS;
    return {
      ...{ waiting, held, running: leased + uploading },
      failed: [...latest.values()].filter(({ state }) => state === "failed").length,
      builders: this.leases.builders.filter(({ seenAt }) => seenAt > lately).length,
    };
  }

  /** The last publication of each package base and architecture. */
  get published(): PublishedSummary[] {
    return this.#published.summaries;
  }

  /** Hashes of the trees that builds or rebuilds may still need. */
  treesInUse(): string[] {
    return [...this.#builds.all(), ...this.published].map(({ treeHash }) => treeHash);
  }

  /** Queues an accepted tree; see `Intake.enqueue`. */
  enqueue(request: BuildRequest): Promise<Build[]> {
    return this.#intake.enqueue(request);
  }

  /** Rebuilds published packages; see `Intake.rebuild`. */
  rebuild(name: string, reason: string): Promise<Build[]> {
    return this.#intake.rebuild(name, reason);
  }

  /** Rebuilds a publication whose dependencies have disappeared; see `Intake.repair`. */
  repair(...[published, cause]: Parameters<Intake["repair"]>): Promise<Build[]> {
    return this.#intake.repair(published, cause);
  }

  /** Cancels a build; its builder learns of it at the next heartbeat. See `build_decisions.ts`. */
  async cancel(number: number, doer: Doer): Promise<Build> {
    return await this.#builds.change(number, (build) => cancel(build, this.#now(doer)));
  }

  /** Retries a build that did not succeed. */
  async retry(number: number): Promise<Build> {
    return await this.#builds.change(number, (build) => retry(build, this.#builds.all()));
  }

  /** Releases a held build: its packages are published, or its metadata are accepted. */
  async releaseHeld(number: number, by: string, reason: string): Promise<Build> {
    const build = await this.#builds.change(
      number,
      (held) => release(held, this.#now({ by, reason })),
    );
    return await this.#publication.settle(build.number);
  }

  /** Refuses a held build: its packages are not published. */
  async refuseHeld(number: number, by: string, reason: string): Promise<Build> {
    return await this.#builds.change(number, (held) => refuse(held, this.#now({ by, reason })));
  }

  /**
   * The log of an attempt, by default the last one. With `follow`, waits for the first attempt to begin
   * and for the attempt to end.
   *
   * @throws PkgstashError `not_found` if there was no such attempt.
   */
  readLog(
    build: Build,
    { attempt: number, follow, signal }: {
      attempt: number | null;
      follow: boolean;
      signal: AbortSignal;
    },
  ): AsyncGenerator<LogPart> {
    signal = AbortSignal.any([signal, this.#stop.signal]);
    const isToCome = follow && number === null && build.attempts.length === 0 && !hasEnded(build);
    if (isToCome) return this.#logToCome(build.number, signal);
    return this.#logs.read(build, attemptOf(build, number), { offset: 0, follow, signal });
  }

  /**
   * The lines of the log of an attempt, by default the last one, and that attempt.
   *
   * @throws PkgstashError `not_found` if there was no such attempt.
   */
  async logLines(
    build: Build,
    number: number | null,
  ): Promise<{ attempt: Attempt; lines: LogLines | null }> {
    const attempt = attemptOf(build, number);
    return { attempt, lines: await this.#logs.linesOf(build, attempt) };
  }

  /** Ends the requests of waiting builders and readers. */
  letGo(): void {
    this.#stop.abort();
    this.leases.letGo();
  }

  /** Stops; the next run continues builds and leases. */
  async stop(): Promise<void> {
    this.letGo();
    await this.leases.stop();
    await this.#publication.stop();
    await this.#builds.settled();
    await this.#logs.stop();
  }

  #now(doer: Doer): Attribution {
    return { ...doer, at: this.#options.clock.now() };
  }

  async *#logToCome(number: number, signal: AbortSignal): AsyncGenerator<LogPart> {
    const left = new Promise<void>((resolve) =>
      signal.addEventListener("abort", () => resolve(), { once: true })
    );
    while (!signal.aborted) {
      const change = this.#builds.nextChange;
      const build = this.#builds.find(number);
      const attempt = build.attempts.at(-1);
      if (attempt !== undefined) {
        return yield* this.#logs.read(build, attempt, { offset: 0, follow: true, signal });
      }
      if (hasEnded(build)) return;
      await Promise.race([change, left]);
    }
  }
}

/** An attempt by its number, or the last one. */
function attemptOf({ number: build, attempts }: Build, number: number | null): Attempt {
  const attempt = number === null
    ? attempts.at(-1)
    : attempts.find((each) => each.number === number);
  if (attempt !== undefined) return attempt;
  throw new PkgstashError(
    "not_found",
    `Cannot show the log of build ${build}: ` +
      (number === null ? "no builder has started it." : `it has no attempt ${number}.`),
  );
}
