import { concat } from "@std/bytes/concat";
import { PkgstashError } from "../../errors.ts";
import type { Mirror } from "./mirror.ts";
import { type Sample, sampleSince } from "./throughput.ts";

/** Shortest interval between two checks for a stall. */
const MIN_WATCH_INTERVAL_MS = 10;
/** A long body is reported to the mirror's health after each such period of waiting. */
const SAMPLE_MS = 1_000;

/** The most bytes to take at once. */
const READ_BYTES = 256 * 1024;
/**
 * The most to take of the first ones: a client waits until they are checked, written and hashed.
 */
const FIRST_READ_BYTES = 64 * 1024;

/** Why a mirror's response was not used. The message is a reason that follows the mirror's name. */
export class MirrorRefusal extends PkgstashError {
  constructor(
    /**
     * `missing`: the mirror works and does not have the file; `different`: it works and has, or may
     * have, another file with that name than the one begun; `busy`: it may serve the same request
     * later; `faulty`: anything else.
     */
    readonly reason: "missing" | "different" | "busy" | "faulty",
    message: string,
    /** When the mirror may be asked again, as stated by it; milliseconds from now, or null. */
    readonly retryAfterMs: number | null = null,
  ) {
    super(reason === "missing" ? "not_found" : "upstream", message);
  }
}

export interface MirrorResponseOptions {
  mirror: Mirror;
  /** Its body is a byte stream, as returned by `fetch`. */
  response: Pick<Response, "status" | "headers" | "body">;
  /** The controller whose signal the request was made with. */
  controller: AbortController;
  /** Time without an awaited byte after which the body is abandoned. */
  stallTimeoutMs: number;
}

/** A mirror's response, whose body ends when the mirror stalls. */
export class MirrorResponse {
  readonly mirror: Mirror;
  readonly status: number;
  readonly headers: Headers;
  readonly #reader: ReadableStreamBYOBReader;
  /** Reused for every read, since fresh memory costs more than filling it. */
  #buffer: ArrayBuffer | null = null;
  readonly #controller: AbortController;
  readonly #stallTimeoutMs: number;
  readonly #watch: ReturnType<typeof setInterval>;
  /** Bytes that have arrived, and the time of completed waits for them. */
  #bytes = 0;
  #waitedMs = 0;
  /** When the present wait began, by the mirror's clock. */
  #askedAt: number | null = null;
  /** The part of it already reported to the mirror's health. */
  #told: Sample = { bytes: 0, waitedMs: 0 };
  /** Peeked bytes. */
  #ahead: Uint8Array<ArrayBuffer> = new Uint8Array();
  #waitingSince: number | null = null;
  #isStalled = false;
  #isOpen = true;
  #hasEnded = false;

  constructor({ mirror, response, controller, stallTimeoutMs }: MirrorResponseOptions) {
    this.mirror = mirror;
    this.status = response.status;
    this.headers = response.headers;
    this.#reader = (response.body ?? new Blob([]).stream()).getReader({ mode: "byob" });
    this.#controller = controller;
    this.#stallTimeoutMs = stallTimeoutMs;
    this.#watch = setInterval(
      () => this.#closeIfStalled(),
      Math.max(MIN_WATCH_INTERVAL_MS, stallTimeoutMs / 4),
    );
    mirror.health.inFlight++;
  }

  /** Content-Length in bytes; null if the mirror did not send one. */
  get length(): number | null {
    const value = this.headers.get("content-length");
    return value !== null && /^\d+$/.test(value) ? Number(value) : null;
  }

  /**
   * Everything that has arrived so far, including peeked bytes, and the time spent waiting for it:
   * a slow disk, a slow client or a pause of ours says nothing about the mirror.
   */
  get received(): Sample {
    const waitingMs = this.#askedAt === null ? 0 : this.mirror.now() - this.#askedAt;
    return { bytes: this.#bytes, waitedMs: this.#waitedMs + waitingMs };
  }

  /** The next bytes, valid until the next call of `read` or `peek`; null at the end. */
  async read(): Promise<Uint8Array | null> {
    const ahead = this.#ahead;
    if (ahead.length === 0) return await this.#receive();
    this.#ahead = new Uint8Array();
    return ahead;
  }

  async #receive(): Promise<Uint8Array<ArrayBuffer> | null> {
    this.#waitingSince = performance.now();
    this.#askedAt = this.mirror.now();
    try {
      const limit = this.#bytes === 0 ? FIRST_READ_BYTES : READ_BYTES;
      const buffer = this.#buffer ?? new ArrayBuffer(Math.min(limit, this.length || limit));
      const { value, done } = await this.#reader.read(new Uint8Array(buffer));
      // Freed at once at the end: with the garbage collector, many of them would accumulate.
      if (done) value?.buffer.transfer(0);
      this.#buffer = done ? null : value.buffer;
      this.#endWait();
      // A cancelled stream reports its end.
      if (!this.#isOpen && !this.#hasEnded) {
        throw new PkgstashError("upstream", `the transfer from ${this.mirror.name} was stopped`);
      }
      if (!done) {
        this.#bytes += value.length;
        if (this.#untold.waitedMs >= SAMPLE_MS) this.#tell();
        return value;
      }
      this.#hasEnded = true;
      this.close();
      return null;
    } catch (error) {
      this.close();
      if (this.#isStalled) {
        throw new PkgstashError(
          "upstream_timeout",
          `${this.mirror.name} stalled for ${this.#stallTimeoutMs / 1000} s`,
        );
      }
      throw error;
    } finally {
      this.#endWait();
    }
  }

  /** Reads at least `count` bytes, or all that there are, without consuming them. */
  async peek(count: number): Promise<Uint8Array> {
    while (this.#ahead.length < count) {
      const chunk = await this.#receive();
      if (chunk === null) break;
      if (this.#ahead.length > 0) {
        this.#ahead = concat([this.#ahead, chunk]);
        continue;
      }
      // It stays where it is, which is cheaper than a copy.
      this.#ahead = chunk;
      this.#buffer = null;
    }
    return this.#ahead;
  }

  /** Consumes the first `count` of the bytes that `peek` returned. */
  skip(count: number): void {
    if (this.#ahead.length < count) {
      throw new RangeError("Cannot skip more bytes than were peeked.");
    }
    this.#ahead = this.#ahead.subarray(count);
  }

  /** Ends the request, at whatever stage. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    clearInterval(this.#watch);
    this.#tell();
    this.mirror.health.inFlight--;
    this.#controller.abort();
    // A fetch loses its signal when its request is garbage collected (Deno 2.9.6).
    this.#reader.cancel().catch(() => {});
  }

  #endWait(): void {
    this.#waitedMs = this.received.waitedMs;
    this.#askedAt = null;
    this.#waitingSince = null;
  }

  get #untold(): Sample {
    return sampleSince(this.#told, this.received);
  }

  #tell(): void {
    this.mirror.health.recordBytes(this.#untold);
    this.#told = this.received;
  }

  #closeIfStalled(): void {
    if (this.#waitingSince === null) return;
    if (performance.now() - this.#waitingSince < this.#stallTimeoutMs) return;
    this.#isStalled = true;
    this.close();
  }
}
