import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { LogLines } from "../../../support/log_lines.ts";
import { CacheOnDisk, CORE, EXTRA, treeOf } from "../../../support/cache_on_disk.ts";

const DAY = 86_400_000;

Deno.test("packages go with their signature and record, and the reason is logged", async () => {
  await using cache = await CacheOnDisk.make();
  const log = new LogLines();
  const old = await cache.add("foo", "1-1");
  const kept = await cache.add("foo", "2-1");
  cache.limit({ keepVersions: 1 });
  const told: string[] = [];
  const report = await cache.cleanup().run({ onRemoved: ({ path }) => told.push(path) });
  assertEquals(await cache.files(), [kept, `${kept}.sig`]);
  assertEquals(cache.index.files().map(({ fileName }) => `${CORE}/${fileName}`), [kept]);
  assertEquals(report.removed.map(({ path, bytes, reason }) => [path, bytes, reason]), [
    [old, 15, "superseded"],
  ]);
  assertEquals([report.dryRun, report.bytesFreed, report.kept.files], [false, 15, 1]);
  assertEquals(told, [old]);
  assertEquals(log.matching(new RegExp(`removed.*${old}.*superseded`)).length, 1);
});

Deno.test("a plan removes nothing and says what a run then does", async () => {
  await using cache = await CacheOnDisk.make();
  for (const version of ["1-1", "2-1", "3-1"]) await cache.add("foo", version);
  await cache.put(`${CORE}/alone-1-1-any.pkg.tar.zst.sig`);
  cache.now += 2 * DAY;
  cache.limit({ keepVersions: 1 });
  const before = await cache.files();
  const { report: planned } = await cache.cleanup().plan();
  assertEquals(await cache.files(), before);
  assertEquals(planned.dryRun, true);
  const done = await cache.cleanup().run();
  assertEquals(done, { ...planned, dryRun: false });
  assertEquals(done.removed.length, 3);
  assertEquals((await cache.cleanup().run()).removed, []);
});

Deno.test("what the served database names stays, and all of it when that is not known", async () => {
  await using cache = await CacheOnDisk.make();
  const gone = await cache.add("foo", "1-1");
  const named = await cache.add("foo", "2-1");
  await cache.add("bar", "1-1", { directory: EXTRA });
  cache.current.get(CORE)!.add("foo-2-1-any.pkg.tar.zst");
  cache.current.delete(EXTRA);
  cache.limit({ keepVersions: 0 });
  const { removed, kept } = await cache.cleanup().run();
  assertEquals(removed.map(({ path }) => path), [gone]);
  assertEquals(kept.current, 2, named);
});

Deno.test("a database that fails to be read protects its packages", async () => {
  await using cache = await CacheOnDisk.make();
  await cache.add("foo", "1-1");
  cache.limit({ keepVersions: 0, maxCacheAgeMs: 1 });
  cache.now += DAY;
  const currentFileNames = () => Promise.reject(new Error("no such database"));
  assertEquals((await cache.cleanup({ currentFileNames }).run()).removed, []);
});

Deno.test("no database names the packages of a repository that is no longer configured", async () => {
  await using cache = await CacheOnDisk.make();
  const gone = await cache.add("foo", "1-1", { directory: EXTRA });
  cache.current.set(EXTRA, new Set(["foo-1-1-any.pkg.tar.zst"]));
  cache.tree = treeOf("core");
  cache.limit({ keepVersions: 0 });
  assertEquals((await cache.cleanup().run()).removed.map(({ path }) => path), [gone]);
});

Deno.test("pinned packages stay, and the size that they stand against is named", async () => {
  await using cache = await CacheOnDisk.make();
  const kept = await cache.add("linux", "1-1", { bytes: 100 });
  const gone = await cache.add("foo", "1-1");
  cache.limit({ maxCacheBytes: 50, pinnedPackages: ["lin*"] });
  const { removed, unmet, kept: { pinned } } = await cache.cleanup().run();
  assertEquals(removed.map(({ path }) => path), [gone]);
  assertEquals(pinned, 1, kept);
  assertStringIncludes(unmet!, "max_cache_size");
});

