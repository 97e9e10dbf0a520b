import { signatureOf } from "../support/changing_repository.ts";
import type { FakeMirror } from "../support/fake_mirror.ts";
import { packageBytes } from "../support/package_bytes.ts";
import { sha256Of } from "../support/sha256.ts";
import { type ListedPackage, syncDbBytes } from "../support/sync_db_bytes.ts";

const FIRST_PUBLICATION = Date.parse("2026-11-01T12:00:00Z");
const HOUR_MS = 3_600_000;

export interface PackageRelease {
  readonly name: string;
  readonly version: string;
  readonly bytes: number;
  readonly depends?: readonly string[];
  readonly isSigned?: boolean;
}

/** A repository that several mirrors offer alike. */
export class MirroredRepository {
  readonly #mirrors: readonly FakeMirror[];
  readonly #name: string;
  readonly #listed = new Map<string, ListedPackage>();
  #publications = 0;

  constructor(mirrors: readonly FakeMirror[], name: string) {
    this.#mirrors = mirrors;
    this.#name = name;
  }

  /** Path of a file below the root of a mirror, and below that of pkgstash. */
  pathOf(fileName: string): string {
    return `/${this.#name}/os/x86_64/${fileName}`;
  }

  /** Path of the current version of a package. */
  packagePath(name: string): string {
    const listed = this.#listed.get(name);
    if (listed === undefined) throw new Error(`${this.#name} has no package ${name}.`);
    return this.pathOf(listed.fileName);
  }

  /** Offers these packages, and a database that lists them in place of their older versions. */
  async publish(releases: readonly PackageRelease[]): Promise<void> {
    for (const release of releases) this.#offer(release);
    const lastModified = new Date(FIRST_PUBLICATION + this.#publications++ * HOUR_MS);
    const database = await syncDbBytes([...this.#listed.values()]);
    for (const mirror of this.#mirrors) {
      mirror.put(this.pathOf(`${this.#name}.db`), database, { lastModified });
    }
  }

  #offer({ name, version, bytes, depends = [], isSigned = false }: PackageRelease): void {
    const fileName = `${name}-${version}-x86_64.pkg.tar.zst`;
    const content = packageBytes(bytes, bytes);
    const sha256 = sha256Of(content);
    this.#listed.set(name, { name, version, fileName, size: bytes, sha256, depends });
    for (const mirror of this.#mirrors) {
      mirror.put(this.pathOf(fileName), content);
      if (isSigned) mirror.put(this.pathOf(`${fileName}.sig`), signatureOf(content));
    }
  }
}
