import { createHash } from "node:crypto";
import type { FakeMirror } from "../support/fake_mirror.ts";
import { packageBytes } from "../support/package_bytes.ts";
import { type ListedPackage, syncDbBytes } from "../support/sync_db_bytes.ts";

/** A file as the generated repositories hold it: what every client has to receive. */
export interface OriginalFile {
  /** What the story calls it: `core.db`, or a package's name and version. */
  label: string;
  /** Below a mirror's root and below pkgstash's, with its leading slash. */
  path: string;
  bytes: Uint8Array;
}

/** Two small repositories with everything that clients will ask for. */
export interface Catalogue {
  core: OriginalFile;
  extra: OriginalFile;
  glibc: OriginalFile;
  linux: OriginalFile;
  nano: OriginalFile;
  firefox: OriginalFile;
  git: OriginalFile;
}

/** Package files are pseudo-random, the databases list them with their real lengths and hashes. */
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

/** All packages of all repositories. */
export function packagesOf({ glibc, linux, nano, firefox, git }: Catalogue): OriginalFile[] {
  return [glibc, linux, nano, firefox, git];
}

/** Offers files on a mirror. */
export function offer(mirror: FakeMirror, files: readonly OriginalFile[]): void {
  for (const { path, bytes } of files) mirror.put(path, bytes);
}

class Repository {
  readonly #listed: ListedPackage[] = [];

  constructor(private readonly name: string) {}

  add(name: string, version: string, size: number): OriginalFile {
    const fileName = `${name}-${version}-x86_64.pkg.tar.zst`;
    const bytes = packageBytes(size, size);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    this.#listed.push({ name, version, fileName, size, sha256 });
    return { label: `${name}-${version}`, path: this.#pathOf(fileName), bytes };
  }

  async database(): Promise<OriginalFile> {
    const label = `${this.name}.db`;
    return { label, path: this.#pathOf(label), bytes: await syncDbBytes(this.#listed) };
  }

  #pathOf(fileName: string): string {
    return `/${this.name}/os/x86_64/${fileName}`;
  }
}
