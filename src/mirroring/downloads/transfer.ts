import { delay } from "@std/async/delay";
import { PkgstashError, reasonOf } from "../../errors.ts";
import { eventLogger } from "../../platform/observability/logging.ts";
import type { Mirror } from "../mirrors/mirror.ts";
import type { Upstream } from "../mirrors/upstream.ts";
import { isDifferent, isMissing, NoMirrorError } from "../mirrors/race.ts";
import { Challenge } from "./challenge.ts";
import { maxBytesOf } from "./content_check.ts";
import { rateOf, type Sample } from "../mirrors/throughput.ts";
import type { FileIdentity } from "./file_identity.ts";
import {
  MirrorSearch,
  prefersCurrent,
  type ReceivedBytes,
  type Source,
  type TransferRequest,
} from "./mirror_search.ts";
import { RateWatch } from "./rate_watch.ts";

const log = eventLogger("transfer");

/** Pause between two rounds in which no mirror could take over. */
const RETRY_PAUSE_MS = 500;
/** Enough for any honest file, and a limit for mirrors that cut off every few bytes. */
const MAX_SEAMS = 100;
/** How often to try another mirror because one is slow: perhaps all are, or the line is. */
const MAX_CHALLENGES = 3;
/** After this time with a slow mirror, others are tried again: their problem may be over. */
const RENEWAL_MS = 60_000;
/** The rest of a file must take a slow mirror this long to be worth another one. */
const WORTH_MS = 3_000;

/** The bytes of one file, from one mirror after another until the last byte has arrived. */
export class Transfer {
  /** Whether the file is the one that the conditions describe: then there is nothing to read. */
  readonly isUnchanged: boolean;
  readonly #upstream: Upstream;
  readonly #request: TransferRequest;
  readonly #search: MirrorSearch;
  #source: Source;
  #watch: RateWatch;
  #challenge: Challenge | null = null;
  #challenges = 0;
  /** How long the current mirror had been waited for when another one was last tried. */
  #challengedAfterMs = 0;
  /** Mirrors that were tried beside a slow one: once is enough for a while. */
  readonly #challengers = new Set<Mirror>();
  #seams = 0;
  /** Position of the last seam. */
  #lastSeam = -1;
  #isClosed = false;

  private constructor(
    upstream: Upstream,
    request: TransferRequest,
    { search, source }: { search: MirrorSearch; source: Source },
  ) {
    this.isUnchanged = source.body.status === 304;
    this.#upstream = upstream;
    this.#request = request;
    this.#search = search;
    this.#source = source;
    this.#watch = new RateWatch(source.body);
  }

  /** Finds the first mirror. The transfer is closed when `request.signal` is aborted. */
  static async open(
    upstream: Upstream,
    request: TransferRequest,
    received: ReceivedBytes,
  ): Promise<Transfer> {
    const { signal } = request;
    const search = new MirrorSearch(upstream, request, received);
    const transfer = new Transfer(upstream, request, { search, source: await search.open() });
    if (signal.aborted) transfer.close();
    else signal.addEventListener("abort", () => transfer.close());
    return transfer;
  }

  /** The file, as described by the mirror that began it. */
  get identity(): FileIdentity {
    return this.#source.identity;
  }

  /** The mirror that is sending, or sent last. */
  get mirror(): Mirror {
    return this.#source.body.mirror;
  }

  /** What the current mirror has sent, and how long that was waited for. */
  get received(): Sample {
    return this.#source.body.received;
  }

  /**
   * Whether only the end of the connection marks the end of the body, so that a part could pass for
   * the whole. HTTP/2 is treated alike, because `fetch` hides the version.
   */
  get endsWithConnection(): boolean {
    const { length, headers } = this.#source.body;
    return length === null && !headers.has("transfer-encoding");
  }

