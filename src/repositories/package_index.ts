import { readSyncDb } from "../formats/pacman/sync_db.ts";

/** What a package file must be, according to its database. */
export interface Expectation {
  /** In bytes; null if the database does not say. */
  size: number | null;
  /** In lower-case hexadecimal; null if the database does not say. */
  sha256: string | null;
}

/** The package files of a database. */
export interface PackageIndex {
  /** By file name. */
  readonly packages: ReadonlyMap<string, Expectation>;
  /** Names of the files whose signature is in the database (%PGPSIG%). */
  readonly signed: ReadonlySet<string>;
  /** The latest %BUILDDATE% in milliseconds since the epoch; null if there is none. */
  readonly newestBuildDate: number | null;
}

/** Indexes a database on disk; throws `content` if pacman could not use it. */
export async function readPackageIndex(path: string): Promise<PackageIndex> {
  using file = await Deno.open(path);
  const packages = new Map<string, Expectation>();
  const signed = new Set<string>();
  let newestBuildDate: number | null = null;
  for await (const entry of readSyncDb(file.readable)) {
    packages.set(entry.fileName, {
      size: entry.compressedSize ?? null,
      sha256: entry.sha256sum ?? null,
    });
    if (entry.pgpSignature !== undefined) signed.add(entry.fileName);
    if (entry.buildDate !== undefined) {
      newestBuildDate = Math.max(newestBuildDate ?? 0, entry.buildDate * 1000);
    }
  }
  return { packages, signed, newestBuildDate };
}

/** Reads a database or file list to its end; throws `content` if pacman could not use it. */
export async function checkArchive(path: string): Promise<void> {
  using file = await Deno.open(path);
  for await (const _ of readSyncDb(file.readable));
}

/** The signature of a package file that its database contains (%PGPSIG%), decoded; null if none. */
export async function findEmbeddedSignature(
  databasePath: string,
  fileName: string,
): Promise<Uint8Array | null> {
  using file = await Deno.open(databasePath);
  for await (const entry of readSyncDb(file.readable)) {
    if (entry.fileName !== fileName) continue;
    return entry.pgpSignature === undefined ? null : decode(entry.pgpSignature);
  }
  return null;
}

function decode(base64: string): Uint8Array | null {
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
}
