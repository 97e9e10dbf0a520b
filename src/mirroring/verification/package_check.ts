import { createHash, type Hash } from "node:crypto";
import { equals } from "@std/bytes/equals";
import { reasonOf } from "../../errors.ts";
import { isMadeFor, readSignature } from "../../formats/openpgp/signature.ts";
import { statIfPresent } from "../../platform/files/durable.ts";
import { isUnreadable } from "../../platform/files/unreadable.ts";
import { fill } from "../../platform/files/fill.ts";

const READ_BYTES = 256 * 1024;
/** Ample for signatures of several keys. */
const MAX_SIGNATURE_BYTES = 64 * 1024;

/** What a cached package should be. */
export interface PackageFacts {
  /** Bytes; null if unknown. */
  readonly size: number | null;
  /** In lower-case hexadecimal; null if unknown. */
  readonly sha256: string | null;
  /** The signature in the database; null if it has none. */
  readonly signature: Uint8Array | null;
}

/** The result of a check. Each fault is a clause such as "it has 5 bytes instead of 10". */
export interface PackageVerdict {
  /** The fault of the package; null if there is none. */
  readonly fault: string | null;
  /** The fault of the signature beside it; null if there is none, or no signature. */
  readonly signatureFault: string | null;
  /** SHA-256 of the package as read; null if it was not read to the end. */
  readonly sha256: string | null;
}

export interface PackageCheckOptions {
  /** Awaited after each piece read. */
  pace: (bytes: number) => Promise<void>;
  signal: AbortSignal;
}

/**
 * Compares a cached package and the signature beside it with what they should be, in one pass over
 * the bytes. Returns null if the package is gone or was replaced meanwhile.
 */
export async function checkPackage(
  path: string,
  facts: PackageFacts,
  { pace, signal }: PackageCheckOptions,
): Promise<PackageVerdict | null> {
  const wrong = (fault: string) => ({ fault, signatureFault: null, sha256: null });
  try {
    using file = await Deno.open(path);
    const { isFile, size, ino } = await file.stat();
    if (!isFile) return wrong("it is not a file");
    if (size === 0) return wrong("it is empty");
    if (facts.size !== null && size !== facts.size) {
      return wrong(`it has ${size} bytes instead of ${facts.size}`);
    }
    const signature = await signatureBeside(path);
    const fingerprints = signature === null ? [] : readSignature(signature) ?? [];
    const hashes = new Map<string, Hash>(
      ["sha256", ...fingerprints.map(({ hash }) => hash)].map((name) => [name, createHash(name)]),
    );
    const buffer = new Uint8Array(READ_BYTES);
    for (let count; (count = await file.read(buffer)) !== null;) {
      for (const hash of hashes.values()) hash.update(buffer.subarray(0, count));
      await pace(count);
      signal.throwIfAborted();
    }
    if ((await statIfPresent(path))?.ino !== ino) return null;
    const sha256 = hashes.get("sha256")?.copy().digest("hex") ?? "";
    if (facts.sha256 !== null && sha256 !== facts.sha256) {
      return { ...wrong(`its SHA-256 is ${sha256} instead of ${facts.sha256}`), sha256 };
    }
    const isMade = fingerprints.every((fingerprint) => {
      const hash = hashes.get(fingerprint.hash);
      return hash !== undefined && isMadeFor(fingerprint, hash);
    });
    return {
      fault: null,
      signatureFault: signature === null ? null : signatureFault(signature, facts, isMade),
      sha256,
    };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Deno.errors.NotFound) return null;
    if (!isUnreadable(error)) throw error;
    return wrong(`it cannot be read: ${reasonOf(error)}`);
  }
}

function signatureFault(
  signature: Uint8Array,
  { signature: listed }: PackageFacts,
  isMade: boolean,
): string | null {
  if (signature.length === 0) return "it is empty";
  if (listed !== null && !equals(signature, listed)) return "it is not the one in the database";
  return isMade ? null : "it was made for another file";
}

/** The signature of a package; null if there is none. An overlong one is truncated. */
async function signatureBeside(path: string): Promise<Uint8Array | null> {
  try {
    using file = await Deno.open(`${path}.sig`);
    const bytes = new Uint8Array(MAX_SIGNATURE_BYTES);
    return bytes.slice(0, await fill(file, bytes));
  } catch {
    // A client that wants it will fetch it again, or be told why not.
    return null;
  }
}
