import { crc32 } from "node:zlib";
import { PkgstashError, reasonOf } from "../../errors.ts";
import { decompress, detectCompression } from "../../formats/archive/archive_compression.ts";
import { readSignature } from "../../formats/openpgp/signature.ts";
import type { ContentKind } from "./content_check.ts";
import { fill } from "../../platform/files/fill.ts";

/** A tar ends in two blocks of zeros. */
const END_OF_TAR_BYTES = 1024;
const XZ_FOOTER_BYTES = 12;
const TAR_BLOCK_BYTES = 512;
/** Enough to recognize a plain tar. */
const HEAD_BYTES = 512;
const ARMOR_END = "-----END PGP SIGNATURE-----";

/**
 * Checks that a file is complete according to its own format, for a body whose end nothing else
 * proves: a compressed stream, a tar and a signature all mark their end. Databases are read whole
 * anyway. Throws `content` if the file is truncated or its format is unknown.
 */
export async function checkStreamEnd(
  kind: ContentKind,
  fileName: string,
  path: string,
): Promise<void> {
  try {
    if (kind === "package") await checkArchiveEnd(path);
    if (kind === "signature") await checkSignatureEnd(path);
    if (kind === "file") throw new PkgstashError("content", "its format is not known");
  } catch (error) {
    if (!(error instanceof PkgstashError)) throw error;
    throw new PkgstashError(
      "content",
      `Cannot accept ${fileName}: it came without a Content-Length, and its end is missing ` +
        `(${reasonOf(error)}).`,
      { cause: error },
    );
  }
}

async function checkArchiveEnd(path: string): Promise<void> {
  using file = await Deno.open(path);
  const head = new Uint8Array(HEAD_BYTES);
  const length = await file.read(head) ?? 0;
  switch (detectCompression(head.subarray(0, length))) {
    case "none":
      return checkTarEnd(await readEnd(file, END_OF_TAR_BYTES), (await file.stat()).size);
    case "xz":
      return checkXzEnd(await readEnd(file, XZ_FOOTER_BYTES));
    default: {
      await file.seek(0, Deno.SeekMode.Start);
      // Decompressed data is discarded, so no size is too large.
      const stream = decompress(file.readable, { maxDecompressedBytes: Infinity });
      for await (const _ of stream);
    }
  }
}

/** The last `count` bytes of a file, or the whole file if it is shorter. */
async function readEnd(file: Deno.FsFile, count: number): Promise<Uint8Array> {
  const { size } = await file.stat();
  const bytes = new Uint8Array(Math.min(count, size));
  await file.seek(-bytes.length, Deno.SeekMode.End);
  await fill(file, bytes);
  return bytes;
}

function checkTarEnd(end: Uint8Array, size: number): void {
  const isWhole = end.length === END_OF_TAR_BYTES && size % TAR_BLOCK_BYTES === 0;
  if (isWhole && end.every((byte) => byte === 0)) return;
  throw new PkgstashError("content", "the tar is truncated");
}

/** The footer has a checksum of its own (the .xz format, section 2.1.2). */
function checkXzEnd(footer: Uint8Array): void {
  if (footer.length === XZ_FOOTER_BYTES) {
    const view = new DataView(footer.buffer);
    const isSound = view.getUint32(0, true) === crc32(footer.subarray(4, 10));
    if (isSound && footer[10] === 0x59 && footer[11] === 0x5a) return;
  }
  throw new PkgstashError("content", "the xz stream is truncated");
}

async function checkSignatureEnd(path: string): Promise<void> {
  const bytes = await Deno.readFile(path);
  if (readSignature(bytes) !== null) return;
  if (new TextDecoder().decode(bytes).trimEnd().endsWith(ARMOR_END)) return;
  throw new PkgstashError("content", "the signature is truncated");
}
