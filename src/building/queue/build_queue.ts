import { type Clock, SYSTEM_CLOCK } from "../../async/clock.ts";
import { PkgstashError } from "../../errors.ts";
import { parseSrcinfo } from "../../formats/pacman/srcinfo.ts";
import type { Publishing } from "../../publishing/publishing.ts";
import type { SourceTree } from "../source_tree.ts";
import { followsSource } from "./approved_metadata.ts";
import { closeAttempt } from "./attempts.ts";
import {
  type Approval,
  type Build,
  type BuildRequest,
  type BuildState,
  hasEnded,
  titleOf,
} from "./build.ts";
import { BuildLogs } from "./build_logs.ts";
import type { LogPart } from "./build_log.ts";
import { type BuildListener, Builds } from "./builds.ts";
import { BuildStore } from "./build_store.ts";
import {
  checkRequest,
  doesTheSame,
  isOfSamePackage,
  isSuperseded,
  newBuild,
  raisedPkgrel,
} from "./enqueueing.ts";
import { Jobs } from "./jobs.ts";
import { Leases } from "./leases.ts";
import { Products } from "./products.ts";
import { Publication, versionToBuild } from "./publication.ts";
import { PublishedBuilds } from "./published_builds.ts";
import { QueueLayout } from "./queue_layout.ts";
import { obstacleOf } from "./schedule.ts";

/** What builds may use, and who signs for them: the table `[builds]` of the configuration. */
export interface QueueSettings {
  readonly timeoutMs: number;
  readonly leaseMs: number;
  readonly logBytes: number;
  readonly diskBytes: number;
  readonly memoryBytes: number;
  readonly processes: number;
  readonly packager: string;
  /** Ended builds of one package that are kept. */
  readonly keepBuilds: number;
}

/** What the queue needs of own repositories. */
export type QueuePublishing = Pick<
  Publishing,
  "publishFiles" | "namesakesOf" | "receive" | "repositoryToChange"
>;

export interface BuildQueueOptions {
  /** Its directory on disk; see `queue_layout.ts`. */
  readonly directory: string;
  /** Those in force. */
  readonly settings: () => QueueSettings;
  readonly publishing: QueuePublishing;
  /** The files of an accepted tree; null if they are not kept. */
  readonly readTree: (hash: string) => Promise<SourceTree | null>;
  readonly listener?: BuildListener;
  readonly clock?: Clock;
}

/** What may be done to a build, and who does it. */
type Doer = Pick<Approval, "by" | "reason">;

const MOST_BUILDS = 2000;

/**
 * The builds: what is to be built, what builders have, and what became of it. The door of this room,
 * which makes the others and connects them. A build takes this way:
 *
 * 1. `enqueue` makes it of an accepted tree; `schedule` says when it may start.
 * 2. `leases` gives it to a builder, and takes it back from one that is silent.
 * 3. `jobs` takes what the builder says: its log, its printed metadata, its packages, its result.
 * 4. `publication` looks at the product, and publishes it or holds it for a person.
 */
