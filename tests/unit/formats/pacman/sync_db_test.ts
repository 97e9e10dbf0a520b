import { gzipSync } from "node:zlib";
import { assert, assertEquals, assertStrictEquals, assertStringIncludes } from "@std/assert";
import {
  readSyncDb,
  type SyncDb,
  type SyncDbPackage,
} from "../../../../src/formats/pacman/sync_db.ts";
import {
  contentError,
  descOf,
  packagesOf,
  streamOf,
  type TarMember,
  tarOf,
  turnsDuring,
} from "../../../support/sync_db_reading.ts";
import { ODD_DATABASES } from "../../../support/odd_databases.ts";
import {
  MALFORMED_DATABASE,
  REAL_DATA_MISSING,
  REAL_DATA_NOTE,
  realBytes,
  realDatabases,
} from "../../../support/real_data.ts";

const DEPENDS = "%DEPENDS%\nglibc\n\n";
const BASIC: SyncDbPackage = {
  fileName: "a-1-1-any.pkg.tar.zst",
  name: "a",
  version: "1-1",
  size: null,
  sha256: null,
  buildDate: null,
  signature: null,
  depends: [],
  provides: [],
  replaces: [],
};
const SHA256 = "ab".repeat(32);

async function refusalOf(...members: readonly TarMember[]): Promise<string> {
  return (await contentError(packagesOf(await tarOf(...members)))).message;
}

async function read(...members: readonly TarMember[]): Promise<SyncDb> {
  return await readSyncDb(streamOf(await tarOf(...members)));
}

/** The problems of a database, each as `count what (example)`. */
function told({ problems }: SyncDb): string[] {
  return problems.map(({ what, count, example }) => `${count} ${what} (${example})`);
}

Deno.test("a package has the facts of its desc", async () => {
  const more =
    `%CSIZE%\n12\n\n%SHA256SUM%\n${SHA256.toUpperCase()}\n\n%BUILDDATE%\n1700000000\n\n` +
    `%PGPSIG%\naGk=\n\n%URL%\nx\n\n%REPLACES%\nz\n\n%PROVIDES%\ny=1\n\n${DEPENDS}`;
  const db = await read(["a-1-1/", null], ["a-1-1/desc", descOf("a", "1-1", more)]);
  assertEquals(db.problems, []);
  assertEquals(db.packages, [{
    ...BASIC,
    size: 12,
    sha256: SHA256,
    buildDate: 1_700_000_000_000,
    signature: "aGk=",
    replaces: ["z"],
    provides: ["y=1"],
    depends: ["glibc"],
  }]);
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
    const { packages, problems } = await read(...members);
    assertEquals(packages?.length, 2);
    assertEquals(packages?.find(({ name }) => name === "a"), expected);
    assertEquals(problems, []);
  }
});

Deno.test("long names in pax headers are read, and lists of files and unknown files skipped", async () => {
  const name = `${"long-".repeat(30)}name`;
  const tar = await tarOf(
    [`${name}-1-1/`, null],
    [`${name}-1-1/deltas`, "skipped"],
    [`${name}-1-1/files`, `%FILES%\n${"usr/share/x\n".repeat(100_000)}`],
    [`${name}-1-1/desc`, descOf(name, "1-1").replace(/^.*pkg\.tar\.zst$/m, "x.pkg.tar.zst")],
  );
  for (const chunkBytes of [1009, tar.length]) {
    const { packages } = await readSyncDb(streamOf(tar, chunkBytes));
    assertEquals(packages?.map((item) => item.name), [name]);
  }
});

