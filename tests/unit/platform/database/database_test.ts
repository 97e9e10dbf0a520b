import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { DatabaseSync } from "node:sqlite";
import { inTransaction, openDatabase } from "../../../../src/platform/database/database.ts";
import { PkgstashError } from "../../../../src/errors.ts";
import { inTempFolder } from "../../../support/temp_folder.ts";

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
