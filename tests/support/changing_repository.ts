import { createHash } from "node:crypto";
import type { FakeMirror } from "./fake_mirror.ts";
import { assertSameBytes } from "./same_bytes.ts";
import { sha256Of } from "./sha256.ts";
import { type ListedPackage, syncDbBytes } from "./sync_db_bytes.ts";

const FIRST_TIME = Date.parse("2026-11-01T12:00:00Z");
const HOUR_MS = 3_600_000;

export interface ChangingRepositoryOptions {
  /** `core` by default. */
  name?: string;
  /** Whether the databases are signed; true by default. */
  signed?: boolean;
  /** Whether there are file lists; false by default. */
  files?: boolean;
  /** Whether the mirrors send Last-Modified; true by default. */
  dated?: boolean;
}

/** A state of a repository. */
export interface Revision {
  number: number;
  db: Uint8Array;
  files: Uint8Array;
  lastModified: Date | null;
}

/** A repository with numbered revisions, each dated an hour after the one before. */
export class ChangingRepository {
  readonly name: string;
  readonly #options: ChangingRepositoryOptions;
  /** Numbers of revisions, by the SHA-256 of their files. */
  readonly #numbers = new Map<string, number>();

  constructor(options: ChangingRepositoryOptions = {}) {
    this.#options = options;
    this.name = options.name ?? "core";
  }

  /** The path of a file of the repository, such as `db.sig`. */
  path(member: string): string {
    return `/${this.name}/os/x86_64/${this.name}.${member}`;
  }

  /** The path of a package. */
  package(fileName: string): string {
    return `/${this.name}/os/x86_64/${fileName}`;
  }

  /** Makes a revision that lists `packages`, and a package whose version is its number. */
  async revision(number: number, packages: readonly ListedPackage[] = []): Promise<Revision> {
    const listed: ListedPackage = {
      name: "revision",
      version: `${number}-1`,
      fileName: `revision-${number}-1-any.pkg.tar.zst`,
      size: 1000,
      sha256: "0".repeat(64),
      builddate: (FIRST_TIME + number * HOUR_MS) / 1000,
    };
    const db = await syncDbBytes([listed, ...packages]);
    const files = await syncDbBytes([{ ...listed, depends: ["files"] }, ...packages]);
    for (const bytes of [db, files]) this.#numbers.set(sha256Of(bytes), number);
    const lastModified = this.#options.dated === false
      ? null
      : new Date(FIRST_TIME + number * HOUR_MS);
    return { number, db, files, lastModified };
  }

  /** Puts all files of a revision on a mirror. */
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

  /** The number of the revision whose database or file list this is. */
  numberOf(bytes: Uint8Array): number {
    const number = this.#numbers.get(sha256Of(bytes));
    if (number === undefined) throw new Error(`No revision has these ${bytes.length} bytes.`);
    return number;
  }
}

/**
 * A detached OpenPGP signature of `data` (RFC 4880, section 5.2.3) that is valid except for the
 * cryptography: where the numbers made with a key belong, it has the SHA-256.
 * @param createdAt In seconds since 1970; another time makes another signature.
 */
export function signatureOf(data: Uint8Array, createdAt = 0x65000000): Uint8Array<ArrayBuffer> {
  // Version 4, for binary data, EdDSA, SHA-256; 6 hashed bytes with the creation time.
  const hashed = new Uint8Array([4, 0, 22, 8, 0, 6, 5, 2, 0, 0, 0, 0]);
  new DataView(hashed.buffer).setUint32(8, createdAt);
  const digest = createHash("sha256").update(data).update(hashed)
    .update(new Uint8Array([4, 0xff, 0, 0, 0, hashed.length])).digest();
  const body = [...hashed, 0, 0, digest[0]!, digest[1]!, 1, 0, ...digest];
  return new Uint8Array([0x89, 0, body.length, ...body]);
}

/** Asserts that `signature` is `signatureOf(data)`. */
export function assertSigned(data: Uint8Array, signature: Uint8Array): void {
  assertSameBytes(signature, signatureOf(data));
}
