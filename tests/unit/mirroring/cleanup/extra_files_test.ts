import { assert, assertEquals } from "@std/assert";
import type { ExtraFile } from "../../../../src/repositories/extra_file.ts";
import { ExtraStore } from "../../../../src/mirroring/cache/extra_store.ts";
import { RepositoryTree } from "../../../../src/repositories/repository.ts";
import { CacheOnDisk, CORE } from "../../../support/cache_on_disk.ts";
import { configOf } from "../../../support/configuration.ts";

const DAY = 86_400_000;
const treeWith = (...paths: string[]) =>
  new RepositoryTree(configOf(`extra_paths = ${JSON.stringify(paths)}`));

/** A cache with files of extra paths, which the test configures away. */
class Extras implements AsyncDisposable {
  readonly store: ExtraStore;

  private constructor(readonly cache: CacheOnDisk) {
    this.store = new ExtraStore(cache.layout);
    cache.tree = treeWith("**");
  }

  static async make(): Promise<Extras> {
    return new Extras(await CacheOnDisk.make());
  }

  file(path: string): ExtraFile {
    return treeWith("**").extraAt(path)!;
  }

  async add(path: string, { bytes = 100, usedAt = this.cache.now, headers = {} } = {}) {
    const file = this.file(path);
    const at = this.store.newPath(file);
    await this.cache.put(at.slice(this.cache.layout.root.length + 1), bytes);
    await this.store.replace(file, at, {
      size: bytes,
      mirror: "mirror",
      headers,
      receivedAt: usedAt,
      fetchedAt: usedAt,
      usedAt,
    });
  }

  /** The paths that are still in the cache. */
  async paths(): Promise<string[]> {
    return (await this.cache.inventory().extras()).map(({ path }) => path);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.cache[Symbol.asyncDispose]();
  }
}

Deno.test("a file of extra_paths counts with its bytes, and stays while nothing limits it", async () => {
  await using extras = await Extras.make();
  await extras.add("iso/a.iso", { bytes: 1000 });
  extras.cache.configure({ keepVersions: 0 });
  const { bytes, extras: [found] } = await extras.cache.inventory().take();
  assertEquals([found?.path, found?.current, found?.pinned], ["iso/a.iso", false, false]);
  assert(bytes > 1000);
  assertEquals((await extras.cache.cleanup().run()).removed, []);
  assertEquals(await extras.paths(), ["iso/a.iso"]);
});

Deno.test("a file unused for max_cache_age is removed, with its record", async () => {
  await using extras = await Extras.make();
  await extras.add("old", { usedAt: extras.cache.now - 3 * DAY });
  await extras.add("new");
  extras.cache.configure({ maxCacheAgeMs: 2 * DAY });
  const { removed } = await extras.cache.cleanup().run();
  assertEquals(removed.map(({ path, reason }) => [path, reason]), [["old", "unused"]]);
  assertEquals(await extras.paths(), ["new"]);
  assertEquals((await extras.cache.files()).filter((path) => path.includes("old")), []);
});

Deno.test("packages and files of extra_paths are evicted in one order, least recently used first", async () => {
  await using extras = await Extras.make();
  const { cache } = extras;
  const first = await cache.add("foo", "1-1", { bytes: 1000, usedAt: cache.now - 3 * DAY });
  await extras.add("second", { bytes: 1000, usedAt: cache.now - 2 * DAY });
  const third = await cache.add("bar", "1-1", { bytes: 1000, usedAt: cache.now - DAY });
  await extras.add("fourth", { bytes: 1000 });
  cache.current.get(CORE)!.add("baz-1-1-any.pkg.tar.zst");
  const listed = await cache.add("baz", "1-1", { bytes: 1000, usedAt: cache.now - 4 * DAY });
  cache.configure({ maxCacheBytes: 3000 });
  const { removed } = await cache.cleanup().run();
  assertEquals(removed.map(({ path }) => path), [first, "second", third]);
  assert((await cache.files()).includes(listed));
});

Deno.test("a file that was used or replaced since the plan is kept, as is one in flight", async () => {
  await using extras = await Extras.make();
  const { cache, store } = extras;
  for (const path of ["used", "replaced", "flying"]) {
    await extras.add(path, { usedAt: cache.now - 3 * DAY });
  }
  cache.configure({ maxCacheAgeMs: DAY });
  cache.inFlight.add("flying");
  const cleanup = cache.cleanup({
    inventory: {
      take: async () => {
        const contents = await cache.inventory().take();
        const used = extras.file("used");
        await store.recordUse(used, (await store.read(used))!, cache.now);
        await extras.add("replaced");
        return contents;
      },
      package: () => Promise.resolve(null),
      isInFlight: () => false,
    },
  });
  const { removed } = await cleanup.run();
  assertEquals(removed, []);
  assertEquals(await extras.paths(), ["flying", "replaced", "used"]);
});

Deno.test("files no longer configured, forbidden or without a record are kept only for minutes", async () => {
  await using extras = await Extras.make();
  const { cache } = extras;
  await extras.add("iso/gone");
  await extras.add("forbidden", { headers: { "cache-control": "no-store" } });
  await extras.add("kept");
  await cache.put(".pkgstash/extra/kept.00000000");
  await cache.put(".pkgstash/parts/kept.part");
  await cache.put(".pkgstash/parts/iso/gone.part");
  cache.tree = treeWith("kept", "forbidden");
  assertEquals((await cache.cleanup().run()).removed, []);
  cache.now += DAY / 2;
  const { removed } = await cache.cleanup().run();
  assertEquals(removed.map(({ reason }) => reason).sort(), [
    "gone_repository",
    "gone_repository",
    "gone_repository",
    "temporary",
    "temporary",
    "temporary",
  ]);
  assertEquals(await extras.paths(), ["kept"]);
  assert((await cache.files()).includes(".pkgstash/parts/kept.part"));
});

Deno.test("a damaged record, or one with truncated bytes, is not a file", async (t) => {
  const spoilt: [what: string, spoil: (record: string, blob: string) => Promise<void>][] = [
    ["not JSON", (record) => Deno.writeTextFile(record, "{")],
    ["another shape", (record) => Deno.writeTextFile(record, '{"blob":"x"}')],
    ["a way out", async (record) => {
      const text = await Deno.readTextFile(record);
      await Deno.writeTextFile(record, text.replace(/"blob":"[^"]*"/, '"blob":"../x.00000000"'));
    }],
    ["cut", (_record, blob) => Deno.truncate(blob, 10)],
    ["gone", (_record, blob) => Deno.remove(blob)],
  ];
  for (const [what, spoil] of spoilt) {
    await t.step(what, async () => {
      await using extras = await Extras.make();
      await extras.add("iso/a");
      const file = extras.file("iso/a");
      const record = (await extras.store.read(file))!;
      const directory = extras.cache.path(".pkgstash/extra/iso");
      await extras.cache.put(".pkgstash/extra/x.00000000", record.size);
      await spoil(`${directory}/a.record`, `${directory}/${record.blob}`);
      assertEquals(await extras.store.read(file), null);
    });
  }
});

Deno.test("only the bytes on record stay when a file is replaced again and again", async () => {
  await using extras = await Extras.make();
  await Promise.all([1, 2, 3].map((bytes) => extras.add("a", { bytes })));
  const files = (await extras.cache.files()).filter((path) => path.startsWith(".pkgstash/extra"));
  assertEquals(files.length, 2);
  assert(await extras.store.read(extras.file("a")) !== null);
});
