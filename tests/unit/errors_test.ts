import { assertEquals } from "@std/assert";
import { PkgstashError, reasonOf } from "../../src/errors.ts";

Deno.test("a reason names what is behind a message that says nothing", () => {
  const cause = new Error("connection refused");
  assertEquals(
    reasonOf(new TypeError("fetch failed", { cause })),
    "fetch failed: connection refused",
  );
  assertEquals(reasonOf(new PkgstashError("upstream", "says it all", { cause })), "says it all");
  assertEquals(reasonOf("thrown text"), "thrown text");
});
