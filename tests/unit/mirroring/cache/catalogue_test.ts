import { assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { PkgstashError } from "../../../../src/errors.ts";
import {
  Catalogue,
  type CatalogueOptions,
  type ListedPackage,
  type ListQuery,
} from "../../../../src/mirroring/cache/catalogue.ts";
import { writeFileDurably } from "../../../../src/platform/files/durable.ts";
import { announceFileChange } from "../../../../src/platform/files/file_changes.ts";
import { CacheOnDisk, CORE, EXTRA } from "../../../support/cache_on_disk.ts";

const ALL: ListQuery = {
  pattern: null,
  directories: null,
  words: [],
  kept: null,
  sort: "path",
  isDescending: false,
  limit: null,
  offset: 0,
};

function catalogueOf(cache: CacheOnDisk, more: Partial<CatalogueOptions> = {}): Catalogue {
  return new Catalogue({
    layout: cache.layout,
    index: cache.index,
    inventory: cache.inventory(),
    settings: () => cache.settings,
    downloads: { entries: () => Array.from(cache.inFlight, (key) => ({ key })) },
    ...more,
  });
}

async function namesOf(catalogue: Catalogue, query: Partial<ListQuery>): Promise<string[]> {
  const { packages } = await catalogue.list({ ...ALL, ...query });
  return packages.map(({ name, version }) => `${name} ${version}`);
}

const comparable = (
  { path, bytes, usedAt, uses, pinned, current, inFlight, signed }: Comparable,
) => ({ path, bytes, usedAt, uses, pinned, current, inFlight, signed });

type Comparable = Omit<ListedPackage, "keptBecause"> & { inFlight: boolean };

/** What may happen to a cache, each with one of four packages in one of three versions. */
const CHANGES: readonly ((cache: CacheOnDisk, name: string, version: string) => Promise<void>)[] = [
  async (cache, name, version) => void await cache.add(name, version),
  async (cache, name, version) => void await cache.add(name, version, { bytes: 20 }),
  async (cache, name, version) => {
    await cache.add(name, version);
    cache.use(`${CORE}/${name}-${version}-any.pkg.tar.zst`);
  },
  (cache, name, version) =>
    Promise.resolve(cache.use(`${CORE}/${name}-${version}-any.pkg.tar.zst`)),
  async (cache, name, version) => {
    const fileName = `${name}-${version}-any.pkg.tar.zst`;
    const stored = await cache.inventory().package(CORE, fileName);
    const remove = () => cache.cleanup().remove(CORE, fileName);
    if (stored?.inFlight) await assertRejects(remove, PkgstashError, "being downloaded");
    else await remove();
  },
  (cache, name) => Promise.resolve(void cache.index.pin(name, cache.now)),
  (cache, name) => Promise.resolve(void cache.index.unpin(name)),
  (cache, name, version) => {
    cache.current.set(CORE, new Set([`${name}-${version}-any.pkg.tar.zst`]));
    return Promise.resolve();
  },
  (cache) => Promise.resolve(void cache.current.delete(CORE)),
  (cache) => Promise.resolve(cache.configure({ keepVersions: 1, pinnedPackages: ["a"] })),
  (cache, name, version) => {
    cache.inFlight.add(`${CORE}/${name}-${version}-any.pkg.tar.zst.sig`);
    return Promise.resolve();
  },
  async (cache, name, version) => {
    const path = cache.path(`${CORE}/${name}-${version}-any.pkg.tar.zst.sig`);
    await writeFileDurably(path, "a longer signature");
    announceFileChange(path);
  },
  async (cache) => void await cache.cleanup().run(),
  async (cache, name, version) => {
    await cache.put(`${CORE}/${name}-${version}-any.pkg.tar.zst`, 30);
    await cache.inventory().reconcile();
  },
];

Deno.test("after any changes, the list has what a scan finds, and nothing keeps what cleanup would remove", async () => {
  const change = fc.record({
    change: fc.constantFrom(...CHANGES),
    name: fc.constantFrom("a", "b", "c", "d"),
    version: fc.constantFrom("1-1", "2-1", "3-1"),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(change, { maxLength: 12 }), async (changes) => {
      await using cache = await CacheOnDisk.make();
      cache.configure({ keepVersions: 0 });
      using catalogue = catalogueOf(cache);
      for (const { change, name, version } of changes) {
        // What others write in the moment of a record is not told from it.
        cache.now += 1000;
        await change(cache, name, version);
        const { packages, totals } = await catalogue.list(ALL);
        const scanned = await cache.inventory().packages();
        assertEquals(
          packages.map((each) =>
            comparable({ ...each, inFlight: each.keptBecause.includes("in_flight") })
          ),
          scanned.map((each) => comparable({ ...each, signed: each.signature !== null })),
        );
        assertEquals(totals, {
          packages: scanned.length,
          bytes: scanned.reduce((sum, { bytes }) => sum + bytes, 0),
        });
        const { retention } = await cache.cleanup().plan();
        const unkept = await catalogue.list({ ...ALL, kept: "nothing" });
        assertEquals(
          unkept.packages.map(({ path }) => path),
          retention.evictions.map(({ entry }) => entry.path).sort(),
        );
      }
    }),
    { numRuns: 25 },
  );
});

/** A cache of several packages, and its catalogue. */
async function several() {
  const cache = await CacheOnDisk.make();
  const at = (minutes: number) => ({ usedAt: cache.now - minutes * 60_000 });
  await cache.add("linux", "6.2-1", { bytes: 300, ...at(3) });
  await cache.add("linux", "6.1-1", { bytes: 200, ...at(4) });
  await cache.add("linux-headers", "6.2-1", { bytes: 100, ...at(1) });
  await cache.add("lib_32", "1-1", { bytes: 500, directory: EXTRA, ...at(2) });
  await cache.add("lib132", "1-1", { bytes: 400, directory: EXTRA, ...at(5) });
  return { cache, catalogue: catalogueOf(cache) };
}

const [LINUX, OLD, HEADERS, LIB, OTHER] = [
  "linux 6.2-1",
  "linux 6.1-1",
  "linux-headers 6.2-1",
  "lib_32 1-1",
  "lib132 1-1",
];

Deno.test("packages are searched, filtered, sorted and paged", async (t) => {
  const { cache, catalogue } = await several();
  await using _cache = cache;
  using _catalogue = catalogue;
  cache.configure({ keepVersions: 1 });
  cache.current.get(CORE)!.add("linux-6.2-1-any.pkg.tar.zst");
  cache.current.delete(EXTRA);
  cache.index.pin("linux-headers", cache.now);
  const cases: [string, Partial<ListQuery>, string[]][] = [
    ["by path", {}, [OLD, LINUX, HEADERS, OTHER, LIB]],
    ["by name", { sort: "name" }, [OTHER, LIB, OLD, LINUX, HEADERS]],
    ["the largest first", { sort: "size", isDescending: true }, [LIB, OTHER, LINUX, OLD, HEADERS]],
    ["used last", { sort: "used_at", isDescending: true, limit: 2 }, [HEADERS, LIB]],
    ["the page after", { sort: "used_at", isDescending: true, limit: 2, offset: 2 }, [LINUX, OLD]],
    ["beyond the end", { limit: 2, offset: 9 }, []],
    ["one word", { words: ["LINUX"] }, [OLD, LINUX, HEADERS]],
    ["two words", { words: ["6.2", "linux"] }, [LINUX, HEADERS]],
    ["a word with a sign of SQL", { words: ["b_3"] }, [LIB]],
    ["another", { words: ["%"] }, []],
    ["a word of the directory", { words: ["extra"] }, [OTHER, LIB]],
    ["a name", { pattern: "linux" }, [OLD, LINUX]],
    ["a glob", { pattern: "l*32" }, [OTHER, LIB]],
    ["a glob of files", { pattern: "*-6.2-*.pkg.tar.zst" }, [LINUX, HEADERS]],
    ["a directory", { directories: [EXTRA] }, [OTHER, LIB]],
    ["no directory", { directories: [] }, []],
    ["current", { kept: "current" }, [LINUX]],
    ["of unknown databases", { kept: "unknown" }, [OTHER, LIB]],
    ["pinned", { kept: "pinned" }, [HEADERS]],
    ["of keep_versions", { kept: "version" }, [OLD, HEADERS]],
    ["kept by nothing", { kept: "nothing" }, []],
  ];
  for (const [what, query, names] of cases) {
    await t.step(what, async () => assertEquals(await namesOf(catalogue, query), names));
  }
});

Deno.test("a use of a package shows in the list", async () => {
  const { cache, catalogue } = await several();
  await using _cache = cache;
  using _catalogue = catalogue;
  await catalogue.list(ALL);
  cache.use(`${EXTRA}/lib132-1-1-any.pkg.tar.zst`);
  assertEquals(await namesOf(catalogue, { sort: "uses", isDescending: true, limit: 1 }), [OTHER]);
});

Deno.test("totals count what matches on all pages", async () => {
  const { cache, catalogue } = await several();
  await using _cache = cache;
  using _catalogue = catalogue;
  const query = { ...ALL, words: ["linux"], limit: 1 };
  // A signature has 5 bytes.
  assertEquals((await catalogue.list(query)).totals, { packages: 3, bytes: 615 });
  await cache.add("linux-docs", "1-1", { bytes: 1 });
  assertEquals((await catalogue.list(query)).totals, { packages: 4, bytes: 621 });
});

Deno.test("an unused list is dropped, and built again on the next use", async () => {
  const { cache, catalogue: unused } = await several();
  await using _ = cache;
  using _unused = unused;
  const isLetGo = Promise.withResolvers<void>();
  const index: CatalogueOptions["index"] = {
    listen: (listener) => {
      cache.index.listen(listener);
      if (listener === null) isLetGo.resolve();
    },
    flush: () => cache.index.flush(),
    file: (directory, fileName) => cache.index.file(directory, fileName),
  };
  using catalogue = catalogueOf(cache, { index, idleMs: 0 });
  // A timer of the catalogue keeps no process alive, but this test must not end before it.
  const alive = setInterval(() => {}, 1000);
  await catalogue.list(ALL);
  await isLetGo.promise;
  clearInterval(alive);
  await cache.add("new", "1-1");
  assertEquals(await namesOf(catalogue, { words: ["new"] }), ["new 1-1"]);
});

Deno.test("too many changes to examine one by one are found by a scan", async () => {
  await using cache = await CacheOnDisk.make();
  using catalogue = catalogueOf(cache);
  assertEquals((await catalogue.list(ALL)).totals.packages, 0);
  const count = 2100;
  await cache.put(`${CORE}/first-1-1-any.pkg.tar.zst`);
  for (let number = 0; number < count; number++) {
    Deno.writeFileSync(cache.path(`${CORE}/p${number}-1-1-any.pkg.tar.zst`), new Uint8Array(1));
  }
  await cache.inventory().reconcile();
  assertEquals((await catalogue.list({ ...ALL, limit: 1 })).totals.packages, count + 1);
});
