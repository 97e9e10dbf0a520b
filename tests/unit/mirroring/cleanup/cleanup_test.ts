import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { PkgstashError } from "../../../../src/errors.ts";
import { LogLines } from "../../../support/log_lines.ts";
import { CacheOnDisk, CORE, EXTRA, treeOf } from "../../../support/cache_on_disk.ts";
import { allRecords } from "../../../support/indexed_files.ts";

const DAY = 86_400_000;

Deno.test("a package is removed with its signature and record, and the reason is logged", async () => {
  await using cache = await CacheOnDisk.make();
  const log = new LogLines();
  const old = await cache.add("foo", "1-1");
  const kept = await cache.add("foo", "2-1");
  cache.configure({ keepVersions: 1 });
  const announced: string[] = [];
  const report = await cache.cleanup().run({ onRemoved: ({ path }) => announced.push(path) });
  assertEquals(await cache.files(), [kept, `${kept}.sig`]);
  assertEquals((await allRecords(cache.index)).map(({ fileName }) => `${CORE}/${fileName}`), [
    kept,
  ]);
  assertEquals(report.removed.map(({ path, bytes, reason }) => [path, bytes, reason]), [
    [old, 15, "superseded"],
  ]);
  assertEquals([report.dryRun, report.bytesFreed, report.kept.files], [false, 15, 1]);
  assertEquals(announced, [old]);
  assertEquals(log.matching(new RegExp(`removed.*${old}.*superseded`)).length, 1);
});

Deno.test("a plan removes nothing and says what a run then removes", async () => {
  await using cache = await CacheOnDisk.make();
  for (const version of ["1-1", "2-1", "3-1"]) await cache.add("foo", version);
  await cache.put(`${CORE}/alone-1-1-any.pkg.tar.zst.sig`);
  cache.now += 2 * DAY;
  cache.configure({ keepVersions: 1 });
  const before = await cache.files();
  const { report: planned } = await cache.cleanup().plan();
  assertEquals(await cache.files(), before);
  assertEquals(planned.dryRun, true);
  const done = await cache.cleanup().run();
  assertEquals(done, { ...planned, dryRun: false });
  assertEquals(done.removed.length, 3);
  assertEquals((await cache.cleanup().run()).removed, []);
});

Deno.test("a package that is in the served database is kept, and any package if the database is unknown", async () => {
  await using cache = await CacheOnDisk.make();
  const gone = await cache.add("foo", "1-1");
  const named = await cache.add("foo", "2-1");
  await cache.add("bar", "1-1", { directory: EXTRA });
  cache.current.get(CORE)!.add("foo-2-1-any.pkg.tar.zst");
  cache.current.delete(EXTRA);
  cache.configure({ keepVersions: 0 });
  const { removed, kept } = await cache.cleanup().run();
  assertEquals(removed.map(({ path }) => path), [gone]);
  assertEquals(kept.current, 2, named);
});

Deno.test("a database that cannot be read protects its packages", async () => {
  await using cache = await CacheOnDisk.make();
  await cache.add("foo", "1-1");
  cache.configure({ keepVersions: 0, maxCacheAgeMs: 1 });
  cache.now += DAY;
  const inventory = cache.inventory({
    snapshots: { trustedPackagesOf: () => Promise.reject(new Error("no such database")) },
  });
  assertEquals((await cache.cleanup({ inventory }).run()).removed, []);
});

Deno.test("packages of a repository that is no longer configured count as in no database", async () => {
  await using cache = await CacheOnDisk.make();
  const gone = await cache.add("foo", "1-1", { directory: EXTRA });
  cache.current.set(EXTRA, new Set(["foo-1-1-any.pkg.tar.zst"]));
  cache.tree = treeOf("core");
  cache.configure({ keepVersions: 0 });
  assertEquals((await cache.cleanup().run()).removed.map(({ path }) => path), [gone]);
});

Deno.test("pinned packages are kept, and the size limit that they exceed is reported", async () => {
  await using cache = await CacheOnDisk.make();
  const kept = await cache.add("linux", "1-1", { bytes: 100 });
  const gone = await cache.add("foo", "1-1");
  cache.configure({ maxCacheBytes: 50, pinnedPackages: ["lin*"] });
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
  cache.configure({ maxCacheBytes: 65 });
  assertEquals((await cache.cleanup().run()).removed, []);
  cache.configure({ maxCacheBytes: 64 });
  assertEquals((await cache.cleanup().run()).removed.map(({ reason }) => reason), ["size"]);
});

