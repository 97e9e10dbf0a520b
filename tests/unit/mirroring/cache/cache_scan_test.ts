import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import type { CacheIndex } from "../../../../src/mirroring/cache/cache_index.ts";
import {
  type CacheScan,
  scanCache,
  scanPackage,
} from "../../../../src/mirroring/cache/cache_scan.ts";
import { CacheOnDisk, CORE, EXTRA, treeOf } from "../../../support/cache_on_disk.ts";
import { allRecords } from "../../../support/indexed_files.ts";

const DAY = 86_400_000;

function optionsOf({ layout, tree, index, cutFiles, now, inFlight }: CacheOnDisk) {
  return { layout, tree, index, cutFiles, now, isInFlight: (path: string) => inFlight.has(path) };
}

function scan(cache: CacheOnDisk): Promise<CacheScan> {
  return scanCache(optionsOf(cache));
}

/** The paths of all records. */
async function records(cache: CacheOnDisk): Promise<string[]> {
  return (await allRecords(cache.index)).map(({ directory, fileName }) =>
    `${directory}/${fileName}`
  ).sort();
}

/** Records a file of one byte as if it had been found on disk. */
function recordFound(index: CacheIndex, directory: string, fileName: string, at: number): void {
  index.reconcile(directory, { found: [{ fileName, size: 1, since: at }], lost: [] }, at);
}

function leftovers({ leftovers }: CacheScan): string[] {
  return leftovers.map(({ directory, file, reason }) => `${reason} ${directory}/${file.name}`)
    .sort();
}

Deno.test("a package and its signature are one entry, with what the index knows", async () => {
  await using cache = await CacheOnDisk.make();
  const usedAt = cache.now - 5 * DAY;
  await cache.add("foo", "1:2.0-3", { bytes: 100, usedAt });
  const { packages, bytes } = await scan(cache);
  assertEquals(
    packages.map((
      { directory, fileName, name, version, bytes, usedAt, fetchedAt, signature },
    ) => [directory, fileName, name, version, bytes, usedAt, fetchedAt, signature?.size]),
    [[CORE, "foo-1:2.0-3-any.pkg.tar.zst", "foo", "1:2.0-3", 105, usedAt, usedAt, 5]],
  );
  assertEquals(bytes, 105);
});

Deno.test("a lost index is rebuilt from the files", async () => {
  await using cache = await CacheOnDisk.make();
  const names = ["a-1-1-any.pkg.tar.zst", "b-1-1-x86_64.pkg.tar.xz"];
  for (const name of names) await cache.put(`${CORE}/${name}`, 7);
  await cache.put(`${CORE}/${names[0]}.sig`);
  cache.now += DAY;
  await scan(cache);
  assertEquals(await records(cache), names.map((name) => `${CORE}/${name}`));
  for (const { size, sha256, usedAt, fetchedAt } of (await allRecords(cache.index))) {
    assertEquals([size, sha256, usedAt], [7, null, cache.now]);
    assertEquals(fetchedAt < cache.now, true, "fetched before it was found");
  }
});

Deno.test("a record without a file is dropped, and no other is changed", async () => {
  await using cache = await CacheOnDisk.make();
  const kept = await cache.add("kept", "1-1", { usedAt: cache.now - DAY });
  const lost = await cache.add("lost", "1-1");
  const alone = await cache.add("alone", "1-1", { directory: EXTRA });
  const before = (await allRecords(cache.index)).filter(({ fileName }) => kept.endsWith(fileName));
  await Deno.remove(cache.path(lost));
  await Deno.remove(cache.path(EXTRA), { recursive: true });
  await scan(cache);
  assertEquals(await allRecords(cache.index), before, alone);
});

Deno.test("a file that arrives during the scan keeps its record", async () => {
  await using cache = await CacheOnDisk.make();
  await cache.add("foo", "1-1");
  const { index } = cache;
  const filesAfter = index.filesAfter.bind(index);
  index.filesAfter = (directory, ...part) => {
    if (directory !== CORE) return filesAfter(directory, ...part);
    // The scan reads the records after it has listed the directory.
    const late = "late-1-1-any.pkg.tar.zst";
    Deno.writeFileSync(cache.path(`${CORE}/${late}`), new Uint8Array(1));
    recordFound(index, CORE, late, cache.now);
    return filesAfter(directory, ...part);
  };
  await scan(cache);
  assertEquals((await allRecords(index, CORE)).length, 2);
});

