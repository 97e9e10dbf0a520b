import { PkgstashError } from "../../errors.ts";

/** What a body is supposed to be. */
export type ContentKind = "package" | "signature" | "database";

/** pacman's own limit for a signature (lib/libalpm/signing.c). */
const LARGEST_SIGNATURE = 16 * 1024;
/** pacman's own limit for a database (lib/libalpm/db.c). */
const LARGEST_DATABASE = 128 * 1024 * 1024;

/** How many of the first bytes `checkBeginning` wants to see. */
export const BEGINNING = 6;

const MAGIC: Record<string, readonly number[]> = {
  ".gz": [0x1f, 0x8b],
  ".bz2": [0x42, 0x5a, 0x68],
  ".xz": [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00],
  ".zst": [0x28, 0xb5, 0x2f, 0xfd],
  ".lz4": [0x04, 0x22, 0x4d, 0x18],
  ".lz": [0x4c, 0x5a, 0x49, 0x50],
  ".Z": [0x1f, 0x9d],
};

/**
 * Refuses, by the headers alone, an answer that cannot be the file: a page for people, nothing at
 * all, an encoded body, another length than `expected` bytes. Throws `content`.
 */
export function checkHeaders(
  kind: ContentKind,
  headers: Headers,
  size: number | null,
  expected: number | null,
): void {
  const type = headers.get("content-type") ?? "";
  if (/^\s*(text\/html|application\/xhtml\+xml)\b/i.test(type)) {
    throw refusal(`sent a web page (${type}) instead of a ${kind}`);
  }
  const encoding = headers.get("content-encoding");
  if (encoding !== null && encoding !== "identity" && kind !== "database") {
    throw refusal(`sent the ${kind} encoded (${encoding})`);
  }
  if (size === 0) throw refusal(`sent an empty ${kind}`);
  if (size !== null && expected !== null && size !== expected) {
    throw refusal(`sent ${size} bytes where the database says ${expected}`);
  }
  const largest = largestOf(kind);
  if (size !== null && size > largest) {
    throw refusal(`sent a ${kind} of ${size} bytes, more than the ${largest} that pacman takes`);
  }
}

/**
 * Refuses a body of which nothing says where it ends: it ends with its connection, so one that was
 * cut looks whole. Throws `content`.
 */
export function checkHasEnd(
  kind: ContentKind,
  headers: Headers,
  size: number | null,
  expected: number | null,
): void {
  // A database that was cut is found out when it is unpacked.
  if (kind === "database" || size !== null || expected !== null) return;
  if (headers.has("transfer-encoding")) return;
  throw refusal(`sent a ${kind} without its length, so that a part would pass for the whole`);
}

/** The most bytes that a file of this kind may have; infinite for packages. */
export function largestOf(kind: ContentKind): number {
  switch (kind) {
    case "package":
      return Infinity;
    case "signature":
      return LARGEST_SIGNATURE;
    case "database":
      return LARGEST_DATABASE;
  }
}

/** Refuses a body whose first bytes cannot begin the file of this name. Throws `content`. */
export function checkBeginning(kind: ContentKind, fileName: string, beginning: Uint8Array): void {
  if (beginning.length === 0) throw refusal(`sent an empty ${kind}`);
  switch (kind) {
    case "package": {
      const magic = MAGIC[/\.[^.]+$/.exec(fileName)?.[0] ?? ""];
      if (magic === undefined || startsWith(beginning, magic)) return;
      // zstd may open with a skippable frame (RFC 8878, section 3.1.2).
      if (
        fileName.endsWith(".zst") && beginning[0]! >> 4 === 5 &&
        startsWith(beginning.subarray(1), [0x2a, 0x4d, 0x18])
      ) return;
      throw refusal(
        `sent something that does not begin like a ${fileName.replace(/^.*\.pkg/, ".pkg")}`,
      );
    }
    case "signature":
      // An OpenPGP packet begins with its highest bit set (RFC 9580, section 4.2).
      if (beginning[0]! >= 0x80 || startsWith(beginning, [0x2d, 0x2d, 0x2d, 0x2d, 0x2d])) return;
      throw refusal("sent something that is not an OpenPGP signature");
    case "database":
      if (beginning[0] !== 0x3c /* < */) return;
      throw refusal("sent markup instead of a database");
  }
}

function startsWith(bytes: Uint8Array, prefix: readonly number[]): boolean {
  return prefix.every((byte, index) => bytes[index] === byte);
}

function refusal(what: string): PkgstashError {
  return new PkgstashError("content", what);
}
