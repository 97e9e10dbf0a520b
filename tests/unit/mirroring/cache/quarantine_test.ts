import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { Quarantine } from "../../../../src/mirroring/cache/quarantine.ts";
import { CacheOnDisk, CORE } from "../../../support/cache_on_disk.ts";
import { LogLines } from "../../../support/log_lines.ts";
import { allRecords } from "../../../support/indexed_files.ts";

const DAY = 86_400_000;
const IN_QUARANTINE = /^\.pkgstash\/quarantine\/core\/os\/x86_64\/foo-1-1-any\.pkg\.tar\.zst\.\d+$/;

Deno.test("quarantine: a file that is set aside is no longer served, and the log says why and where", async () => {
  await using cache = await CacheOnDisk.make();
  const log = new LogLines();
  const key = await cache.add("foo", "1-1");
  const quarantine = new Quarantine(cache.layout);
  assertEquals(await quarantine.setAside(CORE, key.slice(CORE.length + 1), "it is rotten"), true);
  const [aside, signature] = await cache.files();
  assertEquals([IN_QUARANTINE.test(aside!), signature], [true, `${key}.sig`]);
  assertStringIncludes(log.matching(/it is rotten/).join(), cache.path(aside!));
  assertEquals(await quarantine.setAside(CORE, "none-1-1-any.pkg.tar.zst", "it is rotten"), false);
});

Deno.test("quarantine: a file that cannot be moved is removed, and a directory in its place is moved", async () => {
  await using cache = await CacheOnDisk.make();
  const key = await cache.add("foo", "1-1");
  const fileName = key.slice(CORE.length + 1);
  const quarantine = new Quarantine(cache.layout);
  await Deno.writeTextFile(cache.layout.quarantine, "in the way");
  assertEquals(await quarantine.setAside(CORE, fileName, "it is rotten"), true);
  assertEquals(await cache.files(), [".pkgstash/quarantine", `${key}.sig`]);
  await Deno.remove(cache.layout.quarantine);
  await Deno.mkdir(cache.path(key));
  assertEquals(await quarantine.setAside(CORE, fileName, "it is no file"), true);
  assertEquals(await cache.files(), [`${key}.sig`]);
});

Deno.test("quarantine: exactly the recorded files of another length are set aside", async () => {
  await using cache = await CacheOnDisk.make();
  const whole = await cache.add("whole", "1-1");
  const cut = await cache.add("cut", "1-1");
  const long = await cache.add("long", "1-1");
  const gone = await cache.add("gone", "1-1");
  await Deno.truncate(cache.path(cut), 9);
  await Deno.writeFile(cache.path(long), new Uint8Array(1), { append: true });
  await Deno.remove(cache.path(gone));
  const aside = await new Quarantine(cache.layout).setAsideCut(await allRecords(cache.index));
  assertEquals(aside.map(({ fileName }) => `${CORE}/${fileName}`), [cut, long]);
  const left = (await cache.files()).filter((key) => !key.endsWith(".sig"));
  assertEquals(left.filter((key) => !key.startsWith(".pkgstash")), [whole]);
});

Deno.test("quarantine: nothing outside the cache is touched, whatever the index says", async () => {
  await using cache = await CacheOnDisk.make();
  const log = new LogLines();
  const outside = join(cache.outside, "other");
  await Deno.writeTextFile(outside, "mine");
  await Deno.symlink(cache.outside, cache.path("link"));
  const files = ["..", "link", "core/../.."].map((directory) => ({
    directory,
    fileName: "other",
    size: 1,
  }));
  const quarantine = new Quarantine(cache.layout);
  assertEquals(await quarantine.setAsideCut(files), []);
  assertEquals(
    await quarantine.setAsideCut([{ directory: CORE, fileName: "../../../other", size: 1 }]),
    [],
  );
  assertEquals(await Deno.readTextFile(outside), "mine");
  assertEquals(log.matching(/cannot check cached files/).length, 2);
});

Deno.test("quarantine: cleanup empties it by age and by size, the oldest first", async () => {
  await using cache = await CacheOnDisk.make();
  const old = `.pkgstash/quarantine/${CORE}/foo-1-1-any.pkg.tar.zst.1`;
  await cache.put(old);
  assertEquals((await cache.cleanup().run()).removed, []);
  cache.now += 15 * DAY;
  const { removed } = await cache.cleanup().run();
  assertEquals(removed.map(({ path, reason }) => [path, reason]), [[old, "quarantined"]]);
  cache.now = Date.now();
  const files = ["foo.2", "foo.3"].map((name) => `.pkgstash/quarantine/${CORE}/${name}`);
  for (const file of files) {
    await cache.put(file);
    // Sparse: it takes no space on the disk.
    await Deno.truncate(cache.path(file), 700 * 1024 ** 2);
  }
  const report = await cache.cleanup().run();
  assertEquals(report.removed.map(({ bytes, reason }) => [bytes, reason]), [
    [700 * 1024 ** 2, "quarantined"],
  ]);
});