Deno.test("a file whose size differs from its record is recorded again, without a SHA-256", async () => {
  await using cache = await CacheOnDisk.make();
  const key = await cache.add("a", "1-1", { usedAt: cache.now - DAY });
  await scan(cache);
  await cache.put(key, 99);
  await scan(cache);
  const { size, sha256, usedAt } = (await allRecords(cache.index))[0]!;
  assertEquals([size, sha256, usedAt], [99, null, cache.now - DAY]);
});

Deno.test("directories that only the index knows are scanned, unless their names are unsafe", async () => {
  await using cache = await CacheOnDisk.make();
  const old = await cache.add("foo", "1-1", { directory: "testing/os/x86_64" });
  await Deno.writeFile(join(cache.outside, "foo-1-1-any.pkg.tar.zst"), new Uint8Array(1));
  await cache.put(".pkgstash/foo-1-1-any.pkg.tar.zst");
  for (const directory of ["..", "../cache/core", "", ".pkgstash", "a//b", "/tmp"]) {
    recordFound(cache.index, directory, "foo-1-1-any.pkg.tar.zst", cache.now);
  }
  const { packages } = await scan(cache);
  assertEquals(packages.map(({ directory, fileName }) => `${directory}/${fileName}`), [old]);
});

Deno.test("files whose names are not those of packages are skipped", async () => {
  await using cache = await CacheOnDisk.make();
  cache.now += 9 * DAY;
  for (const name of ["README", "foo.pkg.tar.zst", "core.db", "notes.sig", ".hidden", "a.new"]) {
    await cache.put(`${CORE}/${name}`);
  }
  await cache.put(`${CORE}/deeper/foo-1-1-any.pkg.tar.zst`);
  const taken = await scan(cache);
  assertEquals([taken.packages.length, taken.leftovers.length, taken.bytes], [0, 0, 0]);
});

Deno.test("symbolic links are not followed, neither to files nor to directories", async () => {
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
  const taken = await scan(cache);
  assertEquals([taken.packages.length, taken.leftovers.length, taken.bytes], [0, 0, 0]);
  assertEquals(
    await records(cache),
    [`${EXTRA}/foo-1-1-any.pkg.tar.zst`],
    "the record of a file that is still served",
  );
});

Deno.test("a signature without a package is a leftover after a day, unless either is being downloaded", async () => {
  await using cache = await CacheOnDisk.make();
  const names = ["a", "b", "c"].map((name) => `${CORE}/${name}-1-1-any.pkg.tar.zst`);
  for (const name of names) await cache.put(`${name}.sig`);
  cache.inFlight.add(names[1]!).add(`${names[2]}.sig`);
  assertEquals(leftovers(await scan(cache)), []);
  cache.now += DAY + 2000;
  assertEquals(leftovers(await scan(cache)), [`orphan_signature ${names[0]}.sig`]);
});

Deno.test("a part file and its sidecar are leftovers a day after the younger one was written", async () => {
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
  const taken = await scan(cache);
  assertEquals(leftovers(taken), [
    `stale_part ${parts}/core.db.part`,
    `stale_part ${parts}/core.files.json`,
    `stale_part ${parts}/${old}.json`,
    `stale_part ${parts}/${old}.part`,
  ]);
  assertEquals(taken.bytes, 80);
});

Deno.test("parts and databases of a repository that is no longer configured are leftovers", async () => {
  await using cache = await CacheOnDisk.make();
  for (const repository of ["core", "extra"]) {
    await cache.put(`.pkgstash/parts/${repository}/os/x86_64/a-1-1-any.pkg.tar.zst.part`);
    await cache.put(`.pkgstash/snapshots/${repository}/os/x86_64/current.json`);
    await cache.put(`.pkgstash/snapshots/${repository}/os/x86_64/1-ab12-${repository}.db`);
  }
  cache.tree = treeOf("core");
  assertEquals(leftovers(await scan(cache)), [], "they may still be in use");
  cache.now += DAY / 2;
  assertEquals(leftovers(await scan(cache)), [
    "gone_repository .pkgstash/parts/extra/os/x86_64/a-1-1-any.pkg.tar.zst.part",
    "gone_repository .pkgstash/snapshots/extra/os/x86_64/1-ab12-extra.db",
    "gone_repository .pkgstash/snapshots/extra/os/x86_64/current.json",
  ]);
});

