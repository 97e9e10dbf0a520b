import {
  type Dependency,
  isProvidedBy,
  isSatisfiedBy,
  parseDependency,
} from "../formats/pacman/dependency.ts";
import { readSyncDb } from "../formats/pacman/sync_db.ts";

/** What a package file must be, according to its database. */
export interface Expectation {
  /** In bytes; null if the database does not say. */
  readonly size: number | null;
  /** In lower-case hexadecimal; null if the database does not say. */
  readonly sha256: string | null;
}

/** One package of a database: what is kept of its entry. */
export interface IndexedPackage extends Expectation {
  readonly name: string;
  readonly version: string;
  readonly fileName: string;
  /** In milliseconds since the epoch; null if the database does not say. */
  readonly buildDate: number | null;
  /** Whether its signature is in the database (%PGPSIG%). */
  readonly isSigned: boolean;
  /** Each is `name` or `name<op>version`, as in %PROVIDES% and %REPLACES%. */
  readonly depends: readonly string[];
  readonly provides: readonly string[];
  readonly replaces: readonly string[];
}

/** What was not understood of a database, although pacman takes it. */
export interface DatabaseProblem {
  /** Such as "%CSIZE% is not a number". */
  readonly what: string;
  /** How many entries have it. */
  readonly count: number;
  /** The first of them. */
  readonly example: string;
}

/** What is known of a database, from reading it once. */
export class PackageIndex {
  /** By file name. */
  readonly packages: ReadonlyMap<string, IndexedPackage>;
  /** By package name. Of two entries with one name, the later one counts. */
  readonly byName: ReadonlyMap<string, IndexedPackage>;
  /** In milliseconds since the epoch; null if no package is dated. */
  readonly newestBuildDate: number | null;
  /** Empty for nearly every database. */
  readonly problems: readonly DatabaseProblem[];
  readonly #signatures: ReadonlyMap<string, Uint8Array>;
  #byProvision: ReadonlyMap<string, readonly Related[]> | null = null;
  #byReplaced: ReadonlyMap<string, readonly Related[]> | null = null;

  /** Of two packages with one file name, the later one counts. */
  constructor(
    packages: Iterable<IndexedPackage>,
    { signatures = new Map(), problems = [] }: {
      /** By file name. */
      signatures?: ReadonlyMap<string, Uint8Array>;
      problems?: readonly DatabaseProblem[];
    } = {},
  ) {
    const byFile = new Map<string, IndexedPackage>();
    const byName = new Map<string, IndexedPackage>();
    let newest = -Infinity;
    for (const entry of packages) {
      byFile.set(entry.fileName, entry);
      byName.set(entry.name, entry);
      if (entry.buildDate !== null && entry.buildDate > newest) newest = entry.buildDate;
    }
    this.packages = byFile;
    this.byName = byName;
    this.newestBuildDate = newest === -Infinity ? null : newest;
    this.problems = problems;
    this.#signatures = signatures;
  }

  /** The signature of a package file that the database contains (%PGPSIG%), or null. */
  signatureOf(fileName: string): Uint8Array | null {
    return this.#signatures.get(fileName) ?? null;
  }

  /** The packages whose %PROVIDES% satisfy a dependency, in pacman's order: by name. */
  providersOf(dependency: Dependency): IndexedPackage[] {
    this.#byProvision ??= this.#relatedBy(({ provides }) => provides);
    return (this.#byProvision.get(dependency.name) ?? [])
      .filter(({ relation }) => isProvidedBy(dependency, relation))
      .map(({ entry }) => entry)
      .sort(inOrderOfName);
  }

  /** The packages whose %REPLACES% match this version of a package, by name. */
  replacersOf(name: string, version: string): IndexedPackage[] {
    this.#byReplaced ??= this.#relatedBy(({ replaces }) => replaces);
    return (this.#byReplaced.get(name) ?? [])
      .filter(({ relation }) => isSatisfiedBy(relation, { name, version }))
      .map(({ entry }) => entry)
      .sort(inOrderOfName);
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

interface Related {
  readonly entry: IndexedPackage;
  readonly relation: Dependency;
}

function inOrderOfName(a: IndexedPackage, b: IndexedPackage): number {
  return a.name < b.name ? -1 : 1;
}

/** Indexes a database on disk; throws `content` if pacman could not use it. */
export async function readPackageIndex(path: string): Promise<PackageIndex> {
  using file = await Deno.open(path);
  const packages: IndexedPackage[] = [];
  const signatures = new Map<string, Uint8Array>();
  for await (const entry of readSyncDb(file.readable)) {
    const { name, version, fileName } = entry;
    const signature = entry.pgpSignature === undefined ? null : decode(entry.pgpSignature);
    if (signature !== null) signatures.set(fileName, signature);
    packages.push({
      name,
      version,
      fileName,
      size: entry.compressedSize ?? null,
      sha256: entry.sha256sum ?? null,
      buildDate: entry.buildDate === undefined ? null : entry.buildDate * 1000,
      isSigned: signature !== null,
      depends: entry.depends ?? [],
      provides: entry.provides ?? [],
      replaces: entry.replaces ?? [],
    });
  }
  return new PackageIndex(packages, { signatures });
}

/** Reads a database or file list to its end; throws `content` if pacman could not use it. */
export async function checkArchive(path: string): Promise<void> {
  using file = await Deno.open(path);
  for await (const _ of readSyncDb(file.readable));
}

function decode(base64: string): Uint8Array | null {
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
}
