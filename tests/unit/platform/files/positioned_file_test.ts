import { assertEquals, assertInstanceOf } from "@std/assert";
import { PositionedFile } from "../../../../src/platform/files/positioned_file.ts";
import { TempFolder } from "../../../support/temp_folder.ts";

/** A file on a disk whose next synchronous call takes `clock.slowMs`. */
async function openOn(folder: TempFolder) {
  const clock = { now: 0, slowMs: 0 };
  const opened = await Deno.open(folder.join("file"), { read: true, write: true, create: true });
  const { writeSync } = opened;
  opened.writeSync = (bytes) => {
    clock.now += clock.slowMs;
    return writeSync.call(opened, bytes);
  };
  return { file: new PositionedFile(opened, () => clock.now), clock };
}

const text = async (folder: TempFolder) => await Deno.readTextFile(folder.join("file"));
const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("users of one file read and write at their own positions", async () => {
  await using folder = await TempFolder.create("pkgstash-positioned-");
  const { file: opened } = await openOn(folder);
  using file = opened;
  assertEquals(file.write(0, bytes("ab")), 2);
  assertEquals(file.write(4, bytes("ef")), 2);
  assertEquals(file.write(2, bytes("cd")), 2);
  const buffer = new Uint8Array(3);
  assertEquals(file.read(1, buffer), 3);
  assertEquals(buffer, bytes("bcd"));
  assertEquals(file.read(6, buffer), null);
  assertEquals(await text(folder), "abcdef");
});

Deno.test("a slow disk blocks only for an occasional probe, and every byte gets to its position", async () => {
  await using folder = await TempFolder.create("pkgstash-positioned-");
  const { file: opened, clock } = await openOn(folder);
  using file = opened;
  clock.slowMs = 100;
  assertEquals(file.write(0, bytes("ab")), 2);
  const calls = [file.write(4, bytes("ef")), file.write(2, bytes("cd"))];
  for (const call of calls) assertInstanceOf(call, Promise);
  // One that is quick again waits for those that are running.
  clock.now += 10_000;
  const last = file.write(6, bytes("gh"));
  assertInstanceOf(last, Promise);
  assertEquals(await Promise.all([...calls, last]), [2, 2, 2]);
  await file.sync();
  clock.slowMs = 0;
  assertEquals(file.write(8, bytes("ij")), 2);
  assertEquals(await text(folder), "abcdefghij");
});