for (
  const [what, members, problem, lost] of [
    ["CSIZE -1", [["a-1-1/desc", descOf("a", "1-1", "%CSIZE%\n-1\n")]], "%CSIZE%", { size: null }],
    ["CSIZE of letters", [["a-1-1/desc", descOf("a", "1-1", "%CSIZE%\nten\n")]], "%CSIZE%", {}],
    [
      "a huge CSIZE",
      [["a-1-1/desc", descOf("a", "1-1", `%CSIZE%\n${"9".repeat(40)}\n`)]],
      "%CSIZE%",
      {},
    ],
    [
      "BUILDDATE of letters",
      [["a-1-1/desc", descOf("a", "1-1", "%BUILDDATE%\nnow\n")]],
      "%BUILDDATE%",
      {},
    ],
    [
      "SHA256SUM SKIP",
      [["a-1-1/desc", descOf("a", "1-1", "%SHA256SUM%\nSKIP\n")]],
      "%SHA256SUM%",
      {},
    ],
    ["PGPSIG not base64", [["a-1-1/desc", descOf("a", "1-1", "%PGPSIG%\n!!\n")]], "%PGPSIG%", {}],
    [
      "another name in desc",
      [["a-1-1/desc", descOf("c", "1-1").replace("c-1-1-any", "a-1-1-any")]],
      null,
      {},
    ],
    [
      "a folder twice",
      [["a-1-1/desc", descOf("a", "1-1")], ["a-1-1/desc", descOf("a", "1-1")]],
      "twice",
      {},
    ],
    ["a deeper desc", [["a-1-1/x/desc", descOf("a", "1-1")]], null, {}],
    [
      "a file beside the folders",
      [["README-1-1", ""], ["a-1-1/desc", descOf("a", "1-1")]],
      "README-1-1",
      {},
    ],
    [
      "a long value",
      [["a-1-1/desc", descOf("a", "1-1", `%DESC%\n${"x".repeat(100_000)}\n`)]],
      null,
      {},
    ],
  ] as const
) {
  Deno.test(`a database with ${what} is read, and the other packages keep their checks`, async () => {
    const intact = descOf("b", "1-1", `%CSIZE%\n5\n\n%SHA256SUM%\n${SHA256}\n`);
    const db = await read(...members, ["b-1-1/desc", intact]);
    assertEquals(db.packages?.map(({ name }) => name), ["a", "b"]);
    assertEquals(db.packages?.[0], { ...BASIC, ...lost });
    assertEquals(db.packages?.[1]?.size, 5);
    assertEquals(db.packages?.[1]?.sha256, SHA256);
    assertEquals(db.problems.length, problem === null ? 0 : 1);
    if (problem !== null) assertStringIncludes(told(db).join(), problem);
  });
}

// The end-to-end suite asks pacman itself.
for (const { what, members, isTaken } of ODD_DATABASES) {
  Deno.test(`a database with ${what} is ${isTaken ? "taken" : "refused"}, as by pacman`, async () => {
    if (isTaken) assert((await read(...members)).packages?.some(({ name }) => name === "b"));
    else await contentError(read(...members));
  });
}

Deno.test("a malformed field loses no other field of its entry", async () => {
  const more = `%CSIZE%\n-1\n\n%SHA256SUM%\n${SHA256}\n\n${DEPENDS}`;
  const { packages } = await read(["a-1-1/desc", descOf("a", "1-1", more)]);
  assertEquals(packages, [{ ...BASIC, sha256: SHA256, depends: ["glibc"] }]);
});

Deno.test("problems are counted, with the first as an example", async () => {
  const db = await read(
    ...["a", "b", "c"].map((name) =>
      [`${name}-1-1/desc`, descOf(name, "1-1", "%CSIZE%\nx\n")] as const
    ),
  );
  assertEquals(told(db), [`3 %CSIZE% is malformed (a-1-1: "x")`]);
});

Deno.test("a file in two entries is checked against what both say of it", async () => {
  const entryOf = (name: string, size: number, sha256: string) =>
    descOf(name, "1-1", `%CSIZE%\n${size}\n\n%SHA256SUM%\n${sha256}\n`)
      .replace(/^.*pkg\.tar\.zst$/m, "a-1-1-any.pkg.tar.zst");
  const other = "cd".repeat(32);
  for (
    const [size, sha256, expected] of [
      [1, SHA256, [1, SHA256]],
      [2, SHA256, [null, SHA256]],
      [1, other, [1, null]],
    ] as const
  ) {
    const db = await read(
      ["a-1-1/desc", entryOf("a", 1, SHA256)],
      ["b-1-1/desc", entryOf("b", size, sha256)],
    );
    assertEquals(db.packages?.map(({ size, sha256 }) => [size, sha256]), [[...expected], [
      ...expected,
    ]]);
    assertEquals(told(db), ["1 two packages have the same %FILENAME% (a-1-1-any.pkg.tar.zst)"]);
  }
});

Deno.test("two versions of a package are both known, and told", async () => {
  const db = await read(["a-1-1/desc", descOf("a", "1-1")], ["a-2-1/desc", descOf("a", "2-1")]);
  assertEquals(db.packages?.map(({ version }) => version), ["1-1", "2-1"]);
  assertEquals(told(db), ["1 two packages have the same name (a)"]);
});