Deno.test("temporary files of interrupted writes are leftovers after a day", async () => {
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
  assertEquals(leftovers(await scan(cache)), []);
  cache.now += DAY + 2000;
  cache.tree = treeOf("core", "extra");
  assertEquals(
    leftovers(await scan(cache)).filter((text) => text.startsWith("temporary")),
    keys.map((key) => `temporary ${key}`).sort(),
  );
});

Deno.test("a directory that cannot be read is skipped, and keeps its records", async () => {
  await using cache = await CacheOnDisk.make();
  const kept = await cache.add("kept", "1-1");
  await cache.put("extra/os", 1);
  recordFound(cache.index, EXTRA, "foo-1-1-any.pkg.tar.zst", cache.now);
  const { packages } = await scan(cache);
  assertEquals(packages.length, 1, kept);
  assertEquals((await records(cache)).length, 2);
});

Deno.test("the scan of one package finds what the scan of all finds", async (t) => {
  await using cache = await CacheOnDisk.make();
  await cache.add("signed", "1-1", { usedAt: cache.now - DAY });
  await cache.put(`${CORE}/unsigned-1-1-any.pkg.tar.zst`);
  await cache.put(`${CORE}/README`);
  const { packages } = await scan(cache);
  assertEquals(packages.length, 2);
  for (const stored of packages) {
    await t.step(stored.name, async () => {
      assertEquals(await scanPackage(CORE, stored.fileName, optionsOf(cache)), stored);
    });
  }
  for (
    const [directory, fileName] of [
      [CORE, "missing-1-1-any.pkg.tar.zst"],
      [CORE, "README"],
      [CORE, "../../secret-1-1-any.pkg.tar.zst"],
      [EXTRA, "signed-1-1-any.pkg.tar.zst"],
      [".pkgstash", "signed-1-1-any.pkg.tar.zst"],
      ["..", "signed-1-1-any.pkg.tar.zst"],
    ] as const
  ) {
    await t.step(`not ${directory}/${fileName}`, async () => {
      assertEquals(await scanPackage(directory, fileName, optionsOf(cache)), null);
    });
  }
});

Deno.test("the scan of one package corrects its record and leaves the others alone", async () => {
  await using cache = await CacheOnDisk.make();
  const [lost, other] = [await cache.add("lost", "1-1"), await cache.add("other", "1-1")];
  for (const path of [lost, other]) await Deno.remove(cache.path(path));
  await cache.put(`${CORE}/found-1-1-any.pkg.tar.zst`);
  await scanPackage(CORE, "lost-1-1-any.pkg.tar.zst", optionsOf(cache));
  await scanPackage(CORE, "found-1-1-any.pkg.tar.zst", optionsOf(cache));
  assertEquals(await records(cache), [`${CORE}/found-1-1-any.pkg.tar.zst`, other]);
});

Deno.test("the scan of one package does not follow a symbolic link", async () => {
  await using cache = await CacheOnDisk.make();
  const fileName = "foo-1-1-any.pkg.tar.zst";
  const elsewhere = join(cache.outside, "elsewhere");
  await Deno.mkdir(join(elsewhere, "os/x86_64"), { recursive: true });
  await Deno.writeFile(join(elsewhere, "os/x86_64", fileName), new Uint8Array(1));
  await Deno.mkdir(cache.layout.root, { recursive: true });
  await Deno.symlink(elsewhere, cache.path("extra"));
  assertEquals(await scanPackage(EXTRA, fileName, optionsOf(cache)), null);
});

Deno.test("a file that arrives together with its directory during a scan keeps its record", async () => {
  await using cache = await CacheOnDisk.make();
  const { index } = cache;
  const late = `${EXTRA}/late-1-1-any.pkg.tar.zst`;
  const filesAfter = index.filesAfter.bind(index);
  // The scan has looked for the directory when it reads its records.
  index.filesAfter = (directory, ...part) => {
    if (directory !== EXTRA) return filesAfter(directory, ...part);
    index.filesAfter = filesAfter;
    Deno.mkdirSync(cache.path(EXTRA), { recursive: true });
    Deno.writeFileSync(cache.path(late), new Uint8Array(1));
    recordFound(index, EXTRA, late.slice(EXTRA.length + 1), cache.now);
    return filesAfter(directory, ...part);
  };
  await scan(cache);
  assertEquals(await records(cache), [late]);
});
