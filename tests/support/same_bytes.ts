import { assertEquals } from "@std/assert";

/** Like `assertEquals`, which takes minutes to describe how two mebibytes differ. */
export function assertSameBytes(actual: Uint8Array, expected: Uint8Array): void {
  assertEquals(actual.length, expected.length, "length");
  const at = actual.findIndex((byte, index) => byte !== expected[index]);
  assertEquals(at, -1, `the bytes differ from ${at} on`);
}