Deno.test("a package without a usable file name is told and left out", async (t) => {
  for (const name of ["%X%", "a\0", "a\x1b[2J", "x".repeat(256)]) {
    await t.step(JSON.stringify(name.slice(0, 20)), async () => {
      const desc = descOf("a", "1-1");
      const text = name === "%X%"
        ? desc.replace("%FILENAME%", name)
        : desc.replace("a-1-1-any.pkg.tar.zst", name);
      const db = await read(["a-1-1/desc", text], ["b-1-1/desc", descOf("b", "1-1")]);
      assertEquals(db.packages?.map(({ name }) => name), ["b"]);
      assertStringIncludes(told(db).join(), "no usable name or %FILENAME%");
    });
  }
});

Deno.test("a database whose compression is unknown is taken, without its packages", async () => {
  for (const magic of [[0x89, 0x4c, 0x5a, 0x4f, 0, 0x0d, 0x0a], [0x4c, 0x5a, 0x49, 0x50, 1]]) {
    const { packages, problems } = await readSyncDb(streamOf(new Uint8Array([...magic, 1, 2, 3])));
    assertEquals(packages, null);
    assertEquals(problems.length, 1);
  }
});

Deno.test("an empty database has no packages, plain or compressed", async () => {
  assertEquals(await packagesOf(new Uint8Array(10_240)), []);
  assertEquals(await packagesOf(gzipSync(new Uint8Array(10_240))), []);
});

Deno.test("a path that is not in a folder NAME-VERSION refuses the database", async (t) => {
  const desc = descOf("a", "1-1");
  for (
    const path of [
      "/a-1-1/desc",
      "../a-1-1/desc",
      "./a-1-1/desc",
      "core/a-1-1/desc",
      "a-1/desc",
      "-1-1/desc",
      "desc",
      "README",
    ]
  ) {
    await t.step(JSON.stringify(path), async () => {
      assertStringIncludes(await refusalOf([path, desc]), "is not in a folder NAME-VERSION");
    });
  }
});

Deno.test("a path that climbs refuses the database", async () => {
  for (const path of ["a-1-1/../desc", "a-1-1/../../desc", "a-1-1/.."]) {
    assertStringIncludes(await refusalOf([path, descOf("a", "1-1")]), "leads out of its folder");
  }
});

Deno.test("a file name that leaves its directory refuses the database", async (t) => {
  for (const name of ["a/b", "../a", ".a", "/etc/passwd"]) {
    await t.step(name, async () => {
      const text = descOf("a", "1-1").replace("a-1-1-any.pkg.tar.zst", name);
      assertStringIncludes(await refusalOf(["a-1-1/desc", text]), "%FILENAME%");
    });
  }
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
      { maxKeptBytes: 80 },
    ]
  ) {
    await t.step(JSON.stringify(options), async () => {
      await contentError(packagesOf(tar, options));
    });
  }
});

Deno.test("a failure cancels the source", async () => {
  let isCancelled = false;
  const tar = await tarOf(["README", "x".repeat(10_000)]);
  const source = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(tar.subarray(0, 2048)),
    pull: () => new Promise(() => {}),
    cancel: () => void (isCancelled = true),
  }, { highWaterMark: 0 });
  await contentError(readSyncDb(source));
  assert(isCancelled);
});

Deno.test("an error of the source itself is passed on unchanged", async () => {
  const failure = new TypeError("the mirror fell silent");
  const tar = gzipSync(await tarOf(["a-1-1/desc", descOf("a", "1-1")]));
  const source = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(tar.subarray(0, 100)),
    pull: (controller) => controller.error(failure),
  }, { highWaterMark: 0 });
  const error = await readSyncDb(source).catch((reason: unknown) => reason);
  assertStrictEquals(error, failure);
});

Deno.test("the event loop runs while a database in memory is read", async () => {
  const desc = (index: number): string => descOf(`p${index}`, "1-1");
  const tar = await tarOf(
    ...Array.from({ length: 5000 }, (_, index) => [`p${index}-1-1/desc`, desc(index)] as const),
  );
  const turns = await turnsDuring(async () => {
    assertEquals((await packagesOf(tar)).length, 5000);
  });
  assert(turns > 1, `${turns} turns`);
});

Deno.test({
  name: `every real database is read, with a checksum for each package${REAL_DATA_NOTE}`,
  ignore: REAL_DATA_MISSING,
  async fn() {
    let packages = 0;
    for (const path of realDatabases()) {
      for (const item of await packagesOf(await realBytes(path))) {
        packages++;
        assertEquals(item.sha256?.length, 64, `${path}: ${item.name}`);
        assert((item.size ?? 0) > 0, `${path}: ${item.name}`);
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
      assertEquals(packages.filter(({ depends }) => depends.length > 0).length, withDepends);
      assertEquals(packages.filter(({ replaces }) => replaces.length > 0).length, withReplaces);
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