Deno.test("the size counts signatures, part files and databases", async () => {
  await using cache = await CacheOnDisk.make();
  await cache.add("foo", "1-1");
  await cache.put(`.pkgstash/parts/${CORE}/bar-1-1-any.pkg.tar.zst.part`, 20);
  await cache.put(`.pkgstash/snapshots/${CORE}/1-ab12-core.db`, 30);
  cache.limit({ maxCacheBytes: 65 });
  assertEquals((await cache.cleanup().run()).removed, []);
  cache.limit({ maxCacheBytes: 64 });
  assertEquals((await cache.cleanup().run()).removed.map(({ reason }) => reason), ["size"]);
});

Deno.test("a package whose transfer or whose signature's is under way stays", async () => {
  await using cache = await CacheOnDisk.make();
  cache.inFlight.add(await cache.add("a", "1-1")).add(`${await cache.add("b", "1-1")}.sig`);
  cache.limit({ keepVersions: 0 });
  const { removed, kept } = await cache.cleanup().run();
  assertEquals([removed, kept.inFlight], [[], 2]);
});

for (
  const [event, happen] of [
    ["came into flight", (cache: CacheOnDisk, key: string) => {
      cache.inFlight.add(key);
    }],
    ["was replaced", (cache: CacheOnDisk, key: string) => {
      Deno.removeSync(cache.path(key));
      Deno.writeFileSync(cache.path(key), new Uint8Array(11));
    }],
    ["was used", (cache: CacheOnDisk, key: string) => cache.use(key)],
  ] as const
) {
  Deno.test(`a package that ${event} since the plan was made is left alone`, async () => {
    await using cache = await CacheOnDisk.make();
    const first = await cache.add("a", "1-1", { usedAt: cache.now - 1 });
    const second = await cache.add("b", "1-1");
    cache.limit({ keepVersions: 0 });
    const report = await cache.cleanup().run({ onRemoved: () => happen(cache, second) });
    assertEquals(report.removed.map(({ path }) => path), [first]);
    assertEquals([report.skipped, report.kept.files], [1, 1]);
    assertEquals(await cache.files(), [second, `${second}.sig`]);
  });
}

Deno.test("a removal that fails is reported and does not stop the others", async () => {
  await using cache = await CacheOnDisk.make();
  const log = new LogLines();
  const gone = await cache.add("b", "1-1");
  await cache.add("a", "1-1", { directory: EXTRA, usedAt: cache.now - 1 });
  cache.limit({ keepVersions: 0 });
  const moved = join(cache.outside, "moved");
  const report = await cache.cleanup({
    // Asked while planning, after the files were seen. What is done behind a link would be done
    // outside of the cache.
    freeSpace: () => {
      Deno.renameSync(cache.path("extra"), moved);
      Deno.symlinkSync(moved, cache.path("extra"));
      return Promise.resolve(null);
    },
  }).run();
  assertEquals(report.removed.map(({ path }) => path), [gone]);
  assertEquals(report.failed.map(({ path }) => path), [`${EXTRA}/a-1-1-any.pkg.tar.zst`]);
  assertEquals([report.kept.files, report.bytesFreed], [1, 15]);
  assertEquals(log.matching(/cannot remove/).length, 1);
  assertEquals(
    (await Deno.stat(join(moved, "os/x86_64/a-1-1-any.pkg.tar.zst"))).size,
    10,
  );
});

Deno.test("leftovers go, other files and empty directories stay", async () => {
  await using cache = await CacheOnDisk.make();
  const extra = ".pkgstash/snapshots/extra/os/x86_64";
  await cache.put(`${extra}/current.json`);
  await cache.put(`${extra}/1-ab12-extra.db`);
  await cache.put(`.pkgstash/parts/${EXTRA}/a-1-1-any.pkg.tar.zst.part`);
  await cache.put(`.pkgstash/snapshots/${CORE}/current.json`);
  await cache.put(`${CORE}/README`);
  cache.tree = treeOf("core");
  cache.now += 2 * DAY;
  const { removed, bytesFreed } = await cache.cleanup().run();
  assertEquals([removed.length, bytesFreed], [3, 30]);
  assertEquals(await cache.files(), [`.pkgstash/snapshots/${CORE}/current.json`, `${CORE}/README`]);
  assertEquals((await Deno.stat(cache.path(extra))).isDirectory, true);
  assertEquals(new Set(cache.forgotten), new Set([EXTRA]));
});

