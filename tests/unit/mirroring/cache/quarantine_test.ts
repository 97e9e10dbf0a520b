import { assertEquals, assertStringIncludes } from "@std/assert";
import { Quarantine } from "../../../../src/mirroring/cache/quarantine.ts";
import { CacheOnDisk, CORE } from "../../../support/cache_on_disk.ts";
import { LogLines } from "../../../support/log_lines.ts";

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
