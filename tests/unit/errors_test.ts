import { assertEquals } from "@std/assert";
import { PkgstashError, reasonOf } from "../../src/errors.ts";

Deno.test("a reason includes the cause of a foreign error, but not of one of ours", () => {
  const cause = new Error("connection refused");
  assertEquals(
    reasonOf(new TypeError("fetch failed", { cause })),
    "fetch failed: connection refused",
  );
  assertEquals(reasonOf(new PkgstashError("upstream", "says it all", { cause })), "says it all");
  assertEquals(reasonOf("thrown text"), "thrown text");
});

Deno.test("a reason has no full stop, so that it can be part of a sentence", () => {
  const error = new PkgstashError("content", "Cannot read x: it is cut short. Fetch it again.");
  assertEquals(reasonOf(error), "Cannot read x: it is cut short. Fetch it again");
});
