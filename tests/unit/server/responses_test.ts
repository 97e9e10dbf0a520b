import { assertEquals } from "@std/assert";
import { PkgstashError } from "../../../src/errors.ts";
import { errorResponse } from "../../../src/server/responses.ts";

Deno.test("a lack of open files is answered with 503 and when to ask again", () => {
  const cause = new Error("Too many open files (os error 24)");
  for (const error of [cause, new PkgstashError("storage", "Cannot write.", { cause })]) {
    const { status, headers } = errorResponse(error);
    assertEquals([status, headers.get("retry-after")], [503, "5"]);
  }
  assertEquals(errorResponse(new PkgstashError("storage", "Cannot write.")).status, 500);
});
