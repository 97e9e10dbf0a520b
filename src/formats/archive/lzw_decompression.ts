import { PkgstashError } from "../../errors.ts";

const HEADER_BYTES = 3;
const FIRST_WIDTH = 9;
const CLEAR = 256;

/**
 * Decompresses a compress(1) file, which has neither a length nor a checksum: the tar reader must
 * notice if it is truncated. Memory is bounded by the table of 65,536 codes.
 *
 * Source: ncompress, and libarchive's archive_read_support_filter_compress.c.
 * @throws {PkgstashError} of kind "content" if the file is damaged.
 */
export async function* unlzw(input: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const decoder = new LzwDecoder();
  for await (const chunk of input) yield* decoder.push(chunk);
}

/** Every code stands for the content of an earlier one and one more byte. */
class LzwDecoder {
  readonly #prefix = new Uint16Array(65_536);
  readonly #suffix = new Uint8Array(65_536);
  readonly #reversed = new Uint8Array(65_536);
  #headerBytes = 0;
  #maxWidth = 0;
  #hasClear = false;
  #width = FIRST_WIDTH;
  /** Bits that have been read, but are not part of a code yet. */
  #bits = 0;
  #bitCount = 0;
  /** Codes are written in groups of eight, even where the width changes in the middle of one. */
  #codesInGroup = 0;
  #skippedBits = 0;
  #next = CLEAR;
  #previous = -1;
  #firstByte = 0;

  *push(chunk: Uint8Array): Generator<Uint8Array> {
    let output = new Uint8Array(64 * 1024);
    let length = 0;
    for (const byte of chunk) {
      if (this.#headerBytes < HEADER_BYTES) {
        if (this.#headerBytes++ === 2) this.#begin(byte);
        continue;
      }
      if (this.#skippedBits > 0) {
        this.#skippedBits -= 8;
        continue;
      }
      this.#bits |= byte << this.#bitCount;
      this.#bitCount += 8;
      if (this.#bitCount < this.#width) continue;
      const code = this.#bits & ((1 << this.#width) - 1);
      this.#bits >>>= this.#width;
      this.#bitCount -= this.#width;
      this.#codesInGroup = (this.#codesInGroup + 1) % 8;
      const count = this.#decode(code);
      if (length + count > output.length) {
        yield output.subarray(0, length);
        output = new Uint8Array(64 * 1024);
        length = 0;
      }
      for (let at = count; at > 0;) output[length++] = this.#reversed[--at] ?? 0;
    }
    if (length > 0) yield output.subarray(0, length);
  }

  #begin(flags: number): void {
    this.#maxWidth = flags & 0x1f;
    this.#hasClear = (flags & 0x80) !== 0;
    this.#next = this.#hasClear ? CLEAR + 1 : CLEAR;
    if (this.#maxWidth < FIRST_WIDTH || this.#maxWidth > 16) throw damaged();
  }

  /** Writes the content of a code backwards; returns its length. */
  #decode(code: number): number {
    if (code === CLEAR && this.#hasClear) {
      this.#next = CLEAR + 1;
      this.#previous = -1;
      this.#setWidth(FIRST_WIDTH);
      return 0;
    }
    let count = 0;
    let at = code;
    const isNew = code === this.#next && this.#previous >= 0;
    if (isNew) {
      this.#reversed[count++] = this.#firstByte;
      at = this.#previous;
    } else if (code > 255 && (code >= this.#next || this.#previous < 0)) throw damaged();
    while (at > 255) {
      this.#reversed[count++] = this.#suffix[at] ?? 0;
      at = this.#prefix[at] ?? 0;
    }
    this.#reversed[count++] = at;
    this.#firstByte = at;
    if (this.#previous >= 0 && this.#next < 1 << this.#maxWidth) {
      this.#prefix[this.#next] = this.#previous;
      this.#suffix[this.#next++] = at;
    }
    this.#previous = code;
    if (this.#next >= 1 << this.#width && this.#width < this.#maxWidth) {
      this.#setWidth(this.#width + 1);
    }
    return count;
  }

  /** The rest of a group of eight codes is unused. */
  #setWidth(width: number): void {
    const unused = this.#codesInGroup === 0 ? 0 : (8 - this.#codesInGroup) * this.#width;
    this.#skippedBits = unused - this.#bitCount;
    this.#bits = 0;
    this.#bitCount = 0;
    this.#codesInGroup = 0;
    this.#width = width;
  }
}

function damaged(): PkgstashError {
  return new PkgstashError("content", "Cannot decompress a compress archive: it is damaged.");
}
