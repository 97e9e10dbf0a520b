import { equals } from "@std/bytes/equals";
import { basename, join } from "@std/path";
import { PkgstashError, reasonOf } from "../errors.ts";
import { parsePackageFileName } from "../formats/pacman/package_file_name.ts";
import type { PackageInfo } from "../formats/pacman/package_info.ts";
import {
  renameDurably,
  statIfPresent,
  syncDirectory,
  writeFileDurably,
} from "../platform/files/durable.ts";
import { directoriesIfPresent } from "../platform/files/plain_directory.ts";
import type { PublishedPackage } from "./published_package.ts";
import type { RepositoryLayout } from "./state_layout.ts";

/** What databases say about a package: the content of `package.json`. */
export interface PackageFacts {
  readonly info: PackageInfo;
  /** As repo-add lists them. */
  readonly files: readonly string[];
}

/** A package's file and its name in the repository. */
type Stored = Pick<PublishedPackage, "sha256" | "fileName">;

/** Signs the file at a path. */
export type SignFile = (path: string) => Promise<Uint8Array>;

const FACTS = "package.json";
const STATS_AT_A_TIME = 128;

/** The packages of one repository on disk, each in a directory named after its content. */
export class PackageStore {
  readonly #layout: RepositoryLayout;

  constructor(layout: RepositoryLayout) {
    this.#layout = layout;
  }

  pathOf({ sha256, fileName }: Stored): string {
    return join(this.#layout.package(sha256), fileName);
  }

  signatureOf(stored: Stored): string {
    return `${this.pathOf(stored)}.sig`;
  }

  /**
   * Takes over a directory with the synced package file and, optionally, its signature, which
   * `sign` makes otherwise. It moves into place in one step, signature included, so a copy of the
   * store never has one without the other. If the package is already there, its file is replaced,
   * which repairs any damage, and its signature is kept unless a new one came.
   */
  async take(
    directory: string,
    stored: Stored,
    { facts, sign }: { facts: PackageFacts; sign: SignFile | null },
  ): Promise<void> {
    const place = this.#layout.package(stored.sha256);
    const isNew = await statIfPresent(place) === null;
    if (isNew && sign !== null) await signFile(join(directory, stored.fileName), sign);
    await writeFileDurably(join(directory, FACTS), JSON.stringify(facts));
    if (isNew) return await renameDurably(directory, place);
    for (const { name } of await Array.fromAsync(Deno.readDir(directory))) {
      await renameDurably(join(directory, name), join(place, name));
    }
    await Deno.remove(directory, { recursive: true });
  }

  /**
   * Links a package and its signature from another store on the same disk, through a new
   * `directory`.
   */
  async link(other: PackageStore, stored: Stored, directory: string): Promise<void> {
    if (await statIfPresent(this.pathOf(stored)) !== null) return;
    await Deno.mkdir(directory, { recursive: true });
    const source = other.#layout.package(stored.sha256);
    for (const name of [FACTS, stored.fileName, `${stored.fileName}.sig`]) {
      const isThere = await statIfPresent(join(source, name)) !== null;
      if (isThere) await Deno.link(join(source, name), join(directory, name));
    }
    await syncDirectory(directory);
    await renameDurably(directory, this.#layout.package(stored.sha256));
  }

  /** Signs a package unless it already has a signature. */
  async sign(stored: Stored, sign: SignFile): Promise<void> {
    await signFile(this.pathOf(stored), sign);
  }

  /** Replaces the signature of a package if it is still `before`; returns whether it was. */
  async replaceSignature(
    stored: Stored,
    { before, after }: { before: Uint8Array; after: Uint8Array },
  ): Promise<boolean> {
    const path = this.signatureOf(stored);
    if (await statIfPresent(path) === null) return false;
    if (!equals(await Deno.readFile(path), before)) return false;
    await writeFileDurably(path, after);
    return true;
  }

  /** What databases say about a package. */
  async factsOf({ sha256, fileName }: Stored): Promise<PackageFacts> {
    const path = join(this.#layout.package(sha256), FACTS);
    try {
      return JSON.parse(await Deno.readTextFile(path));
    } catch (error) {
      throw new PkgstashError(
        "storage",
        `Cannot publish ${fileName}: ${path} cannot be read (${reasonOf(error)}). ` +
          "Restore it from a backup, or remove the package and add it again.",
        { cause: error },
      );
    }
  }

  /** Rewrites what databases say about a package. */
  async describe({ sha256 }: Stored, facts: PackageFacts): Promise<void> {
    await writeFileDurably(join(this.#layout.package(sha256), FACTS), JSON.stringify(facts));
  }

  async isEmpty(): Promise<boolean> {
    return (await directoriesIfPresent(this.#layout.packages)).length === 0;
  }

  /**
   * Every stored package, as far as the names of files and directories tell: only the first digits
   * of the SHA-256 are known.
   */
  async all(): Promise<PublishedPackage[]> {
    const found: PublishedPackage[] = [];
    for (const digest of await directoriesIfPresent(this.#layout.packages)) {
      for await (const { name: fileName } of Deno.readDir(this.#layout.package(digest))) {
        const named = parsePackageFileName(fileName);
        if (named === null) continue;
        const { name, version, architecture } = named;
        const { size, mtime } = await Deno.stat(this.pathOf({ sha256: digest, fileName }));
        found.push({
          ...{ name, version, architecture, fileName, size, sha256: digest },
          ...{ depends: [], provides: [], addedAt: mtime?.getTime() ?? 0 },
        });
      }
    }
    return found;
  }

  /** The first package whose file is missing or too short; null if there is none. */
  async firstLost(packages: readonly PublishedPackage[]): Promise<PublishedPackage | null> {
    for (let start = 0; start < packages.length; start += STATS_AT_A_TIME) {
      const batch = packages.slice(start, start + STATS_AT_A_TIME);
      const infos = await Promise.all(batch.map((each) => statIfPresent(this.pathOf(each))));
      const lost = batch.find((each, index) => infos[index]?.size !== each.size);
      if (lost !== undefined) return lost;
    }
    return null;
  }

  /** Removes every package whose SHA-256 is not to be kept. */
  async prune(kept: ReadonlySet<string>): Promise<void> {
    const names = new Set([...kept].map((sha256) => basename(this.#layout.package(sha256))));
    for (const name of await directoriesIfPresent(this.#layout.packages)) {
      if (names.has(name)) continue;
      await Deno.remove(join(this.#layout.packages, name), { recursive: true });
    }
  }
}

/** Adds a signature to a file that has none. */
async function signFile(path: string, sign: SignFile): Promise<void> {
  const signature = `${path}.sig`;
  if (await statIfPresent(signature) !== null) return;
  await writeFileDurably(signature, await sign(path));
}