Deno.test("what leftovers free is not asked of packages", async () => {
  await using cache = await CacheOnDisk.make();
  await cache.add("foo", "1-1");
  await cache.put(`${CORE}/alone-1-1-any.pkg.tar.zst.sig`, 100);
  cache.now += 2 * DAY;
  cache.free = 0;
  cache.limit({ maxCacheBytes: 20, minFreeBytes: 100 });
  const { removed } = await cache.cleanup().run();
  assertEquals(removed.map(({ reason }) => reason), ["orphan_signature"]);
});

Deno.test("two runs at once do not get into each other's way", async () => {
  await using cache = await CacheOnDisk.make();
  for (let version = 1; version <= 20; version++) await cache.add("foo", `${version}-1`);
  cache.limit({ keepVersions: 1 });
  const cleanup = cache.cleanup();
  const [one, two] = await Promise.all([cleanup.run(), cleanup.run()]);
  assertEquals([one.removed.length, two.removed.length], [19, 0]);
  assertEquals([...one.failed, ...two.failed], []);
});

Deno.test("a run that fails altogether does not keep the next one from working", async () => {
  await using cache = await CacheOnDisk.make();
  let fails = true;
  const cleanup = cache.cleanup({
    freeSpace: () => fails ? Promise.reject(new Error("no disk")) : Promise.resolve(null),
  });
  assertEquals(await cleanup.run().catch((error) => error.message), "no disk");
  fails = false;
  assertEquals((await cleanup.run()).removed, []);
});

Deno.test("room is made by the rule of free space alone, once for all who ask", async () => {
  await using cache = await CacheOnDisk.make();
  const oldest = await cache.add("foo", "1-1", { usedAt: cache.now - 9 });
  const others = [
    await cache.add("foo", "2-1", { usedAt: cache.now - 8 }),
    await cache.add("foo", "3-1", { usedAt: cache.now - 7 }),
  ];
  await cache.put(`${CORE}/alone-1-1-any.pkg.tar.zst.sig`);
  cache.now += 2 * DAY;
  cache.limit({ keepVersions: 0, maxCacheAgeMs: 1, maxCacheBytes: 1, minFreeBytes: 100 });
  let looks = 0;
  const cleanup = cache.cleanup({
    freeSpace: () => {
      looks++;
      return Promise.resolve(90);
    },
  });
  await Promise.all([cleanup.makeRoom(), cleanup.makeRoom(), cleanup.makeRoom()]);
  assertEquals(looks, 2);
  assertEquals(
    await cache.files(),
    [
      ...others.flatMap((key) => [key, `${key}.sig`]),
      `${CORE}/alone-1-1-any.pkg.tar.zst.sig`,
    ].sort(),
    oldest,
  );
  await cleanup.makeRoom();
  assertEquals((await cache.files()).length, 5, "not again so soon");
});

Deno.test("nothing is looked through as long as there is room", async () => {
  await using cache = await CacheOnDisk.make();
  await cache.add("foo", "1-1");
  cache.limit({ keepVersions: 0, minFreeBytes: 100 });
  for (const free of [100, null]) {
    cache.free = free;
    const cleanup = cache.cleanup({
      tree: () => {
        throw new Error("looked");
      },
    });
    await cleanup.makeRoom();
  }
  assertEquals((await cache.files()).length, 2);
});

Deno.test("to fail at making room is logged, and no error", async () => {
  await using cache = await CacheOnDisk.make();
  const log = new LogLines();
  cache.limit({ minFreeBytes: 1 });
  await cache.cleanup({ freeSpace: () => Promise.reject(new Error("no disk")) }).makeRoom();
  assertEquals(log.matching(/cannot make room.*no disk/).length, 1);
});

Deno.test("to reconcile brings the index into line and removes nothing", async () => {
  await using cache = await CacheOnDisk.make();
  await cache.put(`${CORE}/foo-1-1-any.pkg.tar.zst`);
  cache.limit({ keepVersions: 0, maxCacheBytes: 1 });
  await cache.cleanup().reconcile();
  assertEquals(cache.index.files().length, 1);
  assertEquals(await cache.files(), [`${CORE}/foo-1-1-any.pkg.tar.zst`]);
});
