import { assert, assertEquals } from "@std/assert";
import { concat } from "@std/bytes/concat";
import {
  type DatabaseEntry,
  writeDatabase,
} from "../../../../src/formats/pacman/database_archive.ts";
import { decompress } from "../../../../src/formats/archive/archive_compression.ts";
import { TarReader } from "../../../../src/formats/archive/tar_reader.ts";
import {
  bytesOf,
  descOf,
  packagesOf,
  streamOf,
  turnsDuring,
} from "../../../support/sync_db_reading.ts";

/** Entries that count how often their texts are asked for. */
class Entries {
  asked = 0;

  of(name: string, version = "1-1", files?: string): DatabaseEntry {
    return {
      name,
      version,
      identity: `${name} ${version} ${files ?? ""}`,
      texts: () => {
        this.asked++;
        const desc = descOf(name, version);
        return files === undefined ? { desc } : { desc, files };
      },
    };
  }

  many(count: number): DatabaseEntry[] {
    return Array.from({ length: count }, (_, index) => this.of(`package-${index}`));
  }
}

async function written(
  entries: readonly DatabaseEntry[],
  previous?: Uint8Array,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of writeDatabase(entries, previous)) parts.push(part);
  return concat(parts);
}

async function membersOf(database: Uint8Array): Promise<[string, string][]> {
  const members: [string, string][] = [];
  const tar = new TarReader(() => true);
  for await (const chunk of decompress(streamOf(database))) {
    for (const { name, body } of tar.push(chunk)) {
      members.push([name, new TextDecoder().decode(body ?? new Uint8Array(0))]);
    }
  }
  tar.finish();
  return members;
}

Deno.test("a database has a folder with a desc for each package, in order of their bytes", async () => {
  const entries = new Entries();
  const database = await written([
    entries.of("b"),
    entries.of("a-b", "1-1"),
    entries.of("a", "1-1.1"),
    entries.of("a+", "1:2-1", "%FILES%\nusr/\n"),
  ]);
  assertEquals(await membersOf(database), [
    ["a+-1:2-1/", ""],
    ["a+-1:2-1/desc", descOf("a+", "1:2-1")],
    ["a+-1:2-1/files", "%FILES%\nusr/\n"],
    ["a-1-1.1/", ""],
    ["a-1-1.1/desc", descOf("a", "1-1.1")],
    ["a-b-1-1/", ""],
    ["a-b-1-1/desc", descOf("a-b", "1-1")],
    ["b-1-1/", ""],
    ["b-1-1/desc", descOf("b", "1-1")],
  ]);
  assertEquals((await packagesOf(database)).map(({ name }) => name), ["a+", "a", "a-b", "b"]);
});

Deno.test("a database without packages is empty and can be read", async () => {
  const database = await written([]);
  assertEquals(await packagesOf(database), []);
  const tar = await bytesOf(decompress(streamOf(database)));
  assertEquals(tar, new Uint8Array(10_240));
});

Deno.test("equal entries make equal bytes, whatever their order", async () => {
  const entries = new Entries().many(200);
  assertEquals(await written(entries), await written(entries.toReversed()));
});

Deno.test("names of any length that a file can have are in the archive", async () => {
  const entries = new Entries();
  const names = [94, 95, 96, 97, 150, 151, 152, 200, 220].map((length) => "x".repeat(length));
  const database = await written(names.map((name) => entries.of(name)));
  const expected = names.flatMap((name) => [`${name}-1-1/`, `${name}-1-1/desc`]);
  assertEquals((await membersOf(database)).map(([name]) => name), expected);
});

Deno.test("after a change, only the part that it is in is made again", async () => {
  const entries = new Entries();
  const before = entries.many(2000);
  const previous = await written(before);
  const upgraded = before.with(1234, entries.of("package-1234", "2-1"));
  const added = [...before, entries.of("another")];
  const removed = before.toSpliced(777, 1);
  const rebuilt = before.with(55, { ...entries.of("package-55"), identity: "rebuilt" });
  for (const after of [upgraded, added, removed, rebuilt]) {
    const whole = await written(after);
    entries.asked = 0;
    assertEquals(await written(after, previous), whole);
    assert(entries.asked < 500, `${entries.asked} of 2000 texts were asked for`);
    assert(entries.asked > 0);
  }
  entries.asked = 0;
  assertEquals(await written(before, previous), previous);
  assertEquals(entries.asked, 0);
});

Deno.test("a previous database of another make, or cut short, is used as far as it goes", async () => {
  const entries = new Entries().many(300);
  const whole = await written(entries);
  const others = [
    new Uint8Array(0),
    whole.subarray(0, whole.length / 2),
    whole.subarray(5),
    new Uint8Array(1000).fill(0x1f),
    concat([whole.subarray(0, 10), new Uint8Array(200)]),
  ];
  for (const other of others) assertEquals(await written(entries, other), whole);
});

Deno.test("the event loop runs while a database is written", async () => {
  const entries = new Entries().many(1000);
  const turns = await turnsDuring(async () => void await written(entries));
  assert(turns > 1, `${turns} turns`);
});
