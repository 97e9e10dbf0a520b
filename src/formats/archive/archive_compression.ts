import { createGunzip } from "node:zlib";
import { startsWith } from "@std/bytes/starts-with";
import { PkgstashError, reasonOf } from "../../errors.ts";
import { ArchiveInput } from "./archive_input.ts";
import { TimeSlice } from "../../async/time_slice.ts";
import { unbzip2 } from "./bzip2_decompression.ts";
import { unlz4 } from "./lz4_decompression.ts";
import { unlzw } from "./lzw_decompression.ts";
import { unxz } from "./xz_decompression.ts";
import { throughZlib } from "./zlib_decompression.ts";
import { unzstd } from "./zstd_decompression.ts";

/** How a tar is compressed. Its name does not tell: a real `.db.tar.xz` may be gzip or zstd. */
export type ArchiveCompression =
  | "gzip"
  | "zstd"
  | "xz"
  | "bzip2"
  | "lz4"
  | "compress"
  | "none"
  | UnreadCompression;

/** An archive that repo-add can write and pacman may be able to read, but pkgstash cannot. */
export type UnreadCompression = "lzop" | "lzip" | "lrzip";

class UnreadArchive extends PkgstashError {
  readonly compression: UnreadCompression;

  constructor(compression: UnreadCompression) {
    super("content", `Cannot read an archive: it is compressed with ${compression}.`);
    this.compression = compression;
  }
}

/**
 * The compression that an error of {@linkcode decompress} is about, if the bytes may be an archive
 * and only their compression is unknown; null for every other error.
 */
export function unreadCompressionOf(error: unknown): UnreadCompression | null {
  return error instanceof UnreadArchive ? error.compression : null;
}

/**
 * How many leading bytes {@linkcode detectCompression} needs to recognize a plain tar: one block.
 */
export const DETECTION_BYTES = 512;

/** The longest magic number of a compressed archive, that of xz. */
const MAGIC_BYTES = 6;

/** The default limit of the decompressed size: no plausible archive is larger. */
export const DEFAULT_MAX_DECOMPRESSED_BYTES = 1024 ** 3;

const MAGIC = {
  gzip: new Uint8Array([0x1f, 0x8b, 0x08]),
  zstd: new Uint8Array([0x28, 0xb5, 0x2f, 0xfd]),
  /** After a first byte from 0x50 to 0x5f. */
  zstdSkippableTail: new Uint8Array([0x2a, 0x4d, 0x18]),
  xz: new Uint8Array([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]),
  /** After it, the size of a block as a digit. */
  bzip2: new TextEncoder().encode("BZh"),
  lz4: new Uint8Array([0x04, 0x22, 0x4d, 0x18]),
  compress: new Uint8Array([0x1f, 0x9d]),
  lzop: new Uint8Array([0x89, 0x4c, 0x5a, 0x4f, 0x00, 0x0d]),
  lzip: new TextEncoder().encode("LZIP"),
  lrzip: new TextEncoder().encode("LRZI"),
  ustar: new TextEncoder().encode("ustar"),
} as const;
const USTAR_OFFSET = 257;
const BY_MAGIC = [
  "gzip",
  "zstd",
  "xz",
  "bzip2",
  "lz4",
  "compress",
  "lzop",
  "lzip",
  "lrzip",
] as const;

const MAX_CHUNK_BYTES = 64 * 1024;

/**
 * Recognizes the compression of an archive by its first bytes; returns null if pkgstash cannot read
 * it. A plain tar is recognized by its magic number, an empty one by its zero block.
 *
 * Source: RFC 1952 section 2.3.1, RFC 8878 section 3.1, the .xz format section 2.1.1, POSIX pax.
 */
export function detectCompression(head: Uint8Array): ArchiveCompression | null {
  for (const name of BY_MAGIC) if (startsWith(head, MAGIC[name])) return name;
  const isSkippableFrame = ((head[0] ?? 0) & 0xf0) === 0x50 &&
    startsWith(head.subarray(1), MAGIC.zstdSkippableTail);
  if (isSkippableFrame) return "zstd";
  if (head.length < DETECTION_BYTES) return null;
  if (startsWith(head.subarray(USTAR_OFFSET), MAGIC.ustar)) return "none";
  return head.every((byte) => byte === 0) ? "none" : null;
}

