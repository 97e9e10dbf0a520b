import { TimeSlice } from "../../async/time_slice.ts";
import { Turns } from "../../async/turns.ts";
import { parsePackageFileName } from "../../formats/pacman/package_file_name.ts";
import { packageMatcher } from "../../formats/pacman/package_pattern.ts";
import { onFileChange } from "../../platform/files/file_changes.ts";
import { fileKey } from "../../repositories/repository.ts";
import type { CacheIndex } from "./cache_index.ts";
import type { CacheLayout } from "./cache_layout.ts";
import {
  type CatalogueQuery,
  type CatalogueRow,
  CatalogueTable,
  type KeepingRules,
  type KeptBecause,
  type Totals,
} from "./catalogue_table.ts";
import type { CachedPackage, FileNames, Inventory, Protection } from "./inventory.ts";
import { newestFirst } from "./version_order.ts";

/** How long the list stays in memory after its last use. */
const IDLE_MS = 10 * 60_000;
/** Rows to read at once: less than a slice. */
const ROWS_AT_A_TIME = 1000;
/** For more files than this, a full scan is faster than examining each. */
const MAX_CHANGES = 2000;

/** A package of the list. */
export interface ListedPackage extends CatalogueRow {
  /** Empty if only spare room keeps it. */
  readonly keptBecause: readonly KeptBecause[];
}

/** Which packages to list. */
export interface ListQuery extends Omit<CatalogueQuery, "name" | "paths"> {
  /** As in `pinned_packages`; null for all. */
  readonly pattern: string | null;
  /** Null for all of them. */
  readonly limit: number | null;
  readonly offset: number;
}

export interface PackagePage {
  readonly packages: readonly ListedPackage[];
  /** Totals of all matches, on every page. */
  readonly totals: Totals;
}

export interface CatalogueOptions {
  layout: CacheLayout;
  index: Pick<CacheIndex, "listen" | "flush" | "file">;
  inventory: Pick<Inventory, "packages" | "package" | "protection">;
  /** Called on each use, since the configuration may change. */
  settings: () => { readonly keepVersions: number };
  /** The downloads in flight, by path of the file below the cache's root. */
  downloads: { entries(): Iterable<{ readonly key: string }> };
  idleMs?: number;
}

/** A list in memory, and what has changed since it was built. */
interface Loaded extends Disposable {
  readonly table: CatalogueTable;
  readonly directories: Set<string>;
  /** The inputs that determined `pinned` and `current`. */
  protection: Protection;
  /** Paths of packages to examine again. */
  readonly changed: Set<string>;
  /** Paths of packages that were used. */
  readonly used: Set<string>;
}

/**
 * The cached packages as a list to search, sort and page. It is built on first use from a scan of
 * the cache, follows changes reported by the index and by file operations, and is dropped when
 * nobody uses it any more: it costs nothing on startup, and nothing in a daemon that nobody
 * watches.
 */
export class Catalogue implements Disposable {
  readonly #options: CatalogueOptions;
  readonly #turns = new Turns();
  #loaded: Loaded | null = null;
  #idle: ReturnType<typeof setTimeout> | undefined;
  #isDisposed = false;

  constructor(options: CatalogueOptions) {
    this.#options = options;
  }

