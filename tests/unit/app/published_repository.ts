import { createHash } from "node:crypto";
import { signatureOf } from "../mirroring/databases/changing_repository.ts";
import type { FakeMirror } from "../../support/fake_mirror.ts";
import { packageBytes } from "../../support/package_bytes.ts";
import { type ListedPackage, syncDbBytes } from "../../support/sync_db_bytes.ts";

const FIRST = Date.parse("2026-11-01T12:00:00Z");

/** What a package is to be, besides its name and version. */
export interface PublishedPackage {
  /** Bytes; 1000 unless given. */
  size?: number;
  /** Other contents of the same name have other seeds. */
  seed?: number;
  /** Whether the mirror has a signature; it has unless told otherwise. */
  signed?: boolean;
  depends?: readonly string[];
  replaces?: readonly string[];
}

/** A repository on a mirror, of which each publication is an hour younger than the one before. */
export class PublishedRepository {
  readonly directory: string;
  readonly #packages = new Map<string, { listed: ListedPackage; bytes: Uint8Array }>();
  #offered: string[] = [];
  #publications = 0;

  constructor(private readonly mirror: FakeMirror, readonly name = "core") {
    this.directory = `${name}/os/x86_64`;
  }

  /** Path of a file below the server's root, such as `core.db`. */
  path(fileName: string): string {
    return `/${this.directory}/${fileName}`;
  }

  /** Path of a version of a package. */
  package(name: string, version: number): string {
    return this.path(`${name}-${version}-1-any.pkg.tar.zst`);
  }

  /** The bytes of a package as it was published last. */
  bytesOf(name: string): Uint8Array {
    return this.#packages.get(name)!.bytes;
  }

  /** Adds a package or replaces it; it shows with the next publication. */
  set(name: string, version: number, options: PublishedPackage = {}): this {
    const { size = 1000, seed = version, signed = true, ...more } = options;
    const bytes = packageBytes(size, seed * 1000 + name.length);
    const fileName = `${name}-${version}-1-any.pkg.tar.zst`;
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    const listed = { name, version: `${version}-1`, fileName, size, sha256, ...more };
    this.#packages.set(name, { listed, bytes });
    this.#signed.set(name, signed);
    return this;
  }

  drop(name: string): this {
    this.#packages.delete(name);
    return this;
  }

  /** Puts database, packages and signatures on the mirror, and takes the others away. */
  async publish(): Promise<void> {
    const lastModified = new Date(FIRST + this.#publications++ * 3_600_000);
    const packages = [...this.#packages.values()];
    const db = await syncDbBytes(packages.map(({ listed }) => listed));
    for (const path of this.#offered) this.mirror.remove(path);
    this.#offered = [];
    const put = (path: string, body: Uint8Array) => {
      this.mirror.put(path, body, { lastModified });
      this.#offered.push(path);
    };
    put(this.path(`${this.name}.db`), db);
    for (const { listed: { name, fileName }, bytes } of packages) {
      put(this.path(fileName), bytes);
      if (this.#signed.get(name)) put(this.path(`${fileName}.sig`), signatureOf(bytes));
    }
  }

  readonly #signed = new Map<string, boolean>();
}
