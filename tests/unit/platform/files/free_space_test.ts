import { assertEquals, assertGreater } from "@std/assert";
import { freeSpace } from "../../../../src/platform/files/free_space.ts";

Deno.test("free space is a number of bytes", async () => {
  const free = await freeSpace(".");
  assertGreater(free!, 0);
  assertEquals(Number.isSafeInteger(free), true);
});

Deno.test("free space of a missing path is null", async () => {
  assertEquals(await freeSpace("./no/such/directory"), null);
});

Deno.test({
  name: "free space is null without the permission for it",
  permissions: { read: true, sys: false },
  async fn() {
    assertEquals(await freeSpace("."), null);
  },
});