  /** The packages that match, with the totals of all pages. */
  list({ limit, offset, pattern, ...query }: ListQuery): Promise<PackagePage> {
    return this.#read(async (table, rules) => {
      const asked = { ...query, ...await matching(table, pattern) };
      const totals = table.totals(asked, rules);
      const end = limit === null ? totals.packages : Math.min(totals.packages, offset + limit);
      const packages: ListedPackage[] = [];
      const slice = new TimeSlice();
      for (let start = offset; start < end; start += ROWS_AT_A_TIME) {
        if (slice.isOver) await slice.renew();
        const page = { limit: Math.min(ROWS_AT_A_TIME, end - start), offset: start, rules };
        for (const { row, keptBecause } of table.page(asked, page)) {
          packages.push({ ...row, keptBecause });
        }
      }
      return { packages, totals };
    });
  }

  /** The names of all cached packages. */
  names(): Promise<string[]> {
    return this.#read(async (table) => {
      const names: string[] = [];
      const slice = new TimeSlice();
      for (let last = "";;) {
        const page = table.namesAfter(last, ROWS_AT_A_TIME);
        names.push(...page);
        if (page.length < ROWS_AT_A_TIME) return names;
        last = page.at(-1) ?? "";
        if (slice.isOver) await slice.renew();
      }
    });
  }

  /** Resolves when nobody is reading the list. */
  async settled(): Promise<void> {
    await this.#turns.settled();
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    this.#letGo();
  }

  /** Updates the list and reads it, without changes in between. */
  #read<T>(read: (table: CatalogueTable, rules: KeepingRules) => Promise<T>): Promise<T> {
    return this.#turns.run(async () => {
      clearTimeout(this.#idle);
      try {
        if ((this.#loaded?.changed.size ?? 0) > MAX_CHANGES) this.#letGo();
        const loaded = this.#loaded ??= await this.#load();
        await this.#update(loaded);
        const { settings, downloads } = this.#options;
        const inFlight = Array.from(downloads.entries(), ({ key }) => key.replace(/\.sig$/, ""));
        return await read(loaded.table, { keepVersions: settings().keepVersions, inFlight });
      } finally {
        if (this.#isDisposed) this.#letGo();
        else this.#waitForIdle();
      }
    });
  }

  #waitForIdle(): void {
    this.#idle = setTimeout(
      () => this.#turns.run(() => Promise.resolve(this.#letGo())),
      this.#options.idleMs ?? IDLE_MS,
    );
    Deno.unrefTimer(Number(this.#idle));
  }

  #letGo(): void {
    clearTimeout(this.#idle);
    this.#loaded?.[Symbol.dispose]();
    this.#loaded = null;
  }

  async #load(): Promise<Loaded> {
    const { index, inventory, layout } = this.#options;
    const changed = new Set<string>();
    const used = new Set<string>();
    using resources = new DisposableStack();
    const table = resources.use(new CatalogueTable());
    // Listen before scanning, so that nothing is missed in between.
    const root = `${layout.root}/`;
    const addFile = (path: string) => {
      if (path.startsWith(root)) changed.add(path.slice(root.length).replace(/\.sig$/, ""));
    };
    resources.use(onFileChange((path) => path.includes(".pkg.tar") && addFile(path)));
    index.listen({
      onFile: (directory, fileName) => changed.add(fileKey(directory, fileName)),
      onUse: (directory, fileName) => used.add(fileKey(directory, fileName)),
    });
    resources.defer(() => index.listen(null));
    const slice = new TimeSlice();
    let packages = await inventory.packages();
    if (changed.size > MAX_CHANGES) {
      // The scan has refilled a lost index; what it finds from now on matches the index.
      changed.clear();
      packages = await inventory.packages();
    }
    const directories = new Set(packages.map(({ directory }) => directory));
    const protection = await inventory.protection(directories);
    const groups = new Set<string>();
    for (let start = 0; start < packages.length; start += ROWS_AT_A_TIME) {
      const batch = packages.slice(start, start + ROWS_AT_A_TIME);
      table.change(() => {
        for (const each of batch) {
          table.put(rowOf(each));
          if (each.current === false) groups.add(groupOf(each));
        }
      });
      await slice.renew();
    }
    await countNewer(table, groups);
    const kept = resources.move();
    return {
      table,
      directories,
      protection,
      changed,
      used,
      [Symbol.dispose]: () => kept.dispose(),
    };
  }

  async #update(loaded: Loaded): Promise<void> {
    const { index, inventory } = this.#options;
    const { table, directories } = loaded;
    index.flush();
    const groups = new Set<string>();
    const slice = new TimeSlice();
    for (const path of takeAll(loaded.changed)) {
      if (slice.isOver) await slice.renew();
      const [directory, fileName] = splitPath(path);
      const cached = await inventory.package(directory, fileName);
      if (cached === null) table.remove(path);
      else table.put(rowOf(cached));
      directories.add(directory);
      const name = cached?.name ?? parsePackageFileName(fileName)?.name ?? fileName;
      groups.add(groupOf({ directory, name }));
    }
    for (const path of takeAll(loaded.used)) {
      if (slice.isOver) await slice.renew();
      const record = index.file(...splitPath(path));
      if (record !== null) table.setUse(path, record);
    }
    await this.#protect(loaded, groups);
    await countNewer(table, groups);
  }

  /** Determines again what is pinned and current if pins or databases have changed. */
  async #protect(loaded: Loaded, groups: Set<string>): Promise<void> {
    const { table, directories, protection: before } = loaded;
    const protection = await this.#options.inventory.protection(directories);
    const isSame = protection.pins.join("\n") === before.pins.join("\n") &&
      [...protection.listed].every(([directory, names]) => before.listed.get(directory) === names);
    if (isSame) return;
    loaded.protection = protection;
    const isPinned = packageMatcher(protection.pins);
    const slice = new TimeSlice();
    for await (const row of rowsOf(table)) {
      if (slice.isOver) await slice.renew();
      const pinned = isPinned(row);
      const current = isListed(protection.listed.get(row.directory), row.fileName);
      if (pinned === row.pinned && current === row.current) continue;
      table.setProtection(row.path, { pinned, current });
      groups.add(groupOf(row));
    }
  }
}

