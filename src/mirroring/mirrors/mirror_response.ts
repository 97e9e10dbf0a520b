import { PkgstashError } from "../../errors.ts";
import type { Mirror } from "./mirror.ts";

/** Why a mirror's answer was not taken. */
export class MirrorRefusal extends PkgstashError {
  constructor(
    /**
     * `missing`: the mirror works and does not have the file; `different`: it works and has, or
     * may have, another file of that name than the one begun.
     */
    readonly reason: "missing" | "different" | "faulty",
    message: string,
  ) {
    super(reason === "missing" ? "not_found" : "upstream", message);
  }
}

/** The body of a mirror's answer, read under a watch that ends it when the mirror falls silent. */
export class MirrorResponse {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #ahead: Uint8Array[] = [];
  #waitingSince: number | null = null;
  readonly #watch: ReturnType<typeof setInterval>;
  #stalled = false;
  #open = true;
  #ended = false;

  /** `controller` is the one whose signal the request was made with. */
  constructor(
    readonly mirror: Mirror,
    readonly status: number,
    readonly headers: Headers,
    stream: ReadableStream<Uint8Array> | null,
    private readonly controller: AbortController,
    private readonly stallTimeoutMs: number,
  ) {
    this.#reader = (stream ?? new Blob([]).stream()).getReader();
    mirror.health.inFlight++;
    this.#watch = setInterval(() => this.#check(), Math.max(10, stallTimeoutMs / 4));
  }

  /** Content-Length, or null when the mirror did not give one. */
  get length(): number | null {
    const value = this.headers.get("content-length");
    return value !== null && /^\d+$/.test(value) ? Number(value) : null;
  }

  /** The next bytes, or null at the end. */
  async read(): Promise<Uint8Array | null> {
    const ahead = this.#ahead.shift();
    if (ahead !== undefined) return ahead;
    this.#waitingSince = performance.now();
    try {
      const { value, done } = await this.#reader.read();
      // What was cancelled looks like an end.
      if (!this.#open && !this.#ended) {
        throw new PkgstashError("upstream", `the transfer from ${this.mirror.name} was stopped`);
      }
      if (!done) return value;
      this.#ended = true;
      this.close();
      return null;
    } catch (error) {
      this.close();
      if (this.#stalled) {
        throw new PkgstashError(
          "upstream_timeout",
          `${this.mirror.name} sent nothing for ${this.stallTimeoutMs / 1000} s midway`,
        );
      }
      throw error;
    } finally {
      this.#waitingSince = null;
    }
  }

  /** Reads at least `count` bytes, or all there are, and leaves them to be read again. */
  async peek(count: number): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    let length = 0;
    while (length < count) {
      const chunk = await this.read();
      if (chunk === null) break;
      chunks.push(chunk);
      length += chunk.length;
    }
    const joined = concatenate(chunks, length);
    if (length > 0) this.#ahead.unshift(joined);
    return joined;
  }

  /** Drops the first `count` bytes of what `peek` read. */
  skip(count: number): void {
    if (count === 0) return;
    const [first] = this.#ahead;
    if (first === undefined || first.length < count) throw new RangeError("skip beyond the peek");
    this.#ahead[0] = first.subarray(count);
    if (first.length === count) this.#ahead.shift();
  }

  /** Ends the transfer, wherever it is. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    clearInterval(this.#watch);
    this.mirror.health.inFlight--;
    this.controller.abort();
    // Once a request has been garbage collected, fetch no longer hears of its signal (Deno 2.9.6).
    this.#reader.cancel().catch(() => {});
  }

  #check(): void {
    if (this.#waitingSince === null) return;
    if (performance.now() - this.#waitingSince < this.stallTimeoutMs) return;
    this.#stalled = true;
    this.close();
  }
}

function concatenate(chunks: Uint8Array[], length: number): Uint8Array {
  if (chunks.length === 1) return chunks[0]!;
  const joined = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    joined.set(chunk, offset);
    offset += chunk.length;
  }
  return joined;
}
