import { assertEquals } from "@std/assert";
import { parseRetryAfter } from "../../../../src/formats/http/retry_after.ts";

const NOW = new Date("2026-11-01T12:00:00Z");

Deno.test("Retry-After is seconds or a date to come", async (t) => {
  for (
    const [text, milliseconds] of [
      ["120", 120_000],
      ["Sun, 01 Nov 2026 12:00:30 GMT", 30_000],
      ["Sun, 01 Nov 2026 11:59:00 GMT", null],
      ["0", null],
      ["-5", null],
      ["1.5", null],
      ["soon", null],
      ["99999999999999999999", null],
      ["", null],
      [null, null],
    ] as const
  ) {
    await t.step(String(text), () => assertEquals(parseRetryAfter(text, NOW), milliseconds));
  }
});