/** Counts, for each version that no database lists, how many newer ones the package has. */
async function countNewer(table: CatalogueTable, groups: Iterable<string>): Promise<void> {
  const slice = new TimeSlice();
  for (const group of groups) {
    if (slice.isOver) await slice.renew();
    const rows = table.versionsOf(...splitPath(group));
    const unlisted = rows.filter(({ current }) => current === false).sort(newestFirst);
    for (const row of rows) {
      const newer = unlisted.indexOf(row);
      table.setNewer(row.path, newer < 0 ? null : newer);
    }
  }
}

/**
 * A pattern as a condition of the table. A plain name is looked up, anything else is matched in a
 * scan.
 */
async function matching(
  table: CatalogueTable,
  pattern: string | null,
): Promise<Pick<CatalogueQuery, "name" | "paths">> {
  if (pattern === null) return { name: null, paths: null };
  if (!/[*?]|\.pkg\.tar/.test(pattern)) return { name: pattern, paths: null };
  const isMatching = packageMatcher([pattern]);
  const paths: string[] = [];
  for await (const row of rowsOf(table)) {
    if (isMatching(row)) paths.push(row.path);
  }
  return { name: null, paths };
}

/** All rows by path, yielding to the event loop. */
async function* rowsOf(table: CatalogueTable): AsyncGenerator<CatalogueRow> {
  const slice = new TimeSlice();
  for (let last = "";;) {
    const rows = table.after(last, ROWS_AT_A_TIME);
    yield* rows;
    if (rows.length < ROWS_AT_A_TIME) return;
    last = rows.at(-1)?.path ?? "";
    if (slice.isOver) await slice.renew();
  }
}

function isListed(names: FileNames | null | undefined, fileName: string): boolean | null {
  return names?.has(fileName) ?? null;
}

function rowOf(cached: CachedPackage): CatalogueRow {
  return { ...cached, signed: cached.signature !== null };
}

function groupOf({ directory, name }: Pick<CatalogueRow, "directory" | "name">): string {
  return `${directory}/${name}`;
}

function splitPath(path: string): [directory: string, last: string] {
  const slash = path.lastIndexOf("/");
  return [path.slice(0, Math.max(0, slash)), path.slice(slash + 1)];
}

function* takeAll(paths: Set<string>): Generator<string> {
  const taken = [...paths];
  paths.clear();
  yield* taken;
}
