import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { join } from "@std/path";
import { DatabaseSync } from "node:sqlite";
import {
  inTransaction,
  moveDatabase,
  openDatabase,
  openInMemory,
} from "../../../../src/platform/database/database.ts";
import { PkgstashError } from "../../../../src/errors.ts";
import { inTempFolder, TempFolder } from "../../../support/temp_folder.ts";

const ONE = "CREATE TABLE one (a TEXT) STRICT;";
const TWO = "ALTER TABLE one ADD COLUMN b TEXT;";

function valuesOf(database: DatabaseSync): unknown[] {
  return database.prepare("SELECT a FROM one").all().map(({ a }) => a);
}

Deno.test("a database keeps what was written, and its directories are created", () =>
  inTempFolder(async (directory) => {
    const path = join(directory, "a", "b", "test.sqlite");
    {
      using database = await openDatabase(path, [ONE]);
      database.exec("INSERT INTO one VALUES ('kept')");
    }
    using database = await openDatabase(path, [ONE]);
    assertEquals(valuesOf(database), ["kept"]);
  }));

Deno.test({
  name: "a database in memory needs no right to write anywhere",
  permissions: { write: false },
  fn: () => {
    using database = openInMemory([ONE]);
    database.exec("INSERT INTO one VALUES ('kept')");
    assertEquals(valuesOf(database), ["kept"]);
  },
});

Deno.test("a database of an earlier version is migrated by the missing migrations only", () =>
  inTempFolder(async (directory) => {
    const path = join(directory, "test.sqlite");
    {
      using database = await openDatabase(path, [ONE]);
      database.exec("INSERT INTO one VALUES ('kept')");
    }
    using database = await openDatabase(path, [ONE, TWO]);
    assertEquals({ ...database.prepare("SELECT a, b FROM one").get() }, { a: "kept", b: null });
  }));

Deno.test("a failed migration leaves the database at the version before it", () =>
  inTempFolder(async (directory) => {
    const path = join(directory, "test.sqlite");
    const broken = "CREATE TABLE half (a TEXT) STRICT; CREATE TABLE one (a TEXT) STRICT;";
    await assertRejects(() => openDatabase(path, [ONE, broken]), PkgstashError, "already exists");
    using database = await openDatabase(path, [ONE, TWO]);
    assertEquals(database.prepare("SELECT name FROM sqlite_schema").all().map(({ name }) => name), [
      "one",
    ]);
  }));

Deno.test("the journal stays small, even after a large transaction", () =>
  inTempFolder(async (directory) => {
    const path = join(directory, "test.sqlite");
    using database = await openDatabase(path, [ONE]);
    const insert = database.prepare("INSERT INTO one VALUES (?)");
    inTransaction(database, () => {
      for (let row = 0; row < 2_000; row++) insert.run("x".repeat(1_000));
    });
    for (let row = 0; row < 500; row++) insert.run(`value ${row}`);
    const { size } = await Deno.stat(`${path}-wal`);
    assert(size < 700_000, `${size} bytes`);
  }));

for (
  const [damage, inflict] of [
    ["is some other file", (path: string) => Deno.writeTextFile(path, "no database ".repeat(1000))],
    ["has a page overwritten", async (path: string) => {
      {
        using database = await openDatabase(path, [ONE]);
        const insert = database.prepare("INSERT INTO one VALUES (?)");
        for (let row = 0; row < 1000; row++) insert.run(`value ${row}`);
      }
      using file = await Deno.open(path, { write: true });
      await file.seek(4096, Deno.SeekMode.Start);
      await file.write(new Uint8Array(4096).fill(0x55));
    }],
    ["is of a later version", async (path: string) => {
      using _database = await openDatabase(path, [ONE, TWO]);
    }],
  ] as const
) {
  Deno.test(`a database that ${damage} is renamed and replaced by an empty one`, () =>
    inTempFolder(async (directory) => {
      const path = join(directory, "test.sqlite");
      await inflict(path);
      const before = await Deno.readFile(path);
      {
        using database = await openDatabase(path, [ONE]);
        assertEquals(valuesOf(database), []);
        database.exec("INSERT INTO one VALUES ('new')");
      }
      assertEquals(await Deno.readFile(`${path}.damaged`), before);
      using database = await openDatabase(path, [ONE]);
      assertEquals(valuesOf(database), ["new"]);
    }));
}

