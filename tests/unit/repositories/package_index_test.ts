import { assert, assertEquals, assertStrictEquals, assertStringIncludes } from "@std/assert";
import { type PackageIndex, readPackageIndex } from "../../../src/repositories/package_index.ts";
import { LogLines } from "../../support/log_lines.ts";
import { type ListedPackage, syncDbBytes } from "../../support/sync_db_bytes.ts";
import { TempFolder } from "../../support/temp_folder.ts";
import { packageBytes } from "../../support/package_bytes.ts";
import { TestApp } from "../../support/test_app.ts";
import { ChangingRepository, signatureOf } from "../../support/changing_repository.ts";
import { assertSameBytes } from "../../support/same_bytes.ts";

const repository = new ChangingRepository({ signed: false });
const FILE_NAME = "carried-1-1-any.pkg.tar.zst";
const SIGNATURE = repository.package(`${FILE_NAME}.sig`);
const CARRIED = signatureOf(packageBytes(1000, 1));

/** A daemon with a database that contains a signature. */
async function start(pgpsig: string): Promise<TestApp> {
  const app = await TestApp.start({ settings: { database_max_age: "1h" } });
  const revision = await repository.revision(1, [{
    name: "carried",
    version: "1-1",
    fileName: FILE_NAME,
    size: 1000,
    sha256: "0".repeat(64),
    pgpsig,
  }]);
  repository.put(app.mirror, revision);
  await app.get(repository.path("db"));
  await app.log.waitFor(/snapshot published/);
  return app;
}

const base64 = btoa(String.fromCharCode(...CARRIED));

for (const isUp of [true, false]) {
  const why = isUp ? "no mirror has it" : "all mirrors are down";
  Deno.test(`a signature in the database is served if ${why}`, async () => {
    await using app = await start(base64);
    if (!isUp) await app.mirror.down();
    const { status, body } = await app.get(SIGNATURE);
    assertEquals(status, 200);
    assertSameBytes(body, CARRIED);
    const asked = app.count(SIGNATURE);
    const again = await app.get(SIGNATURE);
    assertEquals(again.headers.get("x-cache"), "HIT");
    assertSameBytes(again.body, CARRIED);
    assertEquals(app.count(SIGNATURE), asked);
  });
}

Deno.test("a signature in the database is preferred to one from a mirror", async () => {
  await using app = await start(base64);
  app.put(SIGNATURE, signatureOf(packageBytes(1000, 2)));
  assertSameBytes((await app.get(SIGNATURE)).body, CARRIED);
});

Deno.test("a signature in the database that is not base64 is ignored", async () => {
  await using app = await start("!!!!");
  assertEquals((await app.get(SIGNATURE)).status, 404);
});

/** A database on disk, read. */
async function indexOf(
  packages: readonly ListedPackage[],
  previous: PackageIndex | null = null,
): Promise<PackageIndex> {
  await using folder = await TempFolder.create("package-index-");
  await Deno.writeFile(folder.join("core.db"), await syncDbBytes(packages));
  return await readPackageIndex(folder.join("core.db"), previous);
}

function listed(name: string, version: string, more: Partial<ListedPackage> = {}): ListedPackage {
  const fileName = `${name}-${version}-any.pkg.tar.zst`;
  return { name, version, fileName, size: 10, sha256: "a".repeat(64), ...more };
}

Deno.test("unchanged entries are shared with the index of the previous database", async () => {
  const first = await indexOf([listed("a", "1-1"), listed("b", "1-1", { depends: ["x"] })]);
  const second = await indexOf(
    [listed("a", "1-1"), listed("b", "1-1", { depends: ["y"] }), listed("c", "1-1")],
    first,
  );
  assertStrictEquals(second.byName.get("a"), first.byName.get("a"));
  assertEquals(second.byName.get("b")?.depends, ["y"]);
  assertEquals([...second.byName.keys()], ["a", "b", "c"]);
});

Deno.test("every fact of a package is a change", async () => {
  const before = await indexOf([listed("a", "1-1")]);
  for (
    const more of [
      { size: 11 },
      { sha256: "b".repeat(64) },
      { builddate: 1 },
      { pgpsig: "aGk=" },
      { depends: ["x"] },
      { replaces: ["x"] },
    ]
  ) {
    const after = await indexOf([listed("a", "1-1", more)], before);
    assert(after.byName.get("a") !== before.byName.get("a"), JSON.stringify(more));
  }
});

// As pacman 6.0.2 lists it, and the file that it asks for.
Deno.test("two entries of one name are one package with the version of the first", async () => {
  const { byName, packages } = await indexOf([listed("a", "1-1"), listed("a", "2-1")]);
  const { version, fileName } = byName.get("a")!;
  assertEquals([version, fileName], ["1-1", "a-2-1-any.pkg.tar.zst"]);
  assertEquals(packages.size, 2);
});

Deno.test("malformed entries of a database are logged once, with the number of entries and an example", async () => {
  const log = new LogLines();
  await indexOf(["a", "b"].map((name) => listed(name, "1-1", { sha256: "SKIP" })));
  const [line = "", ...others] = log.matching(/database has malformed entries/);
  assertEquals(others, []);
  assertStringIncludes(line, "count=2");
  assertStringIncludes(line, "a-1-1");
});

Deno.test("all versions of a library are found, in both forms, by its name", async () => {
  const index = await indexOf([
    listed("foo", "1-1", { provides: ["libfoo.so=5-64", "lib:libfoo.so.5", "foo-api=1"] }),
    listed("foo4", "1-1", { provides: ["lib:libfoo.so.4", "lib32:libfoo.so.4"] }),
  ]);
  assertEquals(index.versionsOf("libfoo.so"), ["libfoo.so=5-64"]);
  assertEquals(index.versionsOf("lib:libfoo.so"), ["lib:libfoo.so.5", "lib:libfoo.so.4"]);
  assertEquals(index.versionsOf("lib32:libfoo.so"), ["lib32:libfoo.so.4"]);
  assertEquals(index.versionsOf("foo-api"), []);
});
