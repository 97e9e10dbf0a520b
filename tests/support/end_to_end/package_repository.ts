import { join } from "@std/path";
import { runCommand } from "../child_process.ts";
import { madeOnce } from "./made_once.ts";
import type { BuiltPackage } from "./package_builder.ts";
import { pacmanVersion } from "./pacman_client.ts";
import type { SigningKey } from "./signing_key.ts";

// Part of the identity of a repository: raise it when a change here changes what is published.
const RECIPE = 1;

const FIRST_TIME = Date.parse("2024-02-01T00:00:00Z");
const HOUR_MS = 3_600_000;

/** A repository in the tree of a mirror, `$root/$repo/os/$arch`, indexed by the real repo-add. */
export class PackageRepository {
  #publications = 0;

  readonly name: string;
  /** The folder that holds packages and databases. */
  readonly folder: string;
  readonly #key: SigningKey | undefined;

  private constructor(name: string, folder: string, key: SigningKey | undefined) {
    this.name = name;
    this.folder = folder;
    this.#key = key;
  }

  /** Creates a repository of `packages`; a key signs them and the database. */
  static async create(
    root: string,
    name: string,
    packages: readonly BuiltPackage[],
    key?: SigningKey,
  ): Promise<PackageRepository> {
    const folder = join(root, name, "os", "x86_64");
    await Deno.mkdir(folder, { recursive: true });
    const repository = new PackageRepository(name, folder, key);
    if (key !== undefined) {
      await repository.publish(packages);
      return repository;
    }
    const identity = [RECIPE, await pacmanVersion(), name, packages.map(({ path }) => path)];
    const published = await madeOnce(identity, async (made) => {
      await new PackageRepository(name, made, undefined).publish(packages);
    });
    await copyMirror(published, folder);
    repository.#publications = 1;
    return repository;
  }

  /**
   * Adds packages; in the database, a new version replaces the old one. Each call's files are dated
   * an hour after those of the call before: clients cannot tell databases of the same second apart.
   */
  async publish(packages: readonly BuiltPackage[]): Promise<void> {
    const time = new Date(FIRST_TIME + HOUR_MS * this.#publications++);
    const paths: string[] = [];
    for (const { path, file } of packages) {
      const published = join(this.folder, file);
      // By rename, as rsync does: transfers in progress keep reading the old file.
      await Deno.copyFile(path, `${published}.new`);
      await Deno.utime(`${published}.new`, time, time);
      await Deno.rename(`${published}.new`, published);
      await this.#key?.sign(published);
      paths.push(published);
    }
    const sign = this.#key === undefined ? [] : ["--sign", "--key", this.#key.fingerprint];
    await runCommand(
      ["repo-add", "--quiet", ...sign, join(this.folder, `${this.name}.db.tar.gz`), ...paths],
      this.#key === undefined ? {} : { env: { GNUPGHOME: this.#key.home } },
    );
    for (const kind of ["db", "files"]) {
      await Deno.utime(join(this.folder, `${this.name}.${kind}`), time, time);
      if (this.#key !== undefined) {
        await Deno.utime(join(this.folder, `${this.name}.${kind}.sig`), time, time);
      }
    }
  }

  /** The path of a file of the repository. */
  path(file: string): string {
    return join(this.folder, file);
  }
}

/** Copies a mirror's tree with its times, as rsync does: another mirror of the same files. */
export async function copyMirror(from: string, to: string): Promise<void> {
  await runCommand(["cp", "--archive", "--no-target-directory", from, to]);
}
