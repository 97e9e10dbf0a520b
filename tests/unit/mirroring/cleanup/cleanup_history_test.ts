import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { PkgstashError } from "../../../../src/errors.ts";
import { CacheIndex } from "../../../../src/mirroring/cache/cache_index.ts";
import type { RecordedCleanup } from "../../../../src/mirroring/cache/removal_log.ts";
import { CacheOnDisk, CORE } from "../../../support/cache_on_disk.ts";

const ALL = { words: [], cleanup: null, limit: 100 };

const brief = ({ number, cause, removed }: RecordedCleanup) => [number, cause, removed];

Deno.test("exactly the reviewed plan is carried out", async () => {
  await using cache = await CacheOnDisk.make();
  const old = await cache.add("foo", "1-1");
  cache.configure({ keepVersions: 0 });
  const { report: { plan } } = await cache.cleanup().plan();
  const done = await cache.cleanup().run({ plan });
  assertEquals([done.plan, done.removed.map(({ path }) => path)], [plan, [old]]);
});

Deno.test("a plan that has changed removes nothing", async (t) => {
  const changes: [string, (cache: CacheOnDisk) => Promise<unknown> | void][] = [
    ["another file", (cache) => cache.add("bar", "1-1")],
    ["another size", (cache) => cache.add("foo", "1-1", { bytes: 11 })],
    ["fewer files", (cache) => void cache.index.pin("foo", cache.now)],
    ["another reason", (cache) => cache.configure({ maxCacheAgeMs: 1 })],
  ];
  for (const [what, change] of changes) {
    await t.step(what, async () => {
      await using cache = await CacheOnDisk.make();
      await cache.add("foo", "1-1");
      cache.configure({ keepVersions: 0 });
      const cleanup = cache.cleanup();
      const { report: { plan } } = await cleanup.plan();
      cache.now += 1000;
      await change(cache);
      const before = await cache.files();
      const error = await assertRejects(() => cleanup.run({ plan }), PkgstashError);
      assertEquals(error.kind, "conflict");
      assertMatch(error.message, /it would now remove other files/);
      assertEquals(await cache.files(), before);
      assertEquals(cache.index.removals.cleanups({ limit: 10 }), []);
    });
  }
});

Deno.test("a plan's ID does not depend on views or on the order of uses", async () => {
  await using cache = await CacheOnDisk.make();
  const [one] = [await cache.add("a", "1-1"), await cache.add("b", "1-1")];
  cache.configure({ keepVersions: 0 });
  const { report: { plan } } = await cache.cleanup().plan();
  cache.use(one);
  cache.now += 10;
  assertEquals((await cache.cleanup().plan()).report.plan, plan);
});

Deno.test("past cleanups and their removals are kept across a restart, latest first", async () => {
  await using cache = await CacheOnDisk.make();
  const first = await cache.add("foo", "1-1");
  cache.configure({ keepVersions: 0 });
  await cache.cleanup().run({ cause: "refresh" });
  cache.now += 1000;
  const second = await cache.add("bar", "1-1", { bytes: 20 });
  await cache.cleanup().run();
  await cache.add("baz", "1-1");
  await cache.cleanup().remove(CORE, "baz-1-1-any.pkg.tar.zst");
  using index = await CacheIndex.open(join(cache.layout.state, "index.sqlite"));
  assertEquals(index.removals.cleanups({ limit: 10 }).map(brief), [
    [2, "requested", [{ reason: "superseded", files: 1, bytes: 25 }]],
    [1, "refresh", [{ reason: "superseded", files: 1, bytes: 15 }]],
  ]);
  const removals = index.removals.removals(ALL);
  assertEquals(removals.map(({ path, reason, cleanup }) => [path, reason, cleanup]), [
    [`${CORE}/baz-1-1-any.pkg.tar.zst`, "requested", null],
    [second, "superseded", 2],
    [first, "superseded", 1],
  ]);
  assertMatch(removals[2]!.why, /no longer in any database/);
  const found = index.removals.removals({ ...ALL, words: ["BAR", "core"] });
  assertEquals(found.map(({ path }) => path), [second]);
  assertEquals(index.removals.removals({ ...ALL, cleanup: 1 }).map(({ path }) => path), [first]);
  assertEquals(index.removals.removals({ ...ALL, before: removals[1]!.number }).length, 1);
});

Deno.test("of consecutive idle cleanups only the last is kept, and none of those for room", async () => {
  await using cache = await CacheOnDisk.make();
  const cleanup = cache.cleanup();
  for (let time = 0; time < 3; time++) await cleanup.run({ cause: "refresh" });
  await cleanup.makeRoom(() => 0);
  assertEquals(cache.index.removals.cleanups({ limit: 10 }).map(brief), [[3, "refresh", []]]);
  await cleanup.run({ cause: "requested" });
  await cleanup.run({ cause: "refresh" });
  assertEquals(cache.index.removals.cleanups({ limit: 10 }).map(({ number }) => number), [5, 4, 3]);
});

Deno.test("a cleanup for room is recorded if it removed something, or could not make room", async () => {
  await using cache = await CacheOnDisk.make();
  await cache.add("foo", "1-1", { bytes: 1000 });
  cache.free = 0;
  await cache.cleanup().makeRoom(() => 500);
  const [run] = cache.index.removals.cleanups({ limit: 1 });
  assertEquals([run?.cause, run?.removed[0]?.reason], ["room", "free_space"]);
});

Deno.test("a file that could not be removed is named in the record of the cleanup", async () => {
  await using cache = await CacheOnDisk.make();
  const path = await cache.add("foo", "1-1");
  cache.configure({ keepVersions: 0 });
  const broken = {
    forgetFile: () => {
      throw new Error("no disk");
    },
    usedAt: () => null,
    removals: cache.index.removals,
  };
  await cache.cleanup({ index: broken }).run();
  const [run] = cache.index.removals.cleanups({ limit: 1 });
  assertEquals([run?.failed, run?.failures], [1, [{ path, why: "no disk" }]]);
});

Deno.test("the record of removals has a bound, and the oldest go first", async () => {
  await using cache = await CacheOnDisk.make();
  const { removals } = cache.index;
  const removal = (number: number) => ({ path: `${number}`, bytes: 1, reason: "unused", why: "" });
  for (let start = 0; start < 21_000; start += 1000) {
    removals.recordRemovals(Array.from({ length: 1000 }, (_, each) => removal(start + each)), 1, 1);
  }
  const kept = removals.removals({ ...ALL, limit: 100_000 });
  assertEquals([kept.length, kept[0]?.path, kept.at(-1)?.path], [20_000, "20999", "1000"]);
  const run = { at: 1, durationMs: 1, cause: "refresh" as const, failed: 1, failures: [] };
  for (let number = 1; number <= 510; number++) {
    removals.recordCleanup(number, { ...run, removed: [], skipped: 0, unmet: null });
  }
  assertEquals(removals.cleanups({ limit: 1000 }).length, 500);
  assertEquals(removals.nextCleanup(), 511);
});