export class BuildQueue {
  readonly leases: Leases;
  readonly jobs: Jobs;
  readonly #builds: Builds;
  readonly #logs: BuildLogs;
  readonly #published: PublishedBuilds;
  readonly #publication: Publication;
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
    const treeOf = (build: Build) => options.readTree(build.treeHash);
    this.leases = new Leases({
      ...{ builds, clock },
      leaseMs: () => settings().leaseMs,
      timeoutOf: (build) => build.settings.timeoutMs ?? settings().timeoutMs,
      isPublished: (...what) => published.has(...what),
    });
    this.#publication = new Publication({
      ...{ builds, products, published, publishing, treeOf, clock },
      packager: () => settings().packager,
    });
    this.jobs = new Jobs({
      ...{ builds, leases: this.leases, logs: this.#logs, products, treeOf, clock },
      publication: this.#publication,
      diskBytesOf: (build) => build.settings.diskBytes ?? settings().diskBytes,
    });
  }

  /** Finds the builds of an earlier run, and goes on with them. */
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

  /** All builds that are kept, the latest first. */
  all(): Build[] {
    return this.#builds.all().reverse();
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
      `Cannot find a build of ${numberOrName}: nothing of this name was queued. ` +
        "See pkgstash builds.",
    );
  }

  /** Why a waiting build does not start, in words; null for any other, or if a builder may have it. */
  obstacleOf(build: Build): string | null {
    if (build.state !== "waiting") return null;
    return obstacleOf(build, {
      builds: this.#builds.all(),
      isPublished: (...what) => this.#published.has(...what),
      now: this.#options.clock.now(),
    });
  }

  /** The version that it makes, unless pkgver() gives another one. */
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

  /** Hashes of the trees that builds still need, or may be built of again. */
  async treesInUse(): Promise<Set<string>> {
    const published = await this.#published.all();
    return new Set([
      ...this.#builds.all().map(({ treeHash }) => treeHash),
      ...published.map(({ request }) => request.treeHash),
    ]);
  }

  /**
   * Queues a build for each architecture. One that waits for the same is returned instead of a second
   * one; older ones of the package that no builder has are cancelled.
   *
   * @throws PkgstashError `invalid_request`, or `not_found` if there is no such repository or tree.
   */
  async enqueue(
    request: BuildRequest,
    { pkgrel = null }: { pkgrel?: string | null } = {},
  ): Promise<Build[]> {
    checkRequest(request);
    await this.#options.publishing.repositoryToChange(request.repository);
    const isVcs = await this.#isVcs(request);
    const queued: Build[] = [];
    for (const architecture of new Set(request.architectures)) {
      const same = this.#builds.all().find((build) =>
        doesTheSame(build, request, { architecture, pkgrel })
      );
      queued.push(
        same ?? await this.#builds.add((number) =>
          newBuild(request, {
            ...{ number, architecture, pkgrel, isVcs },
            now: this.#options.clock.now(),
          })
        ),
      );
    }
    for (const build of queued) await this.#supersede(build);
    return queued;
  }

  /**
   * Builds what is published again, with its pkgrel raised by 0.1, as when a library has changed.
   *
   * @throws PkgstashError `not_found` if nothing of this name was published by a build.
   */
  async rebuild(name: string, reason: string): Promise<Build[]> {
    const latest = await this.#published.ofPackage(name);
    if (latest.length === 0) {
      throw new PkgstashError(
        "not_found",
        `Cannot rebuild ${name}: no build of it was published. See pkgstash builds.`,
      );
    }
    const queued: Build[] = [];
    for (const { request, architecture, products } of latest) {
      const version = products[0]?.version ?? request.version;
      const again = { ...request, architectures: [architecture], reason };
      queued.push(...await this.enqueue(again, { pkgrel: raisedPkgrel(version) }));
    }
    return queued;
  }

  /**
   * Cancels a build; its builder hears of it at its next heartbeat.
   *
   * @throws PkgstashError `conflict` if it has ended or is being published.
   */
  async cancel(number: number, doer: Doer): Promise<Build> {
    return await this.#builds.change(number, (build) => {
      if (hasEnded(build)) throw conflict("cancel", build, `it was ${build.state} already`);
      if (build.state === "uploading" && build.isComplete) {
        throw conflict("cancel", build, "it is being published");
      }
      return cancelled(build, { ...doer, at: this.#options.clock.now() });
    });
  }

  /**
   * Lets a build that did not end well be built again.
   *
   * @throws PkgstashError `conflict` if it is not one, or if a newer build of the package is there.
   */
  async retry(number: number): Promise<Build> {
    return await this.#builds.change(number, (build) => {
      const isOver = build.state === "failed" || build.state === "cancelled" ||
        build.hold?.kind === "builders";
      if (!isOver) throw conflict("retry", build, `it is ${build.state}`);
      const newer = this.#builds.all().find((each) =>
        each.number > number && isOfSamePackage(each, build, build.architecture)
      );
      if (newer !== undefined) throw conflict("retry", build, `build ${newer.number} is newer`);
      return waitingAgain(build);
    });
  }

  /**
   * Lets a held build go on: its product is published, or its metadata are taken as they are.
   *
   * @throws PkgstashError `conflict` if it is not held.
   */
  async releaseHeld(number: number, by: string, reason: string): Promise<Build> {
    const at = this.#options.clock.now();
    const build = await this.#builds.change(number, (held) => {
      if (held.state !== "held" || held.hold === null) {
        throw conflict("approve", held, `it is ${held.state}, and not held`);
      }
      const released = { by, at, reason, metadata: held.hold.metadata };
      return held.hold.kind === "product"
        ? { ...held, state: "uploading", hold: null, released }
        : { ...waitingAgain(held), released };
    });
    return await this.#publication.settle(build.number);
  }

  /** Ends a held build, whose product nobody gets. */
  async refuseHeld(number: number, by: string, reason: string): Promise<Build> {
    const at = this.#options.clock.now();
    return await this.#builds.change(number, (held) => {
      if (held.state !== "held" || held.hold === null) {
        throw conflict("refuse", held, `it is ${held.state}, and not held`);
      }
      const failure = {
        class: REFUSED[held.hold.kind],
        reason: `refused by ${by}: ${reason}`,
        step: null,
      };
      return { ...held, state: "failed", endedAt: at, failure, ended: { by, at, reason } };
    });
  }

  /**
   * The log of an attempt, by default the last one. With `follow`, waits for the first one to begin,
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
    const attempt = number === null
      ? build.attempts.at(-1)
      : build.attempts.find((each) => each.number === number);
    if (attempt !== undefined) {
      return this.#logs.read(build, attempt, { offset: 0, follow, signal });
    }
    throw new PkgstashError(
      "not_found",
      `Cannot show the log of build ${build.number}: ` +
        (number === null ? "no builder has begun it." : `it had no attempt ${number}.`),
    );
  }

  /** Lets go of builders and readers that wait for something. */
  letGo(): void {
    this.#stop.abort();
    this.leases.letGo();
  }

  /** Stops; builds and leases are found by the next run. */
  async stop(): Promise<void> {
    this.letGo();
    await this.leases.stop();
    await this.#publication.stop();
    await this.#builds.settled();
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

  async #isVcs({ packageBase, treeHash }: BuildRequest): Promise<boolean> {
    const tree = await this.#options.readTree(treeHash);
    if (tree === null) {
      throw new PkgstashError(
        "not_found",
        `Cannot build ${packageBase}: its files are no longer kept. Accept the package again.`,
      );
    }
    const content = tree.get(".SRCINFO")?.content;
    if (content === null || content === undefined) return false;
    return followsSource(parseSrcinfo(new TextDecoder().decode(content)));
  }

  async #supersede(by: Build): Promise<void> {
    const at = this.#options.clock.now();
    for (const { number } of this.#builds.all().filter((each) => isSuperseded(each, by))) {
      const reason = `build ${by.number} takes its place`;
      await this.#builds.change(
        number,
        (build) =>
          isSuperseded(build, by) ? cancelled(build, { by: "pkgstash", at, reason }) : build,
      );
    }
  }
}

/** What a refused build failed of, by why it was held. */
const REFUSED = {
  product: "product_refused",
  metadata: "metadata_mismatch",
  builders: "lost_builder",
  patches: "source_missing",
} as const;

function cancelled(build: Build, ended: Approval): Build {
  return {
    ...closeAttempt(build, "cancelled", { now: ended.at }),
    ...{ state: "cancelled", endedAt: ended.at, ended, hold: null },
  };
}

function waitingAgain(build: Build): Build {
  const countsFrom = (build.attempts.at(-1)?.number ?? 0) + 1;
  return {
    ...build,
    ...{ state: "waiting", notBefore: 0, endedAt: null, countsFrom, step: null },
    ...{ isComplete: false, products: [], failure: null, hold: null, ended: null },
  };
}

function conflict(action: string, build: Build, why: string): PkgstashError {
  return new PkgstashError(
    "conflict",
    `Cannot ${action} build ${build.number}, ${titleOf(build)}: ${why}.`,
  );
}
