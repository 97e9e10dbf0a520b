import { randomBytes } from "node:crypto";
import type { Clock } from "../../async/clock.ts";
import { PkgstashError, reasonOf } from "../../errors.ts";
import { eventLogger } from "../../platform/observability/logging.ts";
import { begin, endAttempt, runningAttempt } from "./attempts.ts";
import type { Attempt, Build, BuildStep } from "./build.ts";
import type { Builds } from "./builds.ts";
import { type IsPublished, nextBuild } from "./schedule.ts";

const log = eventLogger("builds");

const JOB_BYTES = 16;
/** Extra time beyond the limit of a build, after which its lease ends in spite of heartbeats. */
const GRACE_MS = 10 * 60_000;
/** Limit of a timer; the clock may also jump. */
const MOST_SLEEP_MS = 60_000;

/** A builder that has connected since the daemon started. */
export interface SeenBuilder {
  /** The name of its token. */
  readonly name: string;
  readonly version: string;
  readonly architectures: readonly string[];
  /** In milliseconds since the epoch. */
  readonly seenAt: number;
}

/** A build and its running attempt. */
export interface Leased {
  readonly build: Build;
  readonly attempt: Attempt;
}

/** When a lease ends, by the monotonic clock. */
interface Deadlines {
  readonly build: number;
  /** Without a heartbeat. */
  lapsesAt: number;
  /** In spite of heartbeats. */
  readonly timesOutAt: number;
}

export interface LeasesOptions {
  readonly builds: Builds;
  readonly clock: Clock;
  readonly leaseMs: () => number;
  /** Maximum duration of a build. */
  readonly timeoutOf: (build: Build) => number;
  readonly isPublished: IsPublished;
}

/**
 * Leases builds to builders. A job is one attempt of a build, under a random ID that only its builder
 * knows; its lease ends if the builder is silent for too long. Leases survive a restart of the daemon
 * and start their full time anew.
 */
export class Leases {
  readonly #options: LeasesOptions;
  readonly #deadlines = new Map<string, Deadlines>();
  readonly #seen = new Map<string, SeenBuilder>();
  readonly #stop = new AbortController();
  readonly #watching: Promise<void>;
  /** Number of builders that wait for a job. */
  #waiting = 0;

  constructor(options: LeasesOptions) {
    this.#options = options;
    for (const build of options.builds.all()) {
      const attempt = runningAttempt(build);
      if (attempt !== null) this.#start(build, attempt);
    }
    options.builds.listen({
      onAttemptEnded: (_, { job }) => void this.#deadlines.delete(job),
    });
    this.#watching = this.#watch();
  }

  /** The builders that have connected, by name. */
  get builders(): SeenBuilder[] {
    return [...this.#seen.values()].sort((one, other) => one.name < other.name ? -1 : 1);
  }

  /** Leases the next job to a builder; null if there is none within `waitMs`. */
  async lease(
    { builder, architectures, version, waitMs, signal }: {
      builder: string;
      architectures: readonly string[];
      version: string;
      waitMs: number;
      signal: AbortSignal;
    },
  ): Promise<Leased | null> {
    const { clock } = this.#options;
    const end = clock.monotonic() + waitMs;
    this.#waiting++;
    try {
      return await this.#leaseUntil(end, { builder, architectures, version, signal });
    } finally {
      this.#waiting--;
    }
  }

  /** Whether no builder waits for a job. */
  get hasNobodyWaiting(): boolean {
    return this.#waiting === 0;
  }

  async #leaseUntil(
    end: number,
    { builder, architectures, version, signal }: {
      builder: string;
      architectures: readonly string[];
      version: string;
      signal: AbortSignal;
    },
  ): Promise<Leased | null> {
    const { builds, clock } = this.#options;
    while (!signal.aborted && !this.#stop.signal.aborted) {
      this.#see({ name: builder, version, architectures });
      await this.#endLapsed();
      const change = builds.nextChange;
      const leased = await builds.inTurn(() => this.#take(builder, architectures));
      if (leased !== null && !signal.aborted) return leased;
      if (leased !== null) return await this.#takeBack(leased);
      const left = end - clock.monotonic();
      if (left <= 0) return null;
      await this.#pause(Math.min(left, this.#untilDue()), change, signal);
    }
    return null;
  }

  /** Renews the lease of a job. Returns whether its build was cancelled. */
  async heartbeat(builder: string, job: string, step: BuildStep): Promise<boolean> {
    if (this.#known(builder, job).attempt.outcome === "cancelled") return true;
    const { build } = await this.require(builder, job);
    if (build.step === step) return false;
    await this.#options.builds.change(
      build.number,
      (now) => runningAttempt(now)?.job === job ? { ...now, step } : now,
    );
    return false;
  }

  /**
   * The build of a job; the call renews its lease like a heartbeat.
   *
   * @throws PkgstashError `not_found` if this builder has no such job, `conflict` if its lease has
   * ended.
   */
  async require(builder: string, job: string): Promise<Leased> {
    await this.#endLapsed();
    const { build, attempt } = this.#known(builder, job);
    const deadlines = this.#deadlines.get(job);
    if (runningAttempt(build)?.job !== job || deadlines === undefined) {
      throw new PkgstashError(
        "conflict",
        `Cannot continue this job of build ${build.number}: its lease has ended, because ${
          ENDINGS[attempt.outcome ?? "lost"]
        }. Drop it and ask for another one.`,
      );
    }
    const { clock, leaseMs } = this.#options;
    deadlines.lapsesAt = clock.monotonic() + leaseMs();
    const seen = this.#seen.get(builder);
    if (seen !== undefined) this.#seen.set(builder, { ...seen, seenAt: clock.now() });
    return { build, attempt };
  }

  /** Ends all waiting requests. Leases continue. */
  letGo(): void {
    this.#stop.abort();
  }

  async stop(): Promise<void> {
    this.letGo();
    await this.#watching;
  }

  #known(builder: string, job: string): Leased {
    for (const build of this.#options.builds.all()) {
      const attempt = build.attempts.find((each) => each.job === job);
      if (attempt?.builder === builder) return { build, attempt };
    }
    throw new PkgstashError(
      "not_found",
      "Cannot find this job: it belongs to another builder or has expired. Request another one.",
    );
  }

