import { assertEquals } from "@std/assert";
import { closeSync, openSync } from "node:fs";
import { isJournal } from "../../../../src/platform/systemd/journal.ts";
import { TempFolder } from "../../../support/temp_folder.ts";

Deno.test("the output is the journal only if the variable names exactly its device and inode", async () => {
  await using folder = await TempFolder.create();
  const path = folder.join("output");
  await Deno.writeTextFile(path, "");
  const { dev, ino } = await Deno.stat(path);
  const descriptor = openSync(path, "r");
  const of = (value: string | undefined) => isJournal(() => value, descriptor);
  assertEquals(of(`${dev}:${ino}`), true);
  for (const other of [undefined, "", `${dev}:${ino! + 1}`, `${dev + 1}:${ino}`, `${ino}`]) {
    assertEquals(of(other), false, `${other}`);
  }
  closeSync(descriptor);
  assertEquals(isJournal(() => `${dev}:${ino}`, 1_000_000), false, "a closed descriptor");
});
