import type { FakeMirror } from "../support/fake_mirror.ts";
import { packageBytes } from "../support/package_bytes.ts";
import { sha256Of } from "../support/sha256.ts";
import { type ListedPackage, syncDbBytes } from "../support/sync_db_bytes.ts";

/** A file of the generated repositories: what every client has to receive. */
export interface CatalogueFile {
  /** Its name in the output: `core.db`, or a package's name and version. */
  label: string;
  /** Below the roots of the mirrors and of pkgstash, with a leading slash. */
  path: string;
  bytes: Uint8Array;
}

/** Everything that clients request, in two small repositories. */
export interface Catalogue {
  core: CatalogueFile;
  extra: CatalogueFile;
  glibc: CatalogueFile;
  linux: CatalogueFile;
  nano: CatalogueFile;
  firefox: CatalogueFile;
  git: CatalogueFile;
}

/** Generates pseudo-random packages, and databases with their sizes and SHA-256. */
export async function generateCatalogue(): Promise<Catalogue> {
  const core = new Repository("core");
  const glibc = core.add("glibc", "2.42-1", 4_500_000);
  const linux = core.add("linux", "6.17.8-1", 9_000_000);
  const nano = core.add("nano", "8.7-1", 600_000);
  const extra = new Repository("extra");
  const firefox = extra.add("firefox", "145.0-1", 10_000_000);
  const git = extra.add("git", "2.52.0-1", 2_000_000);
  return {
    core: await core.database(),
    extra: await extra.database(),
    glibc,
    linux,
    nano,
    firefox,
    git,
  };
}

/** All packages of both repositories. */
export function packagesOf({ glibc, linux, nano, firefox, git }: Catalogue): CatalogueFile[] {
  return [glibc, linux, nano, firefox, git];
}

/** Puts files on a mirror. */
export function putAll(mirror: FakeMirror, files: readonly CatalogueFile[]): void {
  for (const { path, bytes } of files) mirror.put(path, bytes);
}

class Repository {
  readonly #name: string;
  readonly #listed: ListedPackage[] = [];

  constructor(name: string) {
    this.#name = name;
  }

  add(name: string, version: string, size: number): CatalogueFile {
    const fileName = `${name}-${version}-x86_64.pkg.tar.zst`;
    const bytes = packageBytes(size, size);
    this.#listed.push({ name, version, fileName, size, sha256: sha256Of(bytes) });
    return { label: `${name}-${version}`, path: this.#pathOf(fileName), bytes };
  }

  async database(): Promise<CatalogueFile> {
    const label = `${this.#name}.db`;
    return { label, path: this.#pathOf(label), bytes: await syncDbBytes(this.#listed) };
  }

  #pathOf(fileName: string): string {
    return `/${this.#name}/os/x86_64/${fileName}`;
  }
}
