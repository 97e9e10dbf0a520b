import { gzipSync } from "node:zlib";
import { assert, assertEquals, assertStrictEquals, assertStringIncludes } from "@std/assert";
import { packTar } from "modern-tar";
import { readSyncDb } from "../../../../src/formats/pacman/sync_db.ts";
import {
  contentError,
  descOf,
  packagesOf,
  streamOf,
  type TarMember,
  tarOf,
} from "../../../support/sync_db_reading.ts";
import {
  MALFORMED_DATABASE,
  REAL_DATA_MISSING,
  REAL_DATA_NOTE,
  realBytes,
  realDatabases,
} from "../../../support/real_data.ts";

const DEPENDS = "%DEPENDS%\nglibc\n\n";
const BASIC = { fileName: "a-1-1-any.pkg.tar.zst", name: "a", version: "1-1" };

async function refusalOf(...members: readonly TarMember[]): Promise<string> {
  return (await contentError(packagesOf(await tarOf(...members)))).message;
}

Deno.test("a package of a modern database is complete when the next one begins", async () => {
  const tar = await tarOf(
    ["a-1-1/", null],
    ["a-1-1/desc", descOf("a", "1-1", DEPENDS)],
    ["b-2-1/", null],
    ["b-2-1/desc", descOf("b", "2-1", DEPENDS)],
  );
  const rest = Promise.withResolvers<void>();
  const source = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(tar.subarray(0, 4 * 512 + 256)),
    async pull(controller) {
      await rest.promise;
      controller.enqueue(tar.subarray(4 * 512 + 256));
      controller.close();
    },
  }, { highWaterMark: 0 });
  const packages = readSyncDb(source);
  assertEquals((await packages.next()).value, { ...BASIC, depends: ["glibc"] });
  rest.resolve();
  assertEquals((await packages.next()).value?.name, "b");
  assertEquals((await packages.next()).done, true);
});

Deno.test("a depends file of an old database is merged into its desc, adjacent or far apart", async () => {
  const old = descOf("a", "1-1", "%REPLACES%\nz\n\n");
  const expected = { ...BASIC, replaces: ["z"], depends: ["glibc"], provides: ["y"] };
  const depends = `${DEPENDS}%PROVIDES%\ny\n\n`;
  const other = [["b-2-1/desc", descOf("b", "2-1")], ["b-2-1/depends", ""]] as const;
  for (
    const members of [
      [["a-1-1/desc", old], ["a-1-1/depends", depends], ...other],
      [["a-1-1/depends", depends], ["a-1-1/desc", old], ...other],
      [["a-1-1/desc", old], ...other, ["a-1-1/depends", depends]],
      [["a-1-1/depends", depends], ...other, ["a-1-1/desc", old]],
    ] as const
  ) {
    const packages = await packagesOf(await tarOf(...members));
    assertEquals(packages.length, 2);
    assertEquals(packages.find(({ name }) => name === "a"), expected);
  }
});

Deno.test("lists of files are read on request, in any order of the archive", async () => {
  const files = "%FILES%\nusr/\nusr/bin/\nusr/bin/ä\n\n%BACKUP%\netc/x\n";
  const desc = descOf("a", "1-1", DEPENDS);
  for (
    const members of [
      [["a-1-1/desc", desc], ["a-1-1/files", files]],
      [["a-1-1/files", files], ["a-1-1/desc", desc]],
      [["a-1-1/desc", desc], ["b-1-1/desc", descOf("b", "1-1")], ["a-1-1/files", files]],
    ] as const
  ) {
    const tar = await tarOf(...members);
    const a = (await packagesOf(tar, { files: true })).find(({ name }) => name === "a");
    assertEquals(a?.files, ["usr/", "usr/bin/", "usr/bin/ä"]);
    assert((await packagesOf(tar)).every((item) => item.files === undefined));
  }
});

Deno.test("a long list of files is complete for all sizes of chunks", async () => {
  const paths = Array.from({ length: 20_000 }, (_, index) => `usr/share/päckage/file-${index}`);
  const tar = await tarOf(
    ["a-1-1/desc", descOf("a", "1-1")],
    ["a-1-1/files", `%FILES%\n${paths.join("\n")}\n`],
  );
  for (const chunkBytes of [1009, tar.length]) {
    const [item] = await Array.fromAsync(readSyncDb(streamOf(tar, chunkBytes), { files: true }));
    assertEquals(item?.files, paths);
  }
});

