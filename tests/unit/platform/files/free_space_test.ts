import { assertEquals, assertGreater } from "@std/assert";
import { freeSpace } from "../../../../src/platform/files/free_space.ts";

Deno.test("the free space of a disk is a number of bytes", async () => {
  const free = await freeSpace(".");
  assertGreater(free!, 0);
  assertEquals(Number.isSafeInteger(free), true);
});

Deno.test("there is no free space to be told where there is nothing", async () => {
  assertEquals(await freeSpace("./no/such/directory"), null);
});

Deno.test({
  name: "free space that may not be asked for is not known, and no error",
  permissions: { read: true, sys: false },
  async fn() {
    assertEquals(await freeSpace("."), null);
  },
});
