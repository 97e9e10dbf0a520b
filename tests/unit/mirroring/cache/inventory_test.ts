import { assert, assertEquals } from "@std/assert";
import { CacheOnDisk, CORE, EXTRA, treeOf } from "../../../support/cache_on_disk.ts";
import { LogLines } from "../../../support/log_lines.ts";
import { allRecords } from "../../../support/indexed_files.ts";

/** The packages of the inventory by name, with what `describe` says of each. */
async function listed<T>(
  cache: CacheOnDisk,
  describe: (cached: { pinned: boolean; inFlight: boolean; current: boolean | null }) => T,
): Promise<Record<string, T>> {
  const packages = await cache.inventory().packages();
  return Object.fromEntries(packages.map((cached) => [cached.name, describe(cached)]));
}

Deno.test("packages are listed by path, with how often clients took them", async () => {
  await using cache = await CacheOnDisk.make();
  const paths = [
    await cache.add("z", "1-1"),
    await cache.add("a", "1-1", { directory: EXTRA }),
    await cache.add("a", "1-1"),
  ];
  cache.use(paths[0]!);
  cache.use(paths[0]!);
  const packages = await cache.inventory().packages();
  assertEquals(packages.map(({ path }) => path), paths.toSorted());
  assertEquals(packages.map(({ uses }) => uses), [0, 2, 0]);
});

Deno.test("a package is pinned by the configuration or by the index", async () => {
  await using cache = await CacheOnDisk.make();
  for (const name of ["linux", "nvidia-utils", "foo"]) await cache.add(name, "1-1");
  cache.configure({ pinnedPackages: ["linux"] });
  cache.index.pin("nvidia-*", cache.now);
  assertEquals(
    await listed(cache, ({ pinned }) => pinned),
    { foo: false, linux: true, "nvidia-utils": true },
  );
});

Deno.test("a package is in flight while it or its signature is being downloaded", async () => {
  await using cache = await CacheOnDisk.make();
  const [a, b] = [await cache.add("a", "1-1"), await cache.add("b", "1-1")];
  await cache.add("c", "1-1");
  cache.inFlight.add(a).add(`${b}.sig`);
  assertEquals(
    await listed(cache, ({ inFlight }) => inFlight),
    { a: true, b: true, c: false },
  );
});

Deno.test("a package is current if the served database lists its file", async () => {
  await using cache = await CacheOnDisk.make();
  await cache.add("listed", "1-1");
  await cache.add("unlisted", "1-1");
  await cache.add("unknown", "1-1", { directory: EXTRA });
  await cache.add("unconfigured", "1-1", { directory: "testing/os/x86_64" });
  cache.current.get(CORE)!.add("listed-1-1-any.pkg.tar.zst");
  cache.current.delete(EXTRA);
  assertEquals(
    await listed(cache, ({ current }) => current),
    { listed: true, unlisted: false, unknown: null, unconfigured: false },
  );
});

Deno.test("a database that cannot be read leaves open what is current, and is logged", async () => {
  await using cache = await CacheOnDisk.make();
  const log = new LogLines();
  await cache.add("foo", "1-1");
  const snapshots = { trustedPackagesOf: () => Promise.reject(new Error("damaged")) };
  const [foo] = await cache.inventory({ snapshots }).packages();
  assertEquals(foo?.current, null);
  assertEquals(log.matching(/cannot read the database, keeping its packages.*damaged/).length, 1);
});

Deno.test("one package is described as in the list, without a scan of the cache", async () => {
  await using cache = await CacheOnDisk.make();
  const path = await cache.add("foo", "1-1");
  cache.use(path);
  cache.inFlight.add(path);
  cache.configure({ pinnedPackages: ["foo"] });
  const inventory = cache.inventory();
  const [listed] = await inventory.packages();
  await cache.put(`${CORE}/unrecorded-1-1-any.pkg.tar.zst`);
  const fileName = "foo-1-1-any.pkg.tar.zst";
  assertEquals(await inventory.package(CORE, fileName), listed ?? null);
  assertEquals(cache.index.count(), 1, "the other file was not looked at");
  assertEquals(await inventory.package(EXTRA, fileName), null);
});

Deno.test("one package of a repository that is no longer configured is found", async () => {
  await using cache = await CacheOnDisk.make();
  await cache.add("foo", "1-1", { directory: EXTRA });
  cache.tree = treeOf("core");
  const foo = await cache.inventory().package(EXTRA, "foo-1-1-any.pkg.tar.zst");
  assertEquals(foo?.current, false);
});

Deno.test("reconciling brings the index into line with the disk and removes no file", async () => {
  await using cache = await CacheOnDisk.make();
  const path = `${CORE}/foo-1-1-any.pkg.tar.zst`;
  await cache.put(path);
  cache.configure({ keepVersions: 0, maxCacheBytes: 1 });
  await cache.inventory().reconcile();
  assertEquals((await allRecords(cache.index)).length, 1);
  assertEquals(await cache.files(), [path]);
});

Deno.test("the contents include leftovers and the size of all files", async () => {
  await using cache = await CacheOnDisk.make();
  await cache.add("foo", "1-1");
  await cache.put(`.pkgstash/parts/${CORE}/bar-1-1-any.pkg.tar.zst.part`, 20);
  cache.now += 2 * 86_400_000;
  const { packages, leftovers, bytes } = await cache.inventory().take();
  assertEquals([packages.length, leftovers.length, bytes], [1, 1, 35]);
  assert(leftovers.every(({ reason }) => reason === "stale_part"));
});
