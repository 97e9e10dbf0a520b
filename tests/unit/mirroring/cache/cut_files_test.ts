import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { CacheOnDisk, CORE, treeOf } from "../../../support/cache_on_disk.ts";
import { allRecords } from "../../../support/indexed_files.ts";
import { LogLines } from "../../../support/log_lines.ts";

/** Everything that is left of the cache but signatures. */
async function left(cache: CacheOnDisk): Promise<string[]> {
  const files = await cache.files();
  return files.filter((key) => !key.endsWith(".sig") && !key.startsWith(".pkgstash"));
}

function requested(cache: CacheOnDisk, path: string): Promise<void> {
  const file = cache.tree.fileAt(path);
  if (file === null) throw new Error(`${path} is not in a repository`);
  return cache.cutFiles.makeWay(file);
}

Deno.test("cut files: the first scan sets aside exactly the recorded files of another length", async () => {
  await using cache = await CacheOnDisk.make();
  const whole = await cache.add("whole", "1-1");
  const cut = await cache.add("cut", "1-1");
  const long = await cache.add("long", "1-1");
  const gone = await cache.add("gone", "1-1");
  const folder = await cache.add("folder", "1-1");
  const found = `${CORE}/found-1-1-any.pkg.tar.zst`;
  await cache.put(found);
  await Deno.truncate(cache.path(cut), 9);
  await Deno.writeFile(cache.path(long), new Uint8Array(1), { append: true });
  await Deno.remove(cache.path(gone));
  await Deno.remove(cache.path(folder));
  await Deno.mkdir(cache.path(folder));
  await cache.inventory().reconcile();
  assertEquals(await left(cache), [found, whole]);
  const recorded = (await allRecords(cache.index)).map(({ fileName }) => `${CORE}/${fileName}`);
  assertEquals(recorded, [found, whole]);
  const wanted = [cut, folder, long].map((key) => key.slice(CORE.length + 1));
  assertEquals(cache.index.wishesOf(CORE).toSorted(), wanted);
});

Deno.test("cut files: one requested before that scan is set aside at once", async () => {
  await using cache = await CacheOnDisk.make();
  const whole = await cache.add("whole", "1-1");
  const cut = await cache.add("cut", "1-1");
  const other = await cache.add("other", "1-1");
  for (const key of [cut, other]) await Deno.truncate(cache.path(key), 9);
  for (const key of [whole, cut]) await requested(cache, key);
  assertEquals(await left(cache), [other, whole]);
});

Deno.test("cut files: after that scan, a request does not look for them", async () => {
  await using cache = await CacheOnDisk.make();
  const key = await cache.add("foo", "1-1");
  await cache.inventory().reconcile();
  await Deno.truncate(cache.path(key), 9);
  await requested(cache, key);
  assertEquals(await left(cache), [key]);
});

Deno.test("cut files: a file that is just being replaced is left alone", async () => {
  await using cache = await CacheOnDisk.make();
  const key = await cache.add("foo", "1-1");
  await cache.put(key, 99);
  cache.inFlight.add(key);
  await requested(cache, key);
  await cache.inventory().reconcile();
  assertEquals(await left(cache), [key]);
});

Deno.test("cut files: nothing outside the cache is touched, whatever the index says", async () => {
  await using cache = await CacheOnDisk.make();
  const log = new LogLines();
  const name = "other-1-1-any.pkg.tar.zst";
  const outside = join(cache.outside, "link/os/x86_64", name);
  await Deno.mkdir(join(cache.outside, "link/os/x86_64"), { recursive: true });
  await Deno.writeTextFile(outside, "mine");
  await Deno.symlink(join(cache.outside, "link"), cache.path("link"));
  cache.tree = treeOf("core", "link");
  for (const directory of ["..", "link/os/x86_64", "core/../.."]) {
    for (const fileName of [name, `../../../${name}`, `link/os/x86_64/${name}`]) {
      const found = [{ fileName, size: 1, since: cache.now }];
      cache.index.reconcile(directory, { found, lost: [] }, cache.now);
      await cache.cutFiles.setAside(directory, fileName).catch(() => {});
    }
  }
  await requested(cache, `link/os/x86_64/${name}`);
  assertEquals(log.matching(/cannot check a cached file/).length, 1);
  await cache.inventory().reconcile();
  assertEquals(await Deno.readTextFile(outside), "mine");
});
