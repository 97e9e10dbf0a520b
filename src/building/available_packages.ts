import { PkgstashError } from "../errors.ts";
import { isProvidedBy, isSatisfiedBy, parseDependency } from "../formats/pacman/dependency.ts";
import { libraryOf } from "../formats/pacman/library.ts";
import type { OwnRepository } from "../publishing/own_repository.ts";

/** The packages of mirrored repositories. */
export interface MirroredPackages {
  /** Fetches missing databases. One that cannot be fetched stays missing. */
  fetchMissingDatabases(): Promise<void>;
  /**
   * The dependencies that no mirrored package satisfies.
   *
   * @throws PkgstashError `conflict` if a database is missing.
   */
  unsatisfied(dependencies: readonly string[]): Promise<readonly string[]>;
  /** The versions of each of these libraries in mirrored packages; see `libraryOf`. */
  versionsOf(libraries: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>>;
  /** When a database was last published, in milliseconds since the epoch. */
  databasesChangedAt(): Promise<number>;
}

type OwnPackages = Pick<OwnRepository, "published" | "settings">;

/** The packages that builds can use: those of mirrored and of own repositories. */
export class AvailablePackages {
  readonly #mirrored: MirroredPackages;
  readonly #own: () => readonly OwnPackages[];

  constructor(mirrored: MirroredPackages, own: () => readonly OwnPackages[]) {
    this.#mirrored = mirrored;
    this.#own = own;
  }

  /** Fetches missing databases of mirrored repositories, for example on the first day of a daemon. */
  fetchMissingDatabases(): Promise<void> {
    return this.#mirrored.fetchMissingDatabases();
  }

  /**
   * The dependencies that no package satisfies.
   *
   * @throws PkgstashError `conflict` if a mirrored database is missing.
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

  /** Like `unsatisfied`; null if a database is missing, so that nothing is known. */
  async unsatisfiedIfKnown(dependencies: readonly string[]): Promise<readonly string[] | null> {
    try {
      return await this.unsatisfied(dependencies);
    } catch (error) {
      if (error instanceof PkgstashError && error.kind === "conflict") return null;
      throw error;
    }
  }

  /** The versions of each of these libraries in packages: `libfoo.so=6-64` for `libfoo.so`. */
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

  /** When a mirrored database was last published, in milliseconds since the epoch. */
  databasesChangedAt(): Promise<number> {
    return this.#mirrored.databasesChangedAt();
  }

  /** Whether an own repository has all of these packages in these versions. */
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
