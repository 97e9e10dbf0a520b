import { createHash, type Hash } from "node:crypto";

/** How much to read back at a time. */
const STEP_BYTES = 1024 * 1024;

/** The bytes of a file on disk, without a hole up to `length`. */
export interface Bytes {
  readonly length: number;
  /** Fills `buffer` with the bytes from `position` on. */
  readInto(position: number, buffer: Uint8Array): Promise<void>;
}

/**
 * The SHA-256 of a file while it arrives. Bytes in order are hashed as they pass; those that were
 * there before, or arrived ahead of others, are read back later, so that nobody waits for them.
 */
export class PrefixHash {
  readonly #bytes: Bytes;
  readonly #hash: Hash = createHash("sha256");
  #position = 0;
  #catchingUp: Promise<void> | null = null;
  #isStopped = false;

  constructor(bytes: Bytes) {
    this.#bytes = bytes;
    this.#catchUp();
  }

  /** Takes bytes that have been written at `position`. */
  take(position: number, chunk: Uint8Array): void {
    if (this.#catchingUp === null && position === this.#position) {
      this.#hash.update(chunk);
      this.#position += chunk.length;
    }
    this.#catchUp();
  }

  /** The hash of the first `position` bytes, to be continued; null if it has not got that far. */
  at(position: number): Hash | null {
    return this.#catchingUp === null && position === this.#position ? this.#hash.copy() : null;
  }

  /** The hash of all bytes, in lower-case hexadecimal. */
  async digest(): Promise<string> {
    while (this.#position < this.#bytes.length) await this.#catchUp();
    return this.#hash.copy().digest("hex");
  }

  /** Stops reading back. */
  stop(): void {
    this.#isStopped = true;
  }

  #catchUp(): Promise<void> | null {
    if (this.#catchingUp === null && this.#position < this.#bytes.length && !this.#isStopped) {
      this.#catchingUp = this.#readBack().finally(() => this.#catchingUp = null);
      // `digest` tries again and reports the failure.
      this.#catchingUp.catch(() => {});
    }
    return this.#catchingUp;
  }

  async #readBack(): Promise<void> {
    const buffer = new Uint8Array(Math.min(STEP_BYTES, this.#bytes.length - this.#position));
    while (this.#position < this.#bytes.length && !this.#isStopped) {
      const chunk = buffer.subarray(0, this.#bytes.length - this.#position);
      await this.#bytes.readInto(this.#position, chunk);
      this.#hash.update(chunk);
      this.#position += chunk.length;
    }
  }
}
