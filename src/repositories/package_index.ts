import { TimeSlice } from "../async/time_slice.ts";
import {
  type Dependency,
  isProvidedBy,
  isSatisfiedBy,
  parseDependency,
} from "../formats/pacman/dependency.ts";
import { libraryOf } from "../formats/pacman/library.ts";
import {
  type DatabaseProblem,
  readSyncDb,
  type SyncDb,
  type SyncDbPackage,
} from "../formats/pacman/sync_db.ts";
import { eventLogger } from "../platform/observability/logging.ts";
import { isAhead } from "./database_date.ts";

const log = eventLogger("database");

/** What a package file must be, according to its database. */
export interface Expectation {
  /** In bytes; null if the database does not say. */
  readonly size: number | null;
  /** In lower-case hexadecimal; null if the database does not say. */
  readonly sha256: string | null;
}

/** What is kept of a package's database entry. */
export type IndexedPackage = SyncDbPackage;

/** What is known about a database, from reading it once. */
export class PackageIndex {
  /** By file name. */
  readonly packages: ReadonlyMap<string, IndexedPackage>;
  /**
   * By package name. As in pacman, two entries with one name are one package: with the version of
   * the first and everything else from the last.
   */
  readonly byName: ReadonlyMap<string, IndexedPackage>;
  /** In milliseconds since the epoch, as of reading; null if no package is dated. */
  readonly newestBuildDate: number | null;
  /** Empty for nearly every database. */
  readonly problems: readonly DatabaseProblem[];
  /**
   * Whether the packages are known. A database that pacman can read and pkgstash cannot is served
   * without the checks that need them.
   */
  readonly isReadable: boolean;
  #byProvision: ReadonlyMap<string, readonly Related[]> | null = null;
  #byLibrary: ReadonlyMap<string, readonly string[]> | null = null;
  #byReplaced: ReadonlyMap<string, readonly Related[]> | null = null;

  /** Of two packages with one file name, the later one counts; both expect the same file. */
  constructor({ packages, problems }: SyncDb) {
    const byFile = new Map<string, IndexedPackage>();
    const byName = new Map<string, IndexedPackage>();
    let newest = -Infinity;
    const now = Date.now();
    for (const entry of packages ?? []) {
      byFile.set(entry.fileName, entry);
      const { version = entry.version } = byName.get(entry.name) ?? {};
      byName.set(entry.name, version === entry.version ? entry : { ...entry, version });
      const built = buildDateOf(entry, now);
      if (built !== null && built > newest) newest = built;
    }
    this.packages = byFile;
    this.byName = byName;
    this.newestBuildDate = newest === -Infinity ? null : newest;
    this.problems = problems;
    this.isReadable = packages !== null;
  }

  /** The signature of a package file that the database contains (%PGPSIG%), or null. */
  signatureOf(fileName: string): Uint8Array | null {
    const base64 = this.packages.get(fileName)?.signature ?? null;
    return base64 === null ? null : Uint8Array.fromBase64(base64);
  }

  /** What packages provide of a library, verbatim: `libfoo.so=6-64` of `libfoo.so`. */
  versionsOf(library: string): readonly string[] {
    this.#byLibrary ??= this.#libraries();
    return this.#byLibrary.get(library) ?? [];
  }

  /** The packages whose %PROVIDES% satisfy a dependency, in pacman's order: by name. */
  providersOf(dependency: Dependency): IndexedPackage[] {
    return this.#provisionsOf(dependency.name)
      .filter(({ relation }) => isProvidedBy(dependency, relation))
      .map(({ entry }) => entry)
      .sort(inOrderOfName);
  }

  /**
   * Whether a package satisfies `name` or `name<op>version`, itself or through what it provides.
   */
  satisfies(text: string): boolean {
    const dependency = parseDependency(text);
    const own = this.byName.get(dependency.name);
    return own !== undefined && isSatisfiedBy(dependency, own) ||
      this.providersOf(dependency).length > 0;
  }

  /** The packages whose %REPLACES% match this version of a package, by name. */
  replacersOf(name: string, version: string): IndexedPackage[] {
    this.#byReplaced ??= this.#relatedBy(({ replaces }) => replaces);
    return (this.#byReplaced.get(name) ?? [])
      .filter(({ relation }) => isSatisfiedBy(relation, { name, version }))
      .map(({ entry }) => entry)
      .sort(inOrderOfName);
  }

  #provisionsOf(name: string): readonly Related[] {
    this.#byProvision ??= this.#relatedBy(({ provides }) => provides);
    return this.#byProvision.get(name) ?? [];
  }

  #libraries(): Map<string, string[]> {
    const index = new Map<string, string[]>();
    for (const text of [...this.byName.values()].flatMap(({ provides }) => provides)) {
      const library = libraryOf(text);
      if (library !== null) index.set(library, [...index.get(library) ?? [], text]);
    }
    return index;
  }

  #relatedBy(relationsOf: (entry: IndexedPackage) => readonly string[]): Map<string, Related[]> {
    const index = new Map<string, Related[]>();
    for (const entry of this.byName.values()) {
      for (const text of relationsOf(entry)) {
        const relation = parseDependency(text);
        const known = index.get(relation.name);
        if (known === undefined) index.set(relation.name, [{ entry, relation }]);
        else known.push({ entry, relation });
      }
    }
    return index;
  }
}

/**
 * When a package was built, in milliseconds since the epoch; null if unknown or later than `now`.
 */
export function buildDateOf({ buildDate }: IndexedPackage, now: number): number | null {
  return buildDate === null || isAhead(buildDate, now) ? null : buildDate;
}

interface Related {
  readonly entry: IndexedPackage;
  readonly relation: Dependency;
}

function inOrderOfName(a: IndexedPackage, b: IndexedPackage): number {
  return a.name < b.name ? -1 : 1;
}

/**
 * Indexes a database on disk; throws `content` if pacman could not use it. Unchanged packages are
 * taken from `previous`: two successive databases then take little more memory than one, and
 * comparing entries as objects shows what changed between them.
 */
export async function readPackageIndex(
  path: string,
  previous: PackageIndex | null = null,
): Promise<PackageIndex> {
  using file = await Deno.open(path);
  const { packages, problems } = await readSyncDb(file.readable);
  for (const problem of problems) {
    log.warn("database has malformed entries", { file: path, ...problem });
  }
  if (previous === null || packages === null) return new PackageIndex({ packages, problems });
  const slice = new TimeSlice();
  const shared: IndexedPackage[] = [];
  for (const entry of packages) {
    if (slice.isOver) await slice.renew();
    const known = previous.packages.get(entry.fileName);
    shared.push(known !== undefined && isSamePackage(known, entry) ? known : entry);
  }
  await slice.renew();
  const index = new PackageIndex({ packages: shared, problems });
  // Whoever compares the two needs a slice too.
  await slice.renew();
  return index;
}

/** Whether two databases say the same about a package. */
export function isSamePackage(one: IndexedPackage, other: IndexedPackage): boolean {
  if (one === other) return true;
  return one.fileName === other.fileName && one.name === other.name &&
    one.version === other.version && one.size === other.size &&
    one.sha256 === other.sha256 && one.buildDate === other.buildDate &&
    one.signature === other.signature && haveSameValues(one.depends, other.depends) &&
    haveSameValues(one.provides, other.provides) && haveSameValues(one.replaces, other.replaces);
}

function haveSameValues(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((value, index) => value === other[index]);
}

/** Reads a database or file list to the end; throws `content` if pacman could not use it. */
export async function checkArchive(path: string): Promise<void> {
  using file = await Deno.open(path);
  await readSyncDb(file.readable);
}