Deno.test("a database that cannot be opened is an error and is not renamed", () =>
  inTempFolder(async (directory) => {
    const path = join(directory, "test.sqlite");
    await Deno.mkdir(path);
    const error = await assertRejects(() => openDatabase(path, [ONE]), PkgstashError);
    assertEquals(error.kind, "storage");
    assertStringIncludes(error.message, path);
    assertEquals((await Deno.stat(path)).isDirectory, true);
  }));

Deno.test("a database that another program is writing is not renamed", () =>
  inTempFolder(async (directory) => {
    const path = join(directory, "test.sqlite");
    {
      using database = await openDatabase(path, [ONE]);
      database.exec("INSERT INTO one VALUES ('kept')");
    }
    {
      using other = new DatabaseSync(path);
      other.exec("BEGIN IMMEDIATE");
      await assertRejects(() => openDatabase(path, [ONE, TWO]), PkgstashError, "locked");
    }
    using database = await openDatabase(path, [ONE, TWO]);
    assertEquals(valuesOf(database), ["kept"]);
  }));

Deno.test("a transaction that throws is rolled back, and the next one works", () =>
  inTempFolder(async (directory) => {
    using database = await openDatabase(join(directory, "test.sqlite"), [ONE]);
    assertThrows(
      () =>
        inTransaction(database, () => {
          database.exec("INSERT INTO one VALUES ('half')");
          throw new RangeError("stop");
        }),
      RangeError,
      "stop",
    );
    inTransaction(database, () => database.exec("INSERT INTO one VALUES ('whole')"));
    assertEquals(valuesOf(database), ["whole"]);
  }));

Deno.test("a transaction that SQLite itself rolled back rejects with the original error", () =>
  inTempFolder(async (directory) => {
    using database = await openDatabase(join(directory, "test.sqlite"), [ONE]);
    assertThrows(
      () =>
        inTransaction(database, () => {
          database.exec("ROLLBACK");
          throw new RangeError("the reason");
        }),
      RangeError,
      "the reason",
    );
  }));

Deno.test("a database whose file was removed is moved to a new one with all that it holds", async () => {
  await using folder = await TempFolder.create();
  const path = folder.join("data.sqlite");
  const migrations = ["CREATE TABLE notes (text TEXT)", "CREATE TABLE more (text TEXT)"];
  const old = await openDatabase(path, migrations);
  old.exec("INSERT INTO notes VALUES ('one')");
  for (const suffix of ["", "-wal", "-shm"]) await Deno.remove(path + suffix);
  old.exec("INSERT INTO notes VALUES ('two')");
  {
    using moved = moveDatabase(old, path, migrations);
    moved.exec("INSERT INTO notes VALUES ('three')");
    assertThrows(() => old.exec("SELECT 1"));
    // Nothing of the old one removes what belongs to the new one.
    assertEquals(
      (await Array.fromAsync(Deno.readDir(folder.path))).map(({ name }) => name).sort(),
      ["data.sqlite", "data.sqlite-shm", "data.sqlite-wal"],
    );
  }
  using opened = await openDatabase(path, migrations);
  const rows = opened.prepare("SELECT text FROM notes").all();
  assertEquals(rows.map(({ text }) => text), ["one", "two", "three"]);
});

Deno.test("a database that cannot be moved keeps what it holds in memory", async () => {
  await using folder = await TempFolder.create();
  const migrations = ["CREATE TABLE notes (text TEXT, number INTEGER)"];
  const old = await openDatabase(folder.join("data.sqlite"), migrations);
  old.exec("INSERT INTO notes VALUES ('one', NULL)");
  using moved = moveDatabase(old, folder.join("none/data.sqlite"), migrations);
  assertEquals(moved.prepare("SELECT * FROM notes").all().map((row) => ({ ...row })), [
    { text: "one", number: null },
  ]);
});
