import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import type { CacheIndex } from "../../../../src/mirroring/cache/cache_index.ts";
import { type Inventory, takeInventory } from "../../../../src/mirroring/cache/inventory.ts";
import { CacheOnDisk, CORE, EXTRA, treeOf } from "../cleanup/cache_on_disk.ts";

const DAY = 86_400_000;

function inventory(cache: CacheOnDisk): Promise<Inventory> {
  const { layout, tree, index, now } = cache;
  return takeInventory({ layout, tree, index, now, isInFlight: (key) => cache.inFlight.has(key) });
}

/** Names on record. */
function records(cache: CacheOnDisk): string[] {
  return cache.index.files().map(({ directory, fileName }) => `${directory}/${fileName}`).sort();
}

/** Records a file of one byte as if it had been found on disk. */
function recordFound(index: CacheIndex, directory: string, fileName: string, at: number): void {
  index.reconcile(directory, { found: [{ fileName, size: 1, since: at }], lost: [] }, at);
}

function leftovers({ leftovers }: Inventory): string[] {
  return leftovers.map(({ directory, file, reason }) => `${reason} ${directory}/${file.name}`)
    .sort();
}

Deno.test("a package and its signature are one, with what the index knows", async () => {
  await using cache = await CacheOnDisk.make();
  const usedAt = cache.now - 5 * DAY;
  await cache.add("foo", "1:2.0-3", { bytes: 100, usedAt });
  const { packages, bytes } = await inventory(cache);
  assertEquals(
    packages.map((
      { directory, fileName, name, version, bytes, usedAt, fetchedAt, signature },
    ) => [directory, fileName, name, version, bytes, usedAt, fetchedAt, signature?.size]),
    [[CORE, "foo-1:2.0-3-any.pkg.tar.zst", "foo", "1:2.0-3", 105, usedAt, usedAt, 5]],
  );
  assertEquals(bytes, 105);
});

Deno.test("an index that was lost is begun anew from the files", async () => {
  await using cache = await CacheOnDisk.make();
  const names = ["a-1-1-any.pkg.tar.zst", "b-1-1-x86_64.pkg.tar.xz"];
  for (const name of names) await cache.put(`${CORE}/${name}`, 7);
  await cache.put(`${CORE}/${names[0]}.sig`);
  cache.now += DAY;
  await inventory(cache);
  assertEquals(records(cache), names.map((name) => `${CORE}/${name}`));
  for (const { size, sha256, usedAt, fetchedAt } of cache.index.files()) {
    assertEquals([size, sha256, usedAt], [7, null, cache.now]);
    assertEquals(fetchedAt < cache.now, true, "it came before it was found");
  }
});

Deno.test("a record without a file is dropped, the others stay as they are", async () => {
  await using cache = await CacheOnDisk.make();
  const kept = await cache.add("kept", "1-1", { usedAt: cache.now - DAY });
  const lost = await cache.add("lost", "1-1");
  const alone = await cache.add("alone", "1-1", { directory: EXTRA });
  const before = cache.index.files().filter(({ fileName }) => kept.endsWith(fileName));
  await Deno.remove(cache.path(lost));
  await Deno.remove(cache.path(EXTRA), { recursive: true });
  await inventory(cache);
  assertEquals(cache.index.files(), before, alone);
});

Deno.test("a file that comes while its directory is looked at keeps its record", async () => {
  await using cache = await CacheOnDisk.make();
  await cache.add("foo", "1-1");
  const { index } = cache;
  const files = index.files.bind(index);
  index.files = (directory) => {
    if (directory !== CORE) return files(directory);
    // Asked for after the directory was read.
    const late = "late-1-1-any.pkg.tar.zst";
    Deno.writeFileSync(cache.path(`${CORE}/${late}`), new Uint8Array(1));
    recordFound(index, CORE, late, cache.now);
    return files(directory);
  };
  await inventory(cache);
  assertEquals(files(CORE).length, 2);
});

Deno.test("a file of another size than on record is recorded anew", async () => {
  await using cache = await CacheOnDisk.make();
  const key = await cache.add("a", "1-1", { usedAt: cache.now - DAY });
  await cache.put(key, 99);
  await inventory(cache);
  const { size, sha256, usedAt } = cache.index.files()[0]!;
  assertEquals([size, sha256, usedAt], [99, null, cache.now - DAY]);
});

Deno.test("repositories that only the index remembers are looked at, odd names are not", async () => {
  await using cache = await CacheOnDisk.make();
  const old = await cache.add("foo", "1-1", { directory: "testing/os/x86_64" });
  await Deno.writeFile(join(cache.outside, "foo-1-1-any.pkg.tar.zst"), new Uint8Array(1));
  await cache.put(".pkgstash/foo-1-1-any.pkg.tar.zst");
  for (const directory of ["..", "../cache/core", "", ".pkgstash", "a//b", "/tmp"]) {
    recordFound(cache.index, directory, "foo-1-1-any.pkg.tar.zst", cache.now);
  }
  const { packages } = await inventory(cache);
  assertEquals(packages.map(({ directory, fileName }) => `${directory}/${fileName}`), [old]);
});

Deno.test("files with other names than packages have are passed over", async () => {
  await using cache = await CacheOnDisk.make();
  cache.now += 9 * DAY;
  for (const name of ["README", "foo.pkg.tar.zst", "core.db", "notes.sig", ".hidden", "a.new"]) {
    await cache.put(`${CORE}/${name}`);
  }
  await cache.put(`${CORE}/deeper/foo-1-1-any.pkg.tar.zst`);
  const taken = await inventory(cache);
  assertEquals([taken.packages.length, taken.leftovers.length, taken.bytes], [0, 0, 0]);
});