Deno.test("a package is kept while it or its signature is being downloaded", async () => {
  await using cache = await CacheOnDisk.make();
  cache.inFlight.add(await cache.add("a", "1-1")).add(`${await cache.add("b", "1-1")}.sig`);
  cache.configure({ keepVersions: 0 });
  const { removed, kept } = await cache.cleanup().run();
  assertEquals([removed, kept.inFlight], [[], 2]);
});

for (
  const [event, happen] of [
    ["is being downloaded", (cache: CacheOnDisk, key: string) => {
      cache.inFlight.add(key);
    }],
    ["was replaced", (cache: CacheOnDisk, key: string) => {
      Deno.removeSync(cache.path(key));
      Deno.writeFileSync(cache.path(key), new Uint8Array(11));
    }],
    ["was used", (cache: CacheOnDisk, key: string) => cache.use(key)],
  ] as const
) {
  Deno.test(`a package that ${event} since the plan was made is kept`, async () => {
    await using cache = await CacheOnDisk.make();
    const first = await cache.add("a", "1-1", { usedAt: cache.now - 1 });
    const second = await cache.add("b", "1-1");
    cache.configure({ keepVersions: 0 });
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
  cache.configure({ keepVersions: 0 });
  const moved = join(cache.outside, "moved");
  const report = await cache.cleanup({
    // Called after the scan. A removal that followed the link would happen outside the cache.
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

Deno.test("leftovers are removed, other files and empty directories are kept", async () => {
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

Deno.test("space freed by leftovers counts before packages are evicted", async () => {
  await using cache = await CacheOnDisk.make();
  await cache.add("foo", "1-1");
  await cache.put(`${CORE}/alone-1-1-any.pkg.tar.zst.sig`, 100);
  cache.now += 2 * DAY;
  cache.free = 0;
  cache.configure({ maxCacheBytes: 20, minFreeBytes: 100 });
  const { removed } = await cache.cleanup().run();
  assertEquals(removed.map(({ reason }) => reason), ["orphan_signature"]);
});

Deno.test("two concurrent runs remove each file once", async () => {
  await using cache = await CacheOnDisk.make();
  for (let version = 1; version <= 20; version++) await cache.add("foo", `${version}-1`);
  cache.configure({ keepVersions: 1 });
  const cleanup = cache.cleanup();
  const [one, two] = await Promise.all([cleanup.run(), cleanup.run()]);
  assertEquals([one.removed.length, two.removed.length], [19, 0]);
  assertEquals([...one.failed, ...two.failed], []);
});

Deno.test("a run that fails does not prevent the next one", async () => {
  await using cache = await CacheOnDisk.make();
  let fails = true;
  const cleanup = cache.cleanup({
    freeSpace: () => fails ? Promise.reject(new Error("no disk")) : Promise.resolve(null),
  });
  assertEquals(await cleanup.run().catch((error) => error.message), "no disk");
  fails = false;
  assertEquals((await cleanup.run()).removed, []);
});

Deno.test("room is made by the limit of free space alone, leftovers first", async () => {
  await using cache = await CacheOnDisk.make();
  const oldest = await cache.add("foo", "1-1", { usedAt: cache.now - 9 });
  const newest = await cache.add("foo", "2-1", { usedAt: cache.now - 8 });
  await cache.put(`${CORE}/alone-1-1-any.pkg.tar.zst.sig`);
  cache.now += 2 * DAY;
  cache.free = 80;
  cache.configure({ keepVersions: 0, maxCacheAgeMs: 1, maxCacheBytes: 1, minFreeBytes: 60 });
  const reachable: number[] = [];
  const { removed } = await cache.cleanup().makeRoom((bytes) => {
    reachable.push(bytes);
    return 35;
  });
  assertEquals(reachable, [80 + 10 + 15 + 15]);
  assertEquals(removed.map(({ path }) => path), [`${CORE}/alone-1-1-any.pkg.tar.zst.sig`, oldest]);
  assertEquals(await cache.files(), [newest, `${newest}.sig`]);
});

/** A quarantined file and an unfinished download of 100 bytes each, which nobody has touched lately. */
async function putSpares(cache: CacheOnDisk): Promise<{ damaged: string; part: string }> {
  const damaged = `.pkgstash/quarantine/${CORE}/foo-1-1-any.pkg.tar.zst.1`;
  const part = `.pkgstash/parts/${CORE}/bar-1-1-any.pkg.tar.zst.part`;
  for (const file of [damaged, part]) await cache.put(file, 100);
  cache.now += 3_600_000;
  return { damaged, part };
}

Deno.test("quarantined files and abandoned parts make way before any package, and only when needed", async () => {
  await using cache = await CacheOnDisk.make();
  const current = await cache.add("foo", "1-1");
  const { damaged, part } = await putSpares(cache);
  cache.free = 1000;
  assertEquals((await cache.cleanup().makeRoom(() => 900)).removed, []);
  const reachable: number[] = [];
  const { removed, unmet } = await cache.cleanup().makeRoom((bytes) => {
    reachable.push(bytes);
    return 1150;
  });
  assertEquals(reachable, [1000 + 100 + 100 + 15]);
  assertEquals(removed.map(({ path }) => path).toSorted(), [part, damaged].toSorted());
  assertEquals([unmet, await cache.files()], [null, [current, `${current}.sig`]]);
});

Deno.test("a part that a client may resume, or one in flight, makes way for nothing", async () => {
  await using cache = await CacheOnDisk.make();
  const { part } = await putSpares(cache);
  cache.free = 0;
  cache.inFlight.add(`${CORE}/bar-1-1-any.pkg.tar.zst`);
  const fresh = `.pkgstash/parts/${CORE}/new-1-1-any.pkg.tar.zst.part`;
  await cache.put(fresh, 100);
  await Deno.utime(cache.path(fresh), cache.now / 1000, cache.now / 1000);
  await cache.cleanup().makeRoom(() => 1000);
  assertEquals(await cache.files(), [part, fresh]);
});

Deno.test("damaged files do not crowd packages out of max_cache_size", async () => {
  await using cache = await CacheOnDisk.make();
  const package_ = await cache.add("foo", "1-1", { bytes: 500 });
  await putSpares(cache);
  cache.configure({ maxCacheBytes: 520, cacheLowWaterPercent: 50 });
  const { removed, unmet } = await cache.cleanup().run();
  assertEquals(removed.map(({ reason }) => reason).toSorted(), ["quarantined", "stale_part"]);
  assertEquals([unmet, await cache.files()], [null, [package_, `${package_}.sig`]]);
});

Deno.test("one package is removed with its signature, pinned or not", async () => {
  await using cache = await CacheOnDisk.make();
  const removed = await cache.add("linux", "1-1");
  const kept = await cache.add("linux", "2-1");
  cache.configure({ pinnedPackages: ["linux"] });
  const fileName = removed.slice(CORE.length + 1);
  assertEquals(await cache.cleanup().remove(CORE, fileName), 15);
  assertEquals(await cache.cleanup().remove(CORE, fileName), null, "not there any more");
  assertEquals(await cache.files(), [kept, `${kept}.sig`]);
  assertEquals(cache.index.count(), 1);
});

Deno.test("one package is not removed while its signature is being downloaded", async () => {
  await using cache = await CacheOnDisk.make();
  const path = await cache.add("foo", "1-1");
  cache.inFlight.add(`${path}.sig`);
  const error = await assertRejects(
    () => cache.cleanup().remove(CORE, "foo-1-1-any.pkg.tar.zst"),
    PkgstashError,
    `Cannot remove ${path}`,
  );
  assertEquals(error.kind, "conflict");
  assertEquals((await cache.files()).length, 2);
});

Deno.test("one package that the disk keeps is a failure of storage, with the reason", async () => {
  await using cache = await CacheOnDisk.make();
  const path = await cache.add("foo", "1-1");
  const { remove } = Deno;
  Deno.remove = () => Promise.reject(new Error("Read-only file system (os error 30)"));
  try {
    const error = await assertRejects(
      () => cache.cleanup().remove(CORE, "foo-1-1-any.pkg.tar.zst"),
      PkgstashError,
      `Cannot remove ${path}: Read-only file system`,
    );
    assertEquals(error.kind, "storage");
  } finally {
    Deno.remove = remove;
  }
});