Deno.test("long names in pax headers are read, and unknown files skipped", async () => {
  const name = `${"long-".repeat(30)}name`;
  const tar = await tarOf(
    [`${name}-1-1/`, null],
    [`${name}-1-1/deltas`, "skipped"],
    [`${name}-1-1/desc`, descOf(name, "1-1").replace(/^.*pkg\.tar\.zst$/m, "x.pkg.tar.zst")],
  );
  assertEquals((await packagesOf(tar)).map((item) => item.name), [name]);
});

Deno.test("an empty database has no packages, plain or compressed", async () => {
  assertEquals(await packagesOf(new Uint8Array(10_240)), []);
  assertEquals(await packagesOf(gzipSync(new Uint8Array(10_240))), []);
});

Deno.test("paths that do not belong in a sync database are refused", async (t) => {
  const desc = descOf("a", "1-1");
  for (
    const path of [
      "/a-1-1/desc",
      "../a-1-1/desc",
      "a-1-1/../desc",
      "a-1-1/..",
      "./a-1-1/desc",
      "a-1-1//desc",
      "a-1-1/.desc",
      ".a-1-1/desc",
      "a-1-1/x/desc",
      "a-1-1/de\nsc",
      "desc",
      "README",
    ]
  ) {
    await t.step(JSON.stringify(path), async () => {
      assertStringIncludes(await refusalOf([path, desc]), "refused");
    });
  }
});

Deno.test("a folder must contain the package that it is named after", async () => {
  const message = await refusalOf(["b-1-1/desc", descOf("a", "1-1")]);
  assertStringIncludes(message, `the folder "b-1-1" holds the package "a-1-1"`);
});

Deno.test("a folder without a desc, or with two, is refused", async () => {
  assertStringIncludes(await refusalOf(["a-1-1/depends", DEPENDS]), "has no desc");
  const desc = descOf("a", "1-1", DEPENDS);
  assertStringIncludes(await refusalOf(["a-1-1/desc", desc], ["a-1-1/desc", desc]), "twice");
  assertStringIncludes(
    await refusalOf(["a-1-1/desc", desc], ["b-1-1/desc", descOf("b", "1-1")], ["a-1-1/desc", desc]),
    "twice",
  );
});

Deno.test("links and special files are refused", async (t) => {
  for (const type of ["symlink", "link", "fifo", "character-device", "block-device"] as const) {
    await t.step(type, async () => {
      const header = { name: "a-1-1/desc", type, size: 0, linkname: "x" };
      const tar = await packTar([{ header }]);
      assertStringIncludes((await contentError(packagesOf(tar))).message, type);
    });
  }
});

Deno.test("an error in a desc names the path of the desc", async () => {
  const message = await refusalOf(["a-1-1/desc", descOf("a", "1-1", "%CSIZE%\nten\n")]);
  assertStringIncludes(message, `"a-1-1/desc"`);
  assertStringIncludes(message, `%CSIZE% must be a whole number, found "ten"`);
});

Deno.test("a plain tar that is cut anywhere is an error, never a shorter database", async () => {
  const tar = await tarOf(
    ["a-1-1/", null],
    ["a-1-1/desc", descOf("a", "1-1", DEPENDS)],
    ["b-2-1/desc", descOf("b", "2-1", DEPENDS)],
  );
  for (let length = 0; length < tar.length; length += 256) {
    await contentError(packagesOf(tar.subarray(0, length)));
  }
  assertEquals((await packagesOf(tar)).length, 2);
});

