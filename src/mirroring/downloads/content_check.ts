import { startsWith } from "@std/bytes/starts-with";
import { PkgstashError } from "../../errors.ts";

/** What a body is supposed to be. */
export type ContentKind =
  | "package"
  | "signature"
  | "database"
  /** Anything else, of which nothing is known. */
  | "file";

/** pacman's own limit for a signature (lib/libalpm/signing.c). */
const MAX_SIGNATURE_BYTES = 16 * 1024;
/** pacman's own limit for a database (lib/libalpm/db.c). */
const MAX_DATABASE_BYTES = 128 * 1024 * 1024;

/** Number of leading bytes that `checkBeginning` needs. */
export const BEGINNING_BYTES = 6;
/** How many of them to search for markup: decoding everything would delay the first byte. */
const MARKUP_BYTES = 1024;

/** First bytes of a compressed package, by file suffix. */
const MAGIC: Record<string, Uint8Array> = {
  ".gz": Uint8Array.of(0x1f, 0x8b),
  ".bz2": Uint8Array.of(0x42, 0x5a, 0x68),
  ".xz": Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00),
  ".zst": Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd),
  ".lz4": Uint8Array.of(0x04, 0x22, 0x4d, 0x18),
  ".lz": Uint8Array.of(0x4c, 0x5a, 0x49, 0x50),
  ".Z": Uint8Array.of(0x1f, 0x9d),
};
/** All but the first byte of a skippable zstd frame (RFC 8878, section 3.1.2). */
const SKIPPABLE_FRAME = Uint8Array.of(0x2a, 0x4d, 0x18);
/** The tag of an OpenPGP signature packet (RFC 9580, section 5). */
const SIGNATURE_TAG = 2;
const ARMOR = new TextEncoder().encode("-----");

/** A body before it is read: its declared length, and what is known about the file. */
export interface AnnouncedBody {
  kind: ContentKind;
  /** Length of the whole file according to the headers, in bytes, or null. */
  size: number | null;
  /** Length of the whole file according to the database, in bytes, or null. */
  expectedSize: number | null;
}

/**
 * Refuses, by its length, a body that cannot be the file: an empty one, one whose length differs
 * from the database, or one that pacman would not accept. Labels (Content-Type, Content-Encoding)
 * do not count: servers put wrong ones on right bytes. Throws `content`; like every message here,
 * the message is a reason that follows the name of a mirror.
 */
export function checkLength({ kind, size, expectedSize }: AnnouncedBody): void {
  if (size === 0) throw refusal(`sent an empty ${kind}`);
  if (size !== null && expectedSize !== null && size !== expectedSize) {
    throw refusal(`sent ${size} bytes, but the database says ${expectedSize}`);
  }
  const max = maxBytesOf(kind);
  if (size !== null && size > max) {
    throw refusal(`sent a ${kind} of ${size} bytes, but pacman accepts at most ${max}`);
  }
}

/** The maximum length of a file of this kind; infinite for packages and other files. */
export function maxBytesOf(kind: ContentKind): number {
  switch (kind) {
    case "package":
    case "file":
      return Infinity;
    case "signature":
      return MAX_SIGNATURE_BYTES;
    case "database":
      return MAX_DATABASE_BYTES;
  }
}

/**
 * Refuses a body whose first bytes cannot begin the file with this name. Throws `content`. A
 * package that a database describes is judged by the database, whatever its suffix: pacman, too,
 * looks at the bytes.
 */
export function checkBeginning(
  kind: ContentKind,
  fileName: string,
  beginning: Uint8Array,
  { isDescribed = false } = {},
): void {
  const [first] = beginning;
  if (first === undefined) throw refusal(`sent an empty ${kind}`);
  switch (kind) {
    case "package": {
      const magic = isDescribed ? undefined : MAGIC[/\.[^.]+$/.exec(fileName)?.[0] ?? ""];
      if (magic === undefined ? !isMarkup(beginning) : startsWith(beginning, magic)) return;
      const isSkippable = first >> 4 === 5 && startsWith(beginning.subarray(1), SKIPPABLE_FRAME);
      if (fileName.endsWith(".zst") && isSkippable) return;
      throw refusal(
        `sent a file that does not begin like a ${fileName.replace(/^.*\.pkg/, ".pkg")}`,
      );
    }
    case "signature":
      if (packetTagOf(first) === SIGNATURE_TAG || startsWith(beginning, ARMOR)) return;
      throw refusal("sent a file that is not an OpenPGP signature");
    case "file":
      return;
    case "database":
      if (!isMarkup(beginning)) return;
      throw refusal("sent HTML or XML instead of a database");
  }
}

/** Whether a body begins like a web page, perhaps after a byte order mark or spaces. */
function isMarkup(beginning: Uint8Array): boolean {
  const text = new TextDecoder().decode(beginning.subarray(0, MARKUP_BYTES));
  return text.trimStart().startsWith("<");
}

/**
 * The tag of the OpenPGP packet that begins with this byte; null if it is not one (section 4.2).
 */
function packetTagOf(first: number): number | null {
  if (first < 0x80) return null;
  return first < 0xc0 ? first >> 2 & 0x0f : first & 0x3f;
}

function refusal(reason: string): PkgstashError {
  return new PkgstashError("content", reason);
}
