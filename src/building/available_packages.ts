import { PkgstashError } from "../errors.ts";
import { isProvidedBy, isSatisfiedBy, parseDependency } from "../formats/pacman/dependency.ts";
import { libraryOf } from "../formats/pacman/library.ts";
import type { OwnRepository } from "../publishing/own_repository.ts";

/** What mirrored repositories have. */
export interface MirroredPackages {
  /** Fetches the databases that are not there yet. One that cannot be fetched stays absent. */
  fetchMissingDatabases(): Promise<void>;
  /**
   * Those of these dependencies that no mirrored package satisfies.
   *
   * @throws PkgstashError `conflict` if a database is not there yet.
   */
  unsatisfied(dependencies: readonly string[]): Promise<readonly string[]>;
  /** What mirrored packages provide of each of these libraries; see `libraryOf`. */
  versionsOf(libraries: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>>;
  /** When a database was published last, in milliseconds since the epoch. */
  databasesChangedAt(): Promise<number>;
}

type OwnPackages = Pick<OwnRepository, "published" | "settings">;

/** What builds can have: the packages of mirrored repositories, and those of our own. */
export class AvailablePackages {
  readonly #mirrored: MirroredPackages;
  readonly #own: () => readonly OwnPackages[];

  constructor(mirrored: MirroredPackages, own: () => readonly OwnPackages[]) {
    this.#mirrored = mirrored;
    this.#own = own;
  }

  /** Fetches mirrored databases that are not there yet, as on the first day of a daemon. */
  fetchMissingDatabases(): Promise<void> {
    return this.#mirrored.fetchMissingDatabases();
  }

  /**
   * Those of these dependencies that no package satisfies.
   *
   * @throws PkgstashError `conflict` if a mirrored database is not there yet.
   */
  async unsatisfied(dependencies: readonly string[]): Promise<readonly string[]> {
    const rest = await this.#mirrored.unsatisfied(dependencies);
    if (rest.length === 0) return [];
    const own = (await Promise.all(this.#own().map((each) => each.published()))).flat();
    return rest.filter((text) => {
      const dependency = parseDependency(text);
      return !own.some((each) =>
        isSatisfiedBy(dependency, each) ||
        each.provides.some((provided) => isProvidedBy(dependency, parseDependency(provided)))
      );
    });
  }

  /** As `unsatisfied`; null if a database is not there yet, which tells nothing of what is missing. */
  async unsatisfiedIfKnown(dependencies: readonly string[]): Promise<readonly string[] | null> {
    try {
      return await this.unsatisfied(dependencies);
    } catch (error) {
      if (error instanceof PkgstashError && error.kind === "conflict") return null;
      throw error;
    }
  }

  /** What packages provide of each of these libraries: `libfoo.so=6-64` of `libfoo.so`. */
  async versionsOf(libraries: readonly string[]): Promise<Map<string, readonly string[]>> {
    const found = new Map(await this.#mirrored.versionsOf(libraries));
    for (const repository of this.#own()) {
      for (const provided of (await repository.published()).flatMap(({ provides }) => provides)) {
        const library = libraryOf(provided);
        if (library === null || !libraries.includes(library)) continue;
        found.set(library, [...new Set([...found.get(library) ?? [], provided])]);
      }
    }
    return found;
  }

  /** When a mirrored database was published last, in milliseconds since the epoch. */
  databasesChangedAt(): Promise<number> {
    return this.#mirrored.databasesChangedAt();
  }

  /** Whether a repository of our own has all of these packages in these versions. */
  async has(
    repository: string,
    packages: readonly { readonly name: string; readonly version: string }[],
  ): Promise<boolean> {
    const own = this.#own().find(({ settings }) => settings.name === repository);
    const there = new Set(
      (await own?.published() ?? []).map(({ name, version }) => `${name} ${version}`),
    );
    return packages.every(({ name, version }) => there.has(`${name} ${version}`));
  }
}