Deno.test("a database beyond any limit is refused", async (t) => {
  const tar = await tarOf(
    ["a-1-1/desc", descOf("a", "1-1", DEPENDS)],
    ["a-1-1/files", "%FILES%\nusr/\n"],
    ["b-1-1/desc", descOf("b", "1-1", DEPENDS)],
  );
  assertEquals((await packagesOf(tar, { maxEntries: 2 })).length, 2);
  for (
    const options of [
      { maxEntries: 1 },
      { maxDecompressedBytes: tar.length - 1 },
      { maxDescBytes: 40 },
      { maxFilesBytes: 10, files: true },
    ]
  ) {
    await t.step(JSON.stringify(options), async () => {
      await contentError(packagesOf(tar, options));
    });
  }
});

Deno.test("stopping early cancels the source", async () => {
  let cancelled = false;
  const tar = gzipSync(
    await tarOf(
      ["a-1-1/desc", descOf("a", "1-1", DEPENDS)],
      ["b-1-1/desc", descOf("b", "1-1", `%DESC%\n${crypto.randomUUID().repeat(1000)}\n\n`)],
    ),
  );
  const source = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(tar.subarray(0, tar.length - 20)),
    pull: () => new Promise(() => {}),
    cancel: () => void (cancelled = true),
  }, { highWaterMark: 0 });
  for await (const { name } of readSyncDb(source)) {
    assertEquals(name, "a");
    break;
  }
  assert(cancelled);
});

Deno.test("an error of the source itself is passed on unchanged", async () => {
  const failure = new TypeError("the mirror fell silent");
  const tar = gzipSync(await tarOf(["a-1-1/desc", descOf("a", "1-1")]));
  const source = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(tar.subarray(0, 100)),
    pull: (controller) => controller.error(failure),
  }, { highWaterMark: 0 });
  const error = await Array.fromAsync(readSyncDb(source)).catch((reason: unknown) => reason);
  assertStrictEquals(error, failure);
});

Deno.test("the event loop runs while a database in memory is read", async () => {
  const desc = (index: number): string => descOf(`p${index}`, "1-1");
  const tar = await tarOf(
    ...Array.from({ length: 5000 }, (_, index) => [`p${index}-1-1/desc`, desc(index)] as const),
  );
  let turns = 0;
  let turnsAtFirst = 0;
  let packages = 0;
  const interval = setInterval(() => turns++, 0);
  for await (const _ of readSyncDb(streamOf(tar))) if (packages++ === 0) turnsAtFirst = turns;
  clearInterval(interval);
  assertEquals(packages, 5000);
  // All of them are held back until the end, so both halves of the work are seen.
  assert(turnsAtFirst >= 5, `${turnsAtFirst} turns before the first package`);
  assert(turns - turnsAtFirst >= 2, `${turns - turnsAtFirst} turns after it`);
});

Deno.test({
  name: `every real database is read, with a checksum for each package${REAL_DATA_NOTE}`,
  ignore: REAL_DATA_MISSING,
  async fn() {
    let packages = 0;
    for (const path of realDatabases()) {
      const files = path.includes(".files");
      for await (const item of readSyncDb(streamOf(await realBytes(path)), { files })) {
        packages++;
        assertEquals(item.sha256sum?.length, 64, `${path}: ${item.name}`);
        assert((item.compressedSize ?? 0) > 0, `${path}: ${item.name}`);
        assertEquals(item.files !== undefined, files, `${path}: ${item.name}`);
      }
    }
    assert(packages > 20_000, `${packages} packages`);
  },
});

Deno.test({
  name: `relations are read from old and from modern databases${REAL_DATA_NOTE}`,
  ignore: REAL_DATA_MISSING,
  async fn() {
    for (
      const [path, withDepends, withReplaces] of [
        ["databases/alarm-2015/community.db", 3260, 176],
        ["databases/malr-2022/chaotic-aur.db.tar.xz", 3000, 181],
      ] as const
    ) {
      const packages = await packagesOf(await realBytes(path));
      assertEquals(packages.filter(({ depends }) => depends).length, withDepends);
      assertEquals(packages.filter(({ replaces }) => replaces).length, withReplaces);
    }
  },
});

Deno.test({
  name: `a database inside of a folder is refused${REAL_DATA_NOTE}`,
  ignore: REAL_DATA_MISSING,
  async fn() {
    const error = await contentError(packagesOf(await realBytes(MALFORMED_DATABASE)));
    assertStringIncludes(error.message, "Package folders must be at the top of the archive");
  },
});
