import { PkgstashError } from "../../errors.ts";
import type { Repository } from "../../repositories/repository.ts";
import type { Snapshots } from "./snapshots.ts";

/**
 * The packages that the served databases list, in the order of the repositories. The main
 * distribution is the upstream of the first one.
 */
export class ServedPackages {
  readonly #snapshots: Pick<Snapshots, "current" | "indexOf" | "refresh">;
  readonly #repositories: () => Iterable<Repository>;

  /** `repositories` is called for each question, because a reload may change them. */
  constructor(
    snapshots: Pick<Snapshots, "current" | "indexOf" | "refresh">,
    repositories: () => Iterable<Repository>,
  ) {
    this.#snapshots = snapshots;
    this.#repositories = repositories;
  }

  /** Where packages with any of these names are listed, by name. */
  async namesakesOf(
    names: readonly string[],
  ): Promise<Map<string, { directory: string; version: string }[]>> {
    const found = new Map<string, { directory: string; version: string }[]>();
    for (const repository of this.#repositories()) {
      const index = await this.#snapshots.indexOf(repository);
      for (const name of names) {
        const version = index?.byName.get(name)?.version;
        if (version === undefined) continue;
        const { directory } = repository;
        found.set(name, [...found.get(name) ?? [], { directory, version }]);
      }
    }
    return found;
  }

  /** The names of all listed packages. */
  async listedNames(): Promise<Set<string>> {
    const names = new Set<string>();
    for (const repository of this.#repositories()) {
      const index = await this.#snapshots.indexOf(repository);
      for (const name of index?.byName.keys() ?? []) names.add(name);
    }
    return names;
  }

  /** Fetches missing databases of the main distribution. One that cannot be fetched stays missing. */
  async fetchMissingDatabases(): Promise<void> {
    const [first] = this.#repositories();
    await Promise.all(
      [...this.#repositories()].map(async (repository) => {
        if (repository.upstream !== first?.upstream) return;
        if (await this.#snapshots.indexOf(repository) !== null) return;
        const { done } = await this.#snapshots.refresh(repository);
        // The refresh logs why it failed.
        await done.catch(() => {});
      }),
    );
  }

  /**
   * The dependencies that no mirrored package satisfies.
   *
   * @throws PkgstashError `conflict` if a database of the main distribution is missing, so the
   * answer is unknown.
   */
  async unsatisfied(dependencies: readonly string[]): Promise<string[]> {
    let rest = [...dependencies];
    const [first] = this.#repositories();
    for (const repository of this.#repositories()) {
      if (rest.length === 0) break;
      const index = await this.#snapshots.indexOf(repository);
      if (index === null && repository.upstream === first?.upstream) {
        throw new PkgstashError(
          "conflict",
          "Cannot determine which dependencies are mirrored: the database of " +
            `${repository.directory} has not been fetched yet. Run pkgstash refresh.`,
        );
      }
      rest = rest.filter((text) => index?.satisfies(text) !== true);
    }
    return rest;
  }

  /** The versions of each of these libraries that mirrored packages provide; see `libraryOf`. */
  async versionsOf(libraries: readonly string[]): Promise<Map<string, string[]>> {
    const found = new Map<string, string[]>();
    for (const repository of this.#repositories()) {
      const index = await this.#snapshots.indexOf(repository);
      for (const library of libraries) {
        const provided = index?.versionsOf(library) ?? [];
        found.set(library, [...new Set([...found.get(library) ?? [], ...provided])]);
      }
    }
    return found;
  }

  /** When a database was last published, in milliseconds since the epoch; 0 if never. */
  async databasesChangedAt(): Promise<number> {
    const current = await Promise.all(
      [...this.#repositories()].map((repository) => this.#snapshots.current(repository)),
    );
    return Math.max(0, ...current.map((snapshot) => snapshot?.publishedAt ?? 0));
  }
}
