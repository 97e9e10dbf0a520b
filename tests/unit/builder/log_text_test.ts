import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { LogText } from "../../../src/builder/log_text.ts";

function shown(...pieces: string[]): string {
  const text = new LogText();
  const encoder = new TextEncoder();
  return pieces.map((piece) => text.add(encoder.encode(piece))).join("") + text.finish();
}

Deno.test("colours are removed, and deceptive characters are spelled out", () => {
  assertEquals(shown("\x1b[1;31mred\x1b[0m\n"), "red\n");
  assertEquals(shown("\x1b]0;title\x07a\b\u202eb\n"), "a\\u{0008}\\u{202e}b\n");
});

Deno.test("a carriage return ends a line, alone or before a line feed", () => {
  assertEquals(shown("10%\r20%\r\nend"), "10%\n20%\nend\n");
});

Deno.test("no control character reaches the log, whatever a build prints and wherever it is split", () => {
  fc.assert(fc.property(fc.array(fc.string({ unit: "binary" })), (pieces) => {
    // deno-lint-ignore no-control-regex
    assertEquals(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/.exec(shown(...pieces)), null);
  }));
});
