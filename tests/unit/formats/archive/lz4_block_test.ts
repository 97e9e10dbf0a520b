import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { decodeLz4Block } from "../../../../src/formats/archive/lz4_block.ts";

const BEFORE = new TextEncoder().encode("secret of another file, ");

/** The content that a block adds behind earlier bytes; null if it is damaged. */
function decoded(block: readonly number[], { isLinked = false, room = 100 } = {}): string | null {
  const target = new Uint8Array(BEFORE.length + room);
  target.set(BEFORE);
  const start = BEFORE.length;
  const end = decodeLz4Block(new Uint8Array(block), target, {
    start,
    earliest: isLinked ? 0 : start,
  });
  return end === null ? null : new TextDecoder().decode(target.subarray(start, end));
}

const [a, b, x] = [0x61, 0x62, 0x78];

Deno.test("literals and matches are decoded, also a match that repeats itself", () => {
  assertEquals(decoded([0x20, a, b]), "ab");
  // Two literals, eight bytes from two back, and one literal.
  assertEquals(decoded([0x24, a, b, 2, 0, 0x10, x]), "ababababab" + "x");
  // A run of 19 + 4 bytes: 15, and 4 in another byte.
  assertEquals(decoded([0x1f, a, 1, 0, 4, 0x10, x]), "a".repeat(24) + "x");
});

Deno.test("a match reaches back to earlier blocks only if these are linked", () => {
  const block = [0x12, a, 7, 0, 0x10, x];
  assertEquals(decoded(block), null);
  assertEquals(decoded(block, { isLinked: true }), "afile, x");
});

Deno.test("a match that reaches back too far, or nowhere, is damage", () => {
  assertEquals(decoded([0x10, a, 99, 0, 0x10, x], { isLinked: true }), null);
  assertEquals(decoded([0x10, a, 0, 0, 0x10, x], { isLinked: true }), null);
});

Deno.test("content beyond the target is damage", () => {
  assertEquals(decoded([0x30, a, b, x], { room: 2 }), null);
  assertEquals(decoded([0x1f, a, 1, 0, 4, 0x10, x], { room: 20 }), null);
});

Deno.test("any bytes are content within the target, or damage", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (block, isLinked) => {
    const content = decoded([...block], { isLinked, room: 1000 });
    assertEquals(content === null || content.length <= 1000, true);
  }));
});
