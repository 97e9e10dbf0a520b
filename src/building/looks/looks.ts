import { randomBytes } from "node:crypto";
import type { Clock } from "../../async/clock.ts";
import { Notifier } from "../../async/notifier.ts";
import { Turns } from "../../async/turns.ts";
import { PkgstashError } from "../../errors.ts";
import { readTreeArchive } from "../watch/tree_archive.ts";
import type { DueLook, LookResult, LookSource } from "./look.ts";

/** A look without a response for this long is given to another builder. */
const LEASE_MS = 10 * 60_000;
/** A builder asks at least once a minute, unless it is busy with a look. */
const BUILDER_AWAY_MS = 5 * 60_000;
/** Looks may become due without a notification. */
const MOST_SLEEP_MS = 60_000;
const ID_BYTES = 16;

/** A look that is leased to a builder. */
interface Leased {
  readonly builder: string;
  readonly due: DueLook;
  /** By the monotonic clock. */
  readonly endsAt: number;
}

/**
 * The looks that builders perform for the daemon, which starts no programs. Each due look is leased
 * to one builder. Leases are only in memory: looks that are lost with a builder or at a restart are
 * due again.
 */
export class Looks {
  readonly #sources: readonly LookSource[];
  readonly #clock: Clock;
  readonly #leased = new Map<string, Leased>();
  readonly #changes = new Notifier();
  readonly #turns = new Turns();
  readonly #stop = new AbortController();
  /** When a builder last asked for a look, by the monotonic clock. */
  #askedAt = -Infinity;

  /** Earlier sources take precedence. */
  constructor(sources: readonly LookSource[], clock: Clock) {
    this.#sources = sources;
    this.#clock = clock;
  }

  /** Whether a builder has recently asked for a look. */
  get hasBuilder(): boolean {
    return this.#clock.monotonic() - this.#askedAt < BUILDER_AWAY_MS;
  }

  /** Wakes waiting builders, because something may be due. */
  notify(): void {
    this.#changes.notify();
  }

  /** Makes everything due now. */
  lookNow(): void {
    for (const source of this.#sources) source.lookNow();
    this.#changes.notify();
  }

  /** Leases the next look to a builder; null if nothing is due within `waitMs`. */
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
   * Receives a builder's response to a look.
   *
   * @throws PkgstashError `not_found` if the builder has no such look.
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

  /** Receives the files of a repository as a tar archive. If they are rejected, the look fails. */
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

  /** @throws PkgstashError `not_found` if this builder has no such look. */
  #require(builder: string, id: string): Pick<Leased, "due"> {
    const leased = this.#leased.get(id);
    if (leased?.builder === builder && leased.endsAt > this.#clock.monotonic()) return leased;
    throw new PkgstashError(
      "not_found",
      "Cannot find this look: it belongs to another builder or has expired. Request another one.",
    );
  }

  /** Ends the requests of waiting builders. */
  letGo(): void {
    this.#stop.abort();
  }

  async stop(): Promise<void> {
    this.letGo();
    await this.#turns.settled();
  }

  /** The first due look that no builder has, and the time until the next one. */
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