  /** The next bytes, from whichever mirror; null after the last one. */
  async read(): Promise<Uint8Array | null> {
    try {
      const chunk = await this.#read();
      if (chunk === null) this.#challenge?.close();
      return chunk;
    } catch (error) {
      this.#challenge?.close();
      throw error;
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#challenge?.close();
    this.#source.body.close();
  }

  async #read(): Promise<Uint8Array | null> {
    const silentSince = performance.now();
    this.#challengeIfSlow();
    for (let failures = 0;; failures++) {
      if (this.#challenge?.hasWon) await this.#leave(silentSince);
      const { body } = this.#source;
      try {
        if (!this.#isAtEnd()) {
          const chunk = await body.read();
          if (chunk !== null) return this.#take(chunk);
        }
        this.#checkEnd();
        // Drain the body so that the connection can be reused.
        if (body.length !== null && this.#request.last === null) await body.read();
        body.close();
        body.mirror.health.recordSuccess();
        return null;
      } catch (error) {
        const { patienceMs, signal } = this.#request;
        body.close();
        signal.throwIfAborted();
        if (this.#isClosed) throw error;
        const isTooLong = error instanceof PkgstashError && error.kind === "content";
        // The challenger has closed the body.
        if (this.#challenge?.hasWon && !isTooLong) continue;
        this.#upstream.recordFailure({ mirror: body.mirror, error }, this.#request);
        // If a mirror sends too much, the bytes before are suspect too.
        if (isTooLong) throw error;
        if (await this.#takeChallenger()) continue;
        if (failures > 0 && performance.now() - silentSince > patienceMs) {
          throw this.#brokenOff(error);
        }
        await this.#resume(silentSince, error);
      }
    }
  }

  /** Leaves a slow mirror for one that has proved to be faster. */
  async #leave(silentSince: number): Promise<void> {
    const { body } = this.#source;
    body.close();
    this.#search.left.add(body.mirror);
    if (await this.#takeChallenger()) return;
    await this.#resume(silentSince, new Error(`${body.mirror.name} was slow`));
  }

  /** Tries another mirror beside a slow one, if one may be faster. */
  #challengeIfSlow(): void {
    if (this.#challenge?.isOver && !this.#challenge.hasWon) this.#challenge = null;
    const look = this.#watch.look();
    if (look === null || this.#challenge !== null) return;
    const bytesPerSecond = rateOf(look.sample);
    const { body, offset } = this.#source;
    const { kind, last } = this.#request;
    const end = last !== null ? last + 1 : this.identity.size ?? Infinity;
    const remainingMs = (end - offset) / Math.max(1, bytesPerSecond) * 1000;
    if (remainingMs < WORTH_MS) return;
    const { waitedMs } = body.received;
    if (waitedMs - this.#challengedAfterMs >= RENEWAL_MS && this.#challenges > 0) {
      this.#challenges--;
      this.#challengers.clear();
    }
    if (this.#challenges === MAX_CHALLENGES) return;
    const request = { ...this.#request, prefersCurrent: prefersCurrent(kind) };
    const known = new Set([body.mirror, ...this.#search.left, ...this.#challengers]);
    const rivals = this.#upstream.rivals(request, {
      bytesPerSecond,
      remainingMs,
      isSure: look.isWhole,
    })
      .filter((mirror) => !known.has(mirror));
    if (rivals.length === 0) return;
    this.#challenges++;
    this.#challengedAfterMs = waitedMs;
    this.#watch.slowDown();
    this.#challenge = new Challenge({
      slow: body,
      bytesPerSecond,
      find: async (signal) => {
        const source = await this.#search.race(offset, this.identity, { only: rivals, signal });
        this.#challengers.add(source.body.mirror);
        return source;
      },
      onFailure: ({ body: { mirror } }, error) =>
        this.#upstream.recordFailure({ mirror, error }, this.#request),
      // Ends the read that waits for the slow mirror.
      onWon: () => body.close(),
    });
  }

  /** Continues with the mirror that was tried beside one that is slow or has failed. */
  async #takeChallenger(): Promise<boolean> {
    const challenge = this.#challenge;
    if (challenge === null) return false;
    this.#challenge = null;
    const source = await challenge.take();
    if (source === null) return false;
    const { offset, body: { mirror } } = this.#source;
    try {
      await this.#search.catchUp(source, offset);
    } catch (error) {
      source.body.close();
      this.#request.signal.throwIfAborted();
      this.#upstream.recordFailure({ mirror: source.body.mirror, error }, this.#request);
      return false;
    }
    log.info("a faster mirror takes over", {
      file: this.#request.fileName,
      at: offset,
      slow: mirror.name,
      mirror: source.body.mirror.name,
    });
    this.#continueWith(source);
    return true;
  }

  #continueWith(source: Source): void {
    this.#source = source;
    this.#watch = new RateWatch(source.body);
    this.#challengedAfterMs = 0;
    this.#seams++;
    // Whoever wanted the transfer may have left while the mirror was proving itself.
    if (this.#request.signal.aborted) this.close();
  }

  /** The wanted part of a chunk. Throws `content` if the file would become too long. */
  #take(chunk: Uint8Array): Uint8Array {
    const { fileName, kind, last } = this.#request;
    const { offset } = this.#source;
    const wanted = last === null ? chunk : chunk.subarray(0, last + 1 - offset);
    const end = offset + wanted.length;
    const max = Math.min(this.identity.size ?? Infinity, maxBytesOf(kind));
    if (end > max) {
      throw new PkgstashError(
        "content",
        `Cannot accept ${fileName}: ${this.mirror.name} sends more than the expected ${max} bytes.`,
      );
    }
    this.#source.offset = end;
    return wanted;
  }

  #isAtEnd(): boolean {
    const { last } = this.#request;
    const { offset } = this.#source;
    return last !== null ? offset > last : offset === this.identity.size;
  }

  #checkEnd(): void {
    const { last } = this.#request;
    const end = last !== null ? last + 1 : this.identity.size;
    const { offset } = this.#source;
    if (end !== null && offset !== end) {
      throw new PkgstashError("upstream", `ended ${end - offset} bytes early`);
    }
  }

  /** Searches until a mirror takes over here, or patience runs out. */
  async #resume(silentSince: number, cause: unknown): Promise<void> {
    const { patienceMs, signal } = this.#request;
    const { offset } = this.#source;
    const isStuck = this.#lastSeam === offset;
    this.#lastSeam = offset;
    // If a mirror was silent for long before it failed, its successor still needs time to answer.
    const deadlineAt = Math.max(silentSince + patienceMs, performance.now() + patienceMs / 2);
    for (let isPauseDue = isStuck;; isPauseDue = true) {
      if (isPauseDue) await delay(RETRY_PAUSE_MS, { signal });
      signal.throwIfAborted();
      try {
        this.#continueWith(await this.#search.resume(offset, this.identity, deadlineAt));
        return;
      } catch (error) {
        signal.throwIfAborted();
        const isHopeless = performance.now() - silentSince + RETRY_PAUSE_MS > patienceMs ||
          this.#seams > MAX_SEAMS || !(error instanceof NoMirrorError) ||
          error.failures.every((failure) => isDifferent(failure) || isMissing(failure));
        if (isHopeless) throw this.#brokenOff(cause, error);
      }
    }
  }

  /** The error for a file that stopped because of `cause` and that `search` could not resume. */
  #brokenOff(cause: unknown, search?: unknown): PkgstashError {
    const { offset } = this.#source;
    return new PkgstashError(
      "upstream",
      `Cannot finish ${this.#request.fileName}: the transfer failed at byte ${offset} ` +
        `(${reasonOf(cause)}), and no mirror can resume it.` +
        (search === undefined ? "" : ` ${reasonOf(search)}`),
      { cause: search ?? cause },
    );
  }
}