Deno.test("links are not followed, neither to files nor to directories", async () => {
  await using cache = await CacheOnDisk.make();
  cache.now += 9 * DAY;
  const elsewhere = join(cache.outside, "elsewhere");
  await Deno.mkdir(join(elsewhere, "os/x86_64"), { recursive: true });
  const target = join(elsewhere, "os/x86_64/foo-1-1-any.pkg.tar.zst");
  await Deno.writeFile(target, new Uint8Array(1));
  await Deno.writeFile(join(elsewhere, "old.part"), new Uint8Array(1));
  await Deno.symlink(elsewhere, cache.path("extra"));
  await Deno.mkdir(cache.path(CORE), { recursive: true });
  await Deno.symlink(target, cache.path(`${CORE}/foo-1-1-any.pkg.tar.zst`));
  await Deno.mkdir(cache.layout.parts);
  await Deno.symlink(elsewhere, join(cache.layout.parts, "core"));
  recordFound(cache.index, EXTRA, "foo-1-1-any.pkg.tar.zst", cache.now);
  const taken = await inventory(cache);
  assertEquals([taken.packages.length, taken.leftovers.length, taken.bytes], [0, 0, 0]);
  assertEquals(records(cache), [`${EXTRA}/foo-1-1-any.pkg.tar.zst`], "what is served stays known");
});

Deno.test("a signature without its package is left over after a day, unless one is coming", async () => {
  await using cache = await CacheOnDisk.make();
  const names = ["a", "b", "c"].map((name) => `${CORE}/${name}-1-1-any.pkg.tar.zst`);
  for (const name of names) await cache.put(`${name}.sig`);
  cache.inFlight.add(names[1]!).add(`${names[2]}.sig`);
  assertEquals(leftovers(await inventory(cache)), []);
  cache.now += DAY + 2000;
  assertEquals(leftovers(await inventory(cache)), [`orphan_signature ${names[0]}.sig`]);
});

Deno.test("parts and their notes are left over a day after the later of them was written", async () => {
  await using cache = await CacheOnDisk.make();
  const parts = `.pkgstash/parts/${CORE}`;
  const write = async (name: string, age: number) => {
    await cache.put(`${parts}/${name}`);
    const at = (cache.now - age) / 1000;
    await Deno.utime(cache.path(`${parts}/${name}`), at, at);
  };
  const [old, running, fresh] = ["old", "running", "fresh"].map((name) =>
    `${name}-1-1-any.pkg.tar.zst`
  );
  for (const name of [old, running]) {
    await write(`${name}.part`, 2 * DAY);
    await write(`${name}.json`, 2 * DAY);
  }
  await write(`${fresh}.part`, DAY / 2);
  await write(`${fresh}.json`, 2 * DAY);
  await write("core.db.part", 2 * DAY);
  await write("core.files.json", 2 * DAY);
  cache.inFlight.add(`${CORE}/${running}`);
  const taken = await inventory(cache);
  assertEquals(leftovers(taken), [
    `stale_part ${parts}/core.db.part`,
    `stale_part ${parts}/core.files.json`,
    `stale_part ${parts}/${old}.json`,
    `stale_part ${parts}/${old}.part`,
  ]);
  assertEquals(taken.bytes, 80);
});

Deno.test("parts and databases of repositories no longer configured are left over", async () => {
  await using cache = await CacheOnDisk.make();
  for (const repository of ["core", "extra"]) {
    await cache.put(`.pkgstash/parts/${repository}/os/x86_64/a-1-1-any.pkg.tar.zst.part`);
    await cache.put(`.pkgstash/snapshots/${repository}/os/x86_64/current.json`);
    await cache.put(`.pkgstash/snapshots/${repository}/os/x86_64/1-ab12-${repository}.db`);
  }
  cache.tree = treeOf("core");
  assertEquals(leftovers(await inventory(cache)), [], "they may still be in use");
  cache.now += DAY / 2;
  assertEquals(leftovers(await inventory(cache)), [
    "gone_repository .pkgstash/parts/extra/os/x86_64/a-1-1-any.pkg.tar.zst.part",
    "gone_repository .pkgstash/snapshots/extra/os/x86_64/1-ab12-extra.db",
    "gone_repository .pkgstash/snapshots/extra/os/x86_64/current.json",
  ]);
});

Deno.test("files whose writing was cut short are left over after a day", async () => {
  await using cache = await CacheOnDisk.make();
  const keys = [
    `${CORE}/a-1-1-any.pkg.tar.zst.sig.0badcafe.new`,
    ".pkgstash/VERSION.0badcafe.new",
    `.pkgstash/parts/${CORE}/a-1-1-any.pkg.tar.zst.json.0badcafe.new`,
    `.pkgstash/snapshots/${CORE}/current.json.0badcafe.new`,
  ];
  for (const key of keys) await cache.put(key);
  await cache.put(".pkgstash/snapshots/other.new");
  await cache.put(".pkgstash/VERSION");
  assertEquals(leftovers(await inventory(cache)), []);
  cache.now += DAY + 2000;
  cache.tree = treeOf("core", "extra");
  assertEquals(
    leftovers(await inventory(cache)).filter((text) => text.startsWith("temporary")),
    keys.map((key) => `temporary ${key}`).sort(),
  );
});

Deno.test("a directory that cannot be read is passed over, and its records stay", async () => {
  await using cache = await CacheOnDisk.make();
  const kept = await cache.add("kept", "1-1");
  await cache.put("extra/os", 1);
  recordFound(cache.index, EXTRA, "foo-1-1-any.pkg.tar.zst", cache.now);
  const { packages } = await inventory(cache);
  assertEquals(packages.length, 1, kept);
  assertEquals(records(cache).length, 2);
});
