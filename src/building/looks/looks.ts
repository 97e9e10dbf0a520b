import { randomBytes } from "node:crypto";
import type { Clock } from "../../async/clock.ts";
import { Notifier } from "../../async/notifier.ts";
import { Turns } from "../../async/turns.ts";
import { PkgstashError } from "../../errors.ts";
import { readTreeArchive } from "../watch/tree_archive.ts";
import type { DueLook, LookResult, LookSource } from "./look.ts";

/** A builder that says nothing for so long is not waited for. */
const LEASE_MS = 10 * 60_000;
/** A builder asks at least once a minute, unless it looks at something. */
const BUILDER_AWAY_MS = 5 * 60_000;
/** Time passes on other clocks as well. */
const MOST_SLEEP_MS = 60_000;
const ID_BYTES = 16;

/** What is leased to a builder. */
interface Leased {
  readonly builder: string;
  readonly due: DueLook;
  /** On the clock that never goes back. */
  readonly endsAt: number;
}

/**
 * What builders look at for the daemon, which runs no program: each look that is due is leased to one.
 * Nothing of that is kept on disk; looks that were lost with a builder or at a restart are due again.
 */
export class Looks {
  readonly #sources: readonly LookSource[];
  readonly #clock: Clock;
  readonly #leased = new Map<string, Leased>();
  readonly #changes = new Notifier();
  readonly #turns = new Turns();
  readonly #stop = new AbortController();
  /** When a builder asked for a look last, on the clock that never goes back. */
  #askedAt = -Infinity;

  /** The first of the sources goes first. */
  constructor(sources: readonly LookSource[], clock: Clock) {
    this.#sources = sources;
    this.#clock = clock;
  }

  /** Whether a builder has asked for a look lately. */
  get hasBuilder(): boolean {
    return this.#clock.monotonic() - this.#askedAt < BUILDER_AWAY_MS;
  }

  /** Tells waiting builders that something may be due. */
  notify(): void {
    this.#changes.notify();
  }

  /** Makes everything due now. */
  lookNow(): void {
    for (const source of this.#sources) source.lookNow();
    this.#changes.notify();
  }

  /** Leases what is to be looked at next to a builder; null if nothing is due within `waitMs`. */
  async lease(
    { builder, waitMs, signal }: { builder: string; waitMs: number; signal: AbortSignal },
  ): Promise<{ readonly id: string; readonly due: DueLook } | null> {
    const end = this.#clock.monotonic() + waitMs;
    while (!signal.aborted && !this.#stop.signal.aborted) {
      this.#askedAt = this.#clock.monotonic();
      const change = this.#changes.next;
      const { due, untilNextMs } = await this.#turns.run(() => this.#next());
      if (due !== null && !signal.aborted) {
        const id = randomBytes(ID_BYTES).toString("hex");
        const endsAt = this.#clock.monotonic() + LEASE_MS;
        this.#leased.set(id, { builder, due, endsAt });
        return { id, due };
      }
      const left = end - this.#clock.monotonic();
      if (left <= 0) return null;
      await this.#pause(Math.min(left, untilNextMs, MOST_SLEEP_MS), change, signal);
    }
    return null;
  }

  /**
   * Takes what a builder says of a look.
   *
   * @throws PkgstashError `not_found` if it has none of this id.
   */
  async report(
    { builder, id }: { builder: string; id: string },
    result: LookResult,
  ): Promise<void> {
    await this.#turns.run(async () => {
      const { due } = this.#require(builder, id);
      this.#leased.delete(id);
      await due.take(result);
    });
    this.#changes.notify();
  }

  /** Takes the files of a repository, as a tar; what is refused of them is a failure of the look. */
  async reportTree(
    call: { builder: string; id: string },
    { commit, body }: { commit: string; body: ReadableStream<Uint8Array> },
  ): Promise<void> {
    let result: LookResult;
    try {
      this.#require(call.builder, call.id);
      result = { outcome: "tree", commit, tree: await readTreeArchive(body) };
    } catch (error) {
      await body.cancel().catch(() => {});
      if (!(error instanceof PkgstashError) || error.kind !== "content") throw error;
      result = { outcome: "failed", reason: error.message };
    }
    await this.report(call, result);
  }

  /** @throws PkgstashError `not_found` if this builder has no look of this id. */
  #require(builder: string, id: string): Pick<Leased, "due"> {
    const leased = this.#leased.get(id);
    if (leased?.builder === builder && leased.endsAt > this.#clock.monotonic()) return leased;
    throw new PkgstashError(
      "not_found",
      "Cannot find this look: it is not this builder's, or was long ago. Ask for another one.",
    );
  }

  /** Lets go of builders that wait. */
  letGo(): void {
    this.#stop.abort();
  }

  async stop(): Promise<void> {
    this.letGo();
    await this.#turns.settled();
  }

  /** What is due and nobody looks at, and how long it is until something is. */
  async #next(): Promise<{ due: DueLook | null; untilNextMs: number }> {
    const now = this.#clock.monotonic();
    for (const [id, { endsAt }] of this.#leased) if (endsAt <= now) this.#leased.delete(id);
    const taken = new Set([...this.#leased.values()].map(({ due }) => due.about));
    let untilNextMs = Infinity;
    for (const source of this.#sources) {
      const next = await source.next(taken);
      if (next.due !== null) return next;
      untilNextMs = Math.min(untilNextMs, next.untilNextMs);
    }
    return { due: null, untilNextMs };
  }

  async #pause(milliseconds: number, change: Promise<void>, signal: AbortSignal): Promise<void> {
    const done = new AbortController();
    const either = AbortSignal.any([signal, this.#stop.signal, done.signal]);
    if (either.aborted) return;
    await Promise.race([change, this.#clock.sleep(Math.max(0, milliseconds), either)]);
    done.abort();
  }
}
