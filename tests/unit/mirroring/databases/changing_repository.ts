import { createHash } from "node:crypto";
import { assertEquals } from "@std/assert";
import type { FakeMirror } from "../../../support/fake_mirror.ts";
import { type ListedPackage, syncDbBytes } from "../../../support/sync_db_bytes.ts";

const FIRST = Date.parse("2026-11-01T12:00:00Z");

/** What the mirrors of a repository have besides its database. */
export interface ChangingRepositoryOptions {
  /** `core` unless given. */
  name?: string;
  /** Whether there are signatures; true unless given. */
  signed?: boolean;
  /** Whether there are file lists; false unless given. */
  files?: boolean;
  /** Whether the mirrors send Last-Modified; true unless given. */
  dated?: boolean;
}

/** One state of a repository. */
export interface Revision {
  number: number;
  db: Uint8Array;
  files: Uint8Array;
  lastModified: Date | null;
}

/** A repository with one revision after another, each an hour newer than the one before. */
export class ChangingRepository {
  readonly name: string;
  readonly #options: ChangingRepositoryOptions;
  readonly #byDigest = new Map<string, number>();

  constructor(options: ChangingRepositoryOptions = {}) {
    this.#options = options;
    this.name = options.name ?? "core";
  }

  /** Path of a file of the repository, such as `db.sig`. */
  path(member: string): string {
    return `/${this.name}/os/x86_64/${this.name}.${member}`;
  }

  /** Path of a package. */
  package(fileName: string): string {
    return `/${this.name}/os/x86_64/${fileName}`;
  }

  /** Makes a revision that lists `packages` and a package whose version is the revision's number. */
  async revision(number: number, packages: readonly ListedPackage[] = []): Promise<Revision> {
    const listed: ListedPackage = {
      name: "revision",
      version: `${number}-1`,
      fileName: `revision-${number}-1-any.pkg.tar.zst`,
      size: 1000,
      sha256: "0".repeat(64),
      builddate: FIRST / 1000 + number * 3600,
    };
    const db = await syncDbBytes([listed, ...packages]);
    const files = await syncDbBytes([{ ...listed, depends: ["files"] }, ...packages]);
    for (const bytes of [db, files]) this.#byDigest.set(digestOf(bytes), number);
    const lastModified = this.#options.dated === false ? null : new Date(FIRST + number * 3600_000);
    return { number, db, files, lastModified };
  }

  /** Puts a revision on a mirror, all of its files at once. */
  put(mirror: FakeMirror, { db, files, lastModified }: Revision): void {
    const { signed = true } = this.#options;
    const members = this.#options.files === true ? { db, files } : { db };
    for (const [member, bytes] of Object.entries(members)) {
      mirror.put(this.path(member), bytes, { lastModified });
      if (signed) mirror.put(this.path(`${member}.sig`), signatureOf(bytes), { lastModified });
    }
  }

  /** Makes a revision and puts it on these mirrors. */
  async publish(mirrors: readonly FakeMirror[], number: number): Promise<Revision> {
    const revision = await this.revision(number);
    for (const mirror of mirrors) this.put(mirror, revision);
    return revision;
  }

  /** The number of the revision that these bytes are the database or file list of. */
  numberOf(bytes: Uint8Array): number {
    const number = this.#byDigest.get(digestOf(bytes));
    if (number === undefined) throw new Error(`${bytes.length} bytes that are of no revision`);
    return number;
  }
}

/**
 * A well-formed detached OpenPGP signature of `data`: it has the first two bytes of the right
 * SHA-256, and the whole digest in place of the numbers that only the key could make.
 */
export function signatureOf(data: Uint8Array): Uint8Array<ArrayBuffer> {
  // Version 4, of binary data, EdDSA, SHA-256; 6 hashed bytes: the time of signing.
  const hashed = new Uint8Array([4, 0, 22, 8, 0, 6, 5, 2, 0x65, 0, 0, 0]);
  const digest = createHash("sha256").update(data).update(hashed)
    .update(new Uint8Array([4, 0xff, 0, 0, 0, hashed.length])).digest();
  const body = [...hashed, 0, 0, digest[0]!, digest[1]!, 1, 0, ...digest];
  return new Uint8Array([0x89, 0, body.length, ...body]);
}

/** Fails unless `signature` is that of `data`. */
export function assertSigned(data: Uint8Array, signature: Uint8Array): void {
  assertSameBytes(signature, signatureOf(data));
}

/** Fails with a short message unless both are the same. */
export function assertSameBytes(actual: Uint8Array, expected: Uint8Array): void {
  assertEquals(describe(actual), describe(expected));
}

function describe(bytes: Uint8Array): string {
  return `${bytes.length} bytes with SHA-256 ${digestOf(bytes)}`;
}

function digestOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