  async #take(builder: string, architectures: readonly string[]): Promise<Leased | null> {
    const { builds, clock, isPublished } = this.#options;
    const now = clock.now();
    const next = nextBuild(builds.all(), { architectures, builder, now, isPublished });
    if (next === null) return null;
    const job = randomBytes(JOB_BYTES).toString("hex");
    const build = await builds.changeNow(next, (each) => begin(each, { job, builder, now }));
    const attempt = runningAttempt(build)!;
    this.#start(build, attempt);
    return { build, attempt };
  }

  /** The builder never received this job. */
  async #takeBack({ build, attempt: { job } }: Leased): Promise<null> {
    const { builds, clock } = this.#options;
    await builds.change(
      build.number,
      (now) =>
        runningAttempt(now)?.job === job
          ? endAttempt(now, { outcome: "returned" }, clock.now())
          : now,
    );
    return null;
  }

  #start(build: Build, { job, startedAt }: Attempt): void {
    const { clock, leaseMs, timeoutOf } = this.#options;
    const now = clock.monotonic();
    const elapsed = Math.max(0, clock.now() - startedAt);
    this.#deadlines.set(job, {
      build: build.number,
      lapsesAt: now + leaseMs(),
      timesOutAt: now - elapsed + timeoutOf(build) + GRACE_MS,
    });
  }

  #see(builder: Omit<SeenBuilder, "seenAt">): void {
    this.#seen.set(builder.name, { ...builder, seenAt: this.#options.clock.now() });
  }

  /** Ends the leases of silent builders, and of builds that take too long. */
  async #endLapsed(): Promise<void> {
    const { builds, clock } = this.#options;
    const now = clock.monotonic();
    for (const [job, { build, lapsesAt, timesOutAt }] of this.#deadlines) {
      if (now < lapsesAt && now < timesOutAt) continue;
      const isSilent = now >= lapsesAt;
      await builds.change(build, (each) => {
        if (runningAttempt(each)?.job !== job) return each;
        if (isSilent) return endAttempt(each, { outcome: "lost" }, clock.now());
        const reason = "it exceeded its time limit, and its builder did not end it";
        const failure = { class: "timeout", reason, step: each.step } as const;
        return endAttempt(each, { outcome: "failed", failure }, clock.now());
      });
      this.#deadlines.delete(job);
    }
  }

  async #watch(): Promise<void> {
    const { builds, clock } = this.#options;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const change = builds.nextChange;
      await this.#endLapsed().catch((error) =>
        log.warn("cannot end the lease of a silent builder", { reason: reasonOf(error) })
      );
      const ends = [...this.#deadlines.values()]
        .map(({ lapsesAt, timesOutAt }) => Math.min(lapsesAt, timesOutAt) - clock.monotonic());
      await this.#pause(Math.min(MOST_SLEEP_MS, ...ends), change, signal);
    }
  }

  /** Time until the next attempt of a waiting build is due. */
  #untilDue(): number {
    const { builds, clock } = this.#options;
    const now = clock.now();
    const waits = builds.all().flatMap(({ state, notBefore }) =>
      state === "waiting" && notBefore > now ? [notBefore - now] : []
    );
    return Math.min(MOST_SLEEP_MS, ...waits);
  }

  /** Waits for `milliseconds`, for the change, or until aborted. */
  async #pause(milliseconds: number, change: Promise<void>, signal: AbortSignal): Promise<void> {
    const done = new AbortController();
    const either = AbortSignal.any([signal, this.#stop.signal, done.signal]);
    if (either.aborted) return;
    await Promise.race([change, this.#options.clock.sleep(Math.max(0, milliseconds), either)]);
    done.abort();
  }
}

/** Why the lease of an attempt has ended, by its outcome. */
const ENDINGS: Readonly<Record<NonNullable<Attempt["outcome"]>, string>> = {
  built: "its result was reported",
  failed: "its failure was reported, or it took too long",
  lost: "its builder was silent for too long",
  cancelled: "the build was cancelled",
  returned: "its builder returned it",
};
