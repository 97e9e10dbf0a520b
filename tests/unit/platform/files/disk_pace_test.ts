import { assertEquals, assertInstanceOf } from "@std/assert";
import { isDiskQuick, lookAt, recordDiskCall } from "../../../../src/platform/files/disk_pace.ts";
import { TempFolder } from "../../../support/temp_folder.ts";

Deno.test("a look at a fast disk is synchronous, and one at a slow disk blocks nobody", async () => {
  await using folder = await TempFolder.create("pkgstash-pace-");
  const path = folder.join("file");
  await Deno.writeFile(path, new Uint8Array(5));
  assertEquals((lookAt(path) as Deno.FileInfo).size, 5);
  assertEquals(lookAt(folder.join("none")), null);
  assertEquals(lookAt(`${path}/below`), null);
  const now = performance.now();
  recordDiskCall(now - 100, now);
  const look = lookAt(path);
  assertInstanceOf(look, Promise);
  assertEquals((await look)?.size, 5);
  assertEquals(await lookAt(folder.join("none")), null);
  assertEquals(isDiskQuick(now + 999), false);
  assertEquals(isDiskQuick(now + 1_001), true);
});
