import { assertEquals, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { DatabaseSync } from "node:sqlite";
import { PkgstashError } from "../../../../src/errors.ts";
import { CacheIndex } from "../../../../src/mirroring/cache/cache_index.ts";
import { MIGRATIONS } from "../../../../src/mirroring/cache/cache_index_schema.ts";
import { openInMemory } from "../../../../src/platform/database/database.ts";
import type { PackageFile, Repository } from "../../../../src/repositories/repository.ts";
import { LogLines } from "../../../support/log_lines.ts";
import { allRecords } from "../../../support/indexed_files.ts";

const CORE: Repository = {
  upstream: "arch",
  name: "core",
  architecture: "x86_64",
  directory: "core/os/x86_64",
};
const EXTRA: Repository = { ...CORE, name: "extra", directory: "extra/os/x86_64" };
const SHA = "ab".repeat(32);

/** A time near now: uses of files that are not recorded are dropped after an hour. */
const T = Date.now();

function file(name: string, version = "1-1", repository = CORE): PackageFile {
  return { repository, fileName: `${name}-${version}-any.pkg.tar.zst`, kind: "package" };
}

async function withIndex(
  work: (index: CacheIndex, path: string) => void | Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "pkgstash-index-" });
  const path = join(directory, "index.sqlite");
  try {
    using index = await CacheIndex.open(path);
    await work(index, path);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** Records a file as found on disk. */
function recordFound(index: CacheIndex, fileName: string, size: number, at: number): void {
  index.reconcile(CORE.directory, { found: [{ fileName, size, since: at }], lost: [] }, at);
}

function recordFetch(index: CacheIndex, what: PackageFile, at: number, prefetched = false): void {
  index.recordFetch(what, { size: 10, sha256: SHA, at, prefetched });
}

Deno.test("a fetched file is recorded, as used when it was fetched", () =>
  withIndex(async (index) => {
    recordFetch(index, file("a"), T);
    assertEquals((await allRecords(index)).map((record) => ({ ...record })), [{
      directory: CORE.directory,
      fileName: file("a").fileName,
      size: 10,
      sha256: SHA,
      fetchedAt: T,
      usedAt: T,
      uses: 0,
    }]);
  }));

Deno.test("records are listed for one directory or all, and so are the directories", () =>
  withIndex(async (index) => {
    recordFetch(index, file("a"), T);
    recordFetch(index, file("b", "1-1", EXTRA), T);
    assertEquals((await allRecords(index, EXTRA.directory)).map(({ fileName }) => fileName), [
      file("b").fileName,
    ]);
    assertEquals((await allRecords(index)).length, 2);
    assertEquals(index.directories(), [CORE.directory, EXTRA.directory]);
  }));

Deno.test("uses are counted and the latest is kept, in whatever order they come", () =>
  withIndex(async (index) => {
    recordFetch(index, file("a"), T);
    for (const at of [T + 5, T + 9, T + 7]) index.recordUse(file("a"), at);
    assertEquals(index.usedAt(CORE.directory, file("a").fileName), T + 9);
    assertEquals((await allRecords(index))[0]!.uses, 3);
    index.recordUse(file("a"), T + 1);
    assertEquals(index.usedAt(CORE.directory, file("a").fileName), T + 9);
    assertEquals((await allRecords(index))[0]!.uses, 4);
  }));

Deno.test("a use is written with its batch, or at the end at the latest", async () => {
  const directory = await Deno.makeTempDir({ prefix: "pkgstash-index-" });
  const path = join(directory, "index.sqlite");
  const usesOnDisk = () => {
    using database = new DatabaseSync(path);
    return database.prepare("SELECT uses FROM files").get()!.uses;
  };
  try {
    const index = await CacheIndex.open(path);
    recordFetch(index, file("a"), T);
    index.recordUse(file("a"), T);
    assertEquals(usesOnDisk(), 0);
    index[Symbol.dispose]();
    assertEquals(usesOnDisk(), 1);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("signatures are not recorded", () =>
  withIndex(async (index) => {
    const signature = { ...file("a"), kind: "signature" as const };
    recordFetch(index, signature, T);
    index.recordUse(signature, T);
    index.flush();
    assertEquals(await allRecords(index), []);
  }));

Deno.test("a file that is fetched again keeps its count of uses, and gets its new size and digest", () =>
  withIndex(async (index) => {
    recordFetch(index, file("a"), T);
    index.recordUse(file("a"), T + 1);
    index.flush();
    index.recordFetch(file("a"), { size: 11, sha256: "cd", at: T + 5, prefetched: true });
    const { size, sha256, fetchedAt, usedAt, uses } = (await allRecords(index))[0]!;
    assertEquals([size, sha256, fetchedAt, usedAt, uses], [11, "cd", T + 5, T + 5, 1]);
  }));

Deno.test("a use that comes before its file is recorded counts afterwards", () =>
  withIndex(async (index) => {
    index.recordUse(file("a"), T);
    index.flush();
    assertEquals(index.historyOf(CORE.directory, "a").askedAt, T);
    recordFetch(index, file("a"), T + 3, true);
    index.flush();
    assertEquals((await allRecords(index))[0]!.uses, 1);
    assertEquals(index.historyOf(CORE.directory, "a").unusedPrefetches, 0);
  }));

Deno.test("a use of a file that never comes is dropped after an hour", () =>
  withIndex(async (index) => {
    index.recordUse(file("a"), T - 2 * 3_600_000);
    index.flush();
    recordFetch(index, file("a"), T);
    index.flush();
    assertEquals((await allRecords(index))[0]!.uses, 0);
  }));

Deno.test("uses that cannot be written are written with the next batch", () =>
  withIndex(async (index, path) => {
    const log = new LogLines();
    recordFetch(index, file("a"), T);
    {
      using other = new DatabaseSync(path);
      other.exec("BEGIN IMMEDIATE");
      index.recordUse(file("a"), T + 1);
      index.flush();
      assertEquals(log.matching(/cannot write the index/).length, 1);
      index.recordUse(file("a"), T + 2);
    }
    index.flush();
    const { usedAt, uses } = (await allRecords(index))[0]!;
    assertEquals([usedAt, uses], [T + 2, 2]);
  }));

Deno.test("records that a full or read-only disk rejects are kept, and written later", async () => {
  const log = new LogLines();
  const database = openInMemory(MIGRATIONS);
  const readOnly = (isReadOnly: boolean) =>
    database.exec(`PRAGMA query_only = ${isReadOnly ? 1 : 0}`);
  using index = new CacheIndex(database);
  recordFound(index, file("found").fileName, 10, T);
  recordFetch(index, file("gone"), T);
  index.wish(CORE.directory, [file("old").fileName], T);
  readOnly(true);
  recordFetch(index, file("new"), T);
  index.recordUse(file("new"), T + 1);
  index.recordDigest(CORE.directory, file("found").fileName, SHA);
  index.forgetFile(CORE.directory, file("gone").fileName);
  index.alsoWish(CORE.directory, file("more").fileName, T + 2);
  const wishes = index.wish(CORE.directory, [file("next").fileName], T + 2);
  assertEquals([...wishes.keys()], [file("next").fileName]);
  recordFound(index, file("seen").fileName, 10, T);
  assertThrows(() => index.pin("linux", T), PkgstashError, "Cannot pin linux: attempt to write");
  assertThrows(() => index.unpin("linux"), PkgstashError, "Cannot unpin linux");
  const names = async () => (await allRecords(index)).map(({ fileName }) => fileName);
  assertEquals(await names(), [file("found").fileName, file("gone").fileName], "as written before");
  assertEquals(index.problem, "attempt to write a readonly database");
  readOnly(false);
  assertEquals(await names(), [file("found").fileName, file("new").fileName]);
  const [found, fetched] = await allRecords(index);
  assertEquals([found!.sha256, fetched!.uses, fetched!.usedAt], [SHA, 1, T + 1]);
  assertEquals(index.wishesOf(CORE.directory).sort(), [
    file("more").fileName,
    file("next").fileName,
  ]);
  assertEquals(index.problem, null);
  assertEquals(log.matching(/cannot write the index/).length, 1);
  assertEquals(log.matching(/writing the index works again.*written=5/).length, 1);
});

Deno.test("prefetches count as unused since the last that was taken", () =>
  withIndex((index) => {
    const unused = () => index.historyOf(CORE.directory, "a").unusedPrefetches;
    assertEquals(unused(), 0);
    recordFetch(index, file("a", "1-1"), T, true);
    recordFetch(index, file("a", "2-1"), T + 1, true);
    recordFetch(index, file("b", "1-1"), T + 1, true);
    recordFetch(index, file("a", "1-1", EXTRA), T + 1, true);
    assertEquals(unused(), 2);
    index.recordUse(file("a", "2-1"), T + 2);
    assertEquals(unused(), 0);
    recordFetch(index, file("a", "3-1"), T + 3, true);
    assertEquals(unused(), 1);
    index.recordUse(file("a", "1-1"), T + 4);
    assertEquals(unused(), 1);
  }));

Deno.test("a prefetch counts as unused even after its file was removed", () =>
  withIndex(async (index) => {
    recordFetch(index, file("a", "1-1"), T, true);
    index.forgetFile(CORE.directory, file("a", "1-1").fileName);
    assertEquals(await allRecords(index), []);
    assertEquals(index.historyOf(CORE.directory, "a").unusedPrefetches, 1);
  }));

Deno.test("a version that was fetched for a client ends the count of unused prefetches", () =>
  withIndex((index) => {
    for (const version of ["1-1", "2-1", "3-1"]) recordFetch(index, file("a", version), T, true);
    recordFetch(index, file("a", "4-1"), T + 1);
    assertEquals(index.historyOf(CORE.directory, "a").unusedPrefetches, 0);
    recordFetch(index, file("a", "5-1"), T + 2, true);
    assertEquals(index.historyOf(CORE.directory, "a").unusedPrefetches, 1);
  }));

Deno.test("the demand for a package is recorded by its name, for all versions", () =>
  withIndex((index) => {
    assertEquals(index.historyOf(CORE.directory, "a").askedAt, null);
    index.recordUse(file("a", "2-1"), T + 2);
    index.recordUse(file("a", "1-1"), T + 1);
    assertEquals(index.historyOf(CORE.directory, "a").askedAt, T + 2);
    assertEquals(index.historyOf(EXTRA.directory, "a").askedAt, null);
  }));

Deno.test("a removed file leaves no record and no pending use", () =>
  withIndex(async (index) => {
    recordFetch(index, file("a"), T);
    index.recordUse(file("a"), T + 1);
    index.forgetFile(CORE.directory, file("a").fileName);
    index.flush();
    assertEquals(await allRecords(index), []);
    assertEquals(index.usedAt(CORE.directory, file("a").fileName), null);
  }));

Deno.test("a wish keeps its time until it is fetched or no longer planned", () =>
  withIndex((index) => {
    const [a, b, c] = ["a", "b", "c"].map((name) => file(name).fileName) as [
      string,
      string,
      string,
    ];
    index.wish(CORE.directory, [a, b], T);
    index.wish(EXTRA.directory, [a], T);
    assertEquals(index.wish(CORE.directory, [a, c], T + 5), new Map([[a, T], [c, T + 5]]));
    assertEquals(index.wishesOf(CORE.directory), [a, c]);
    recordFetch(index, file("a"), T + 6, true);
    assertEquals(index.wishesOf(CORE.directory), [c]);
    assertEquals(index.wishesOf(EXTRA.directory), [a]);
  }));

Deno.test("a wish survives a plan that was begun before it", () =>
  withIndex((index) => {
    const [a, b] = [file("a").fileName, file("b").fileName];
    index.alsoWish(CORE.directory, a, T);
    index.alsoWish(CORE.directory, b, T + 2);
    assertEquals(index.wish(CORE.directory, [], T + 1), new Map([[b, T + 2]]));
    assertEquals(index.wish(CORE.directory, [], T + 3), new Map());
  }));

Deno.test("a file found on disk counts as used and asked for now, and has no digest yet", () =>
  withIndex(async (index) => {
    const { fileName } = file("a");
    recordFound(index, fileName, 7, T);
    const record = async () => {
      const { size, sha256, fetchedAt, usedAt } = (await allRecords(index))[0]!;
      return [size, sha256, fetchedAt, usedAt];
    };
    assertEquals(await record(), [7, null, T, T]);
    assertEquals(index.historyOf(CORE.directory, "a").askedAt, T);
    index.recordDigest(CORE.directory, fileName, SHA);
    assertEquals(await record(), [7, SHA, T, T]);
  }));

Deno.test("finding a recorded file changes nothing unless its size differs", () =>
  withIndex(async (index) => {
    const { fileName } = file("a");
    recordFetch(index, file("a"), T);
    recordFound(index, fileName, 10, T + 9);
    assertEquals((await allRecords(index))[0]!.sha256, SHA);
    assertEquals((await allRecords(index))[0]!.usedAt, T);
    recordFound(index, fileName, 11, T + 9);
    const { size, sha256, usedAt } = (await allRecords(index))[0]!;
    assertEquals([size, sha256, usedAt], [11, null, T]);
  }));

Deno.test("a lost file's record is deleted, unless the file came back meanwhile", () =>
  withIndex(async (index) => {
    recordFetch(index, file("a"), T);
    recordFetch(index, file("b"), T);
    const lost = await allRecords(index);
    recordFetch(index, file("b"), T + 1);
    index.reconcile(CORE.directory, { found: [], lost }, T + 2);
    assertEquals((await allRecords(index)).map(({ fileName }) => fileName), [file("b").fileName]);
  }));

Deno.test("a damaged index is replaced with an empty one", async () => {
  const directory = await Deno.makeTempDir({ prefix: "pkgstash-index-" });
  const path = join(directory, "index.sqlite");
  try {
    await Deno.writeTextFile(path, "x".repeat(5000));
    using index = await CacheIndex.open(path);
    recordFetch(index, file("a"), T);
    assertEquals((await allRecords(index)).length, 1);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("the records of a directory, read a part at a time, are all of them and each once", async () => {
  await withIndex((index) => {
    for (const name of ["b", "a", "d", "B", "c"]) recordFetch(index, file(name), T);
    recordFetch(index, file("e", "1-1", EXTRA), T);
    const names: string[] = [];
    for (;;) {
      const part = index.filesAfter(CORE.directory, names.at(-1) ?? "", 2);
      names.push(...part.map(({ fileName }) => fileName));
      if (part.length < 2) break;
    }
    assertEquals(names, ["B", "a", "b", "c", "d"].map((name) => file(name).fileName));
  });
});
