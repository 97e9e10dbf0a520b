import { signatureOf } from "./changing_repository.ts";
import type { FakeMirror } from "./fake_mirror.ts";
import { packageBytes } from "./package_bytes.ts";
import { sha256Of } from "./sha256.ts";
import { type ListedPackage, syncDbBytes } from "./sync_db_bytes.ts";

const FIRST_TIME = Date.parse("2026-11-01T12:00:00Z");
const HOUR_MS = 3_600_000;

/** Properties of a package besides its name and version. */
export interface PublishedPackage {
  /** Bytes; 1000 by default. */
  size?: number;
  /** Packages of the same name and size have different bytes if their seeds differ. */
  seed?: number;
  /** Whether the mirror has a signature; true by default. */
  signed?: boolean;
  /** Base64 of the signature that the database contains; none by default. */
  pgpsig?: string;
  depends?: readonly string[];
  replaces?: readonly string[];
  provides?: readonly string[];
}

/** A repository on a mirror. Each publication is dated an hour after the one before. */
export class PublishedRepository {
  readonly directory: string;
  readonly name: string;
  readonly #mirror: FakeMirror;
  readonly #packages = new Map<
    string,
    { listed: ListedPackage; bytes: Uint8Array; isSigned: boolean }
  >();
  #offered: string[] = [];
  #publications = 0;

  constructor(mirror: FakeMirror, name = "core") {
    this.#mirror = mirror;
    this.name = name;
    this.directory = `${name}/os/x86_64`;
  }

  /** The path of a file, such as `core.db`, below the server's root. */
  path(fileName: string): string {
    return `/${this.directory}/${fileName}`;
  }

  /** The path of a package, below the server's root. */
  package(name: string, version: number): string {
    return this.path(`${name}-${version}-1-any.pkg.tar.zst`);
  }

  /** The content of the version of a package that was set last. */
  bytesOf(name: string): Uint8Array {
    return this.#packages.get(name)!.bytes;
  }

  /** Adds or replaces a package, as of the next publication. */
  set(name: string, version: number, options: PublishedPackage = {}): this {
    const { size = 1000, seed = version, signed = true, ...more } = options;
    const bytes = packageBytes(size, seed * 1000 + name.length);
    const fileName = `${name}-${version}-1-any.pkg.tar.zst`;
    const sha256 = sha256Of(bytes);
    const listed = { name, version: `${version}-1`, fileName, size, sha256, ...more };
    this.#packages.set(name, { listed, bytes, isSigned: signed });
    return this;
  }

  /** Removes a package, as of the next publication. */
  drop(name: string): this {
    this.#packages.delete(name);
    return this;
  }

  /** Puts the database, packages and signatures on the mirror, and removes all other files. */
  async publish(): Promise<void> {
    const lastModified = new Date(FIRST_TIME + this.#publications++ * HOUR_MS);
    const packages = [...this.#packages.values()];
    const db = await syncDbBytes(packages.map(({ listed }) => listed));
    for (const path of this.#offered) this.#mirror.remove(path);
    this.#offered = [];
    const put = (path: string, body: Uint8Array) => {
      this.#mirror.put(path, body, { lastModified });
      this.#offered.push(path);
    };
    put(this.path(`${this.name}.db`), db);
    for (const { listed: { fileName }, bytes, isSigned } of packages) {
      put(this.path(fileName), bytes);
      if (isSigned) put(this.path(`${fileName}.sig`), signatureOf(bytes));
    }
  }
}