/**
 * Decompresses an archive: gzip with any number of members, zstd and LZ4 frames, xz and bzip2
 * streams, compress(1), or a plain tar, which passes unchanged. Reads no faster than its reader,
 * and reads the source to its end, whatever decoders leave there; cancelling it cancels the source.
 * `isLocal` says that neither the source nor the reader is slow, which allows xz files of any size.
 *
 * The stream fails with a {@linkcode PkgstashError} of kind "content" if the bytes are not such an
 * archive, are truncated, or decompress to more than `maxDecompressedBytes` or, beyond the first 16
 * MiB, to more than 250 times the archive; see {@linkcode unreadCompressionOf} if only its
 * compression is unknown; and with the source's own error if the source fails. Whether a plain tar
 * or a compress(1) file is truncated is left to the tar reader.
 */
export function decompress(
  source: ReadableStream<Uint8Array>,
  options: { maxDecompressedBytes?: number; isLocal?: boolean } = {},
): ReadableStream<Uint8Array> {
  const { maxDecompressedBytes: limit = DEFAULT_MAX_DECOMPRESSED_BYTES, isLocal = false } = options;
  const input = new ArchiveInput(source);
  const limitNow = () => Math.min(limit, plausibleSize(input));
  const output = limited(decoded(input, { limitNow, isLocal }), limitNow);
  return new ReadableStream<Uint8Array>({
    async pull(controller): Promise<void> {
      try {
        const { done, value } = await output.next();
        if (!done) return controller.enqueue(value);
        await input.drain();
        controller.close();
      } catch (error) {
        const failure = input.failure === undefined ? contentError(error) : input.failure.reason;
        // Not awaited: a source that hangs must not delay the error.
        input.cancel(failure).catch(() => {});
        throw failure;
      }
    },
    async cancel(reason): Promise<void> {
      const cancelled = input.cancel(reason);
      await output.return(undefined).catch(() => {});
      await cancelled;
    },
  }, { highWaterMark: 0 });
}

async function* decoded(
  input: ArchiveInput,
  { limitNow, isLocal }: { limitNow: () => number; isLocal: boolean },
): AsyncGenerator<Uint8Array> {
  const magic = detectCompression(await input.peek(MAGIC_BYTES));
  const head = await input.peek(magic === null ? DETECTION_BYTES : MAGIC_BYTES);
  const compression = magic ?? detectCompression(head);
  switch (compression) {
    case "gzip":
      return yield* throughZlib(input, createGunzip({ chunkSize: MAX_CHUNK_BYTES }));
    case "zstd":
      return yield* unzstd(input);
    case "xz":
      return yield* unxz(input, limitNow, { isLocal });
    case "bzip2":
      return yield* unbzip2(input, limitNow);
    case "lz4":
      return yield* unlz4(input);
    case "compress":
      return yield* unlzw(input);
    case "lzop":
    case "lzip":
    case "lrzip":
      throw new UnreadArchive(compression);
    case "none":
      return yield* input;
    case null:
      throw new PkgstashError("content", `Cannot read an archive: ${describeHead(head)}.`);
  }
}

/** Real databases shrink to a fifth; one that repeats the same text, to a hundredth. */
function plausibleSize({ bytesRead }: ArchiveInput): number {
  return 16 * 1024 ** 2 + 250 * bytesRead;
}

async function* limited(
  chunks: AsyncIterable<Uint8Array>,
  limitNow: () => number,
): AsyncGenerator<Uint8Array> {
  let total = 0;
  const slice = new TimeSlice();
  for await (const chunk of chunks) {
    total += chunk.length;
    const limit = limitNow();
    if (total > limit) {
      throw new PkgstashError(
        "content",
        `Cannot decompress an archive: it holds more than ${limit} bytes.`,
      );
    }
    for (let start = 0; start < chunk.length; start += MAX_CHUNK_BYTES) {
      yield chunk.subarray(start, start + MAX_CHUNK_BYTES);
      if (slice.isOver) await slice.renew();
    }
  }
}

function contentError(error: unknown): PkgstashError {
  if (error instanceof PkgstashError) return error;
  return new PkgstashError("content", `Cannot decompress an archive: ${reasonOf(error)}.`, {
    cause: error,
  });
}

function describeHead(head: Uint8Array): string {
  if (head.length === 0) return "it has no bytes; even an empty tar has some";
  if (/^\s*</.test(new TextDecoder().decode(head.subarray(0, 64)))) {
    return "it is an HTML or XML page, not a tar";
  }
  const bytes = Array.from(head.subarray(0, 6), (byte) => byte.toString(16).padStart(2, "0"));
  return `it begins with the bytes ${bytes.join(" ")}, so it is neither a tar nor in a ` +
    "compression that pacman reads";
}
