import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { formatByteSize, parseByteSize } from "../../../src/config/byte_size.ts";

Deno.test("a size is a number with a unit in steps of 1024, or 0", () => {
  const table: [string, number][] = [
    ["0", 0],
    ["0GB", 0],
    ["1048576B", 1048576],
    ["10B", 10],
    ["10GB", 10 * 1024 ** 3],
    ["10 GB", 10 * 1024 ** 3],
    ["10gb", 10 * 1024 ** 3],
    ["10GiB", 10 * 1024 ** 3],
    ["10G", 10 * 1024 ** 3],
    ["500MB", 500 * 1024 ** 2],
    ["4KB", 4096],
    ["2TB", 2 * 1024 ** 4],
    ["1.5GB", 1.5 * 1024 ** 3],
    ["1.1GB", 1181116006],
  ];
  for (const [text, expected] of table) assertEquals(parseByteSize(text), expected, text);
});

Deno.test("what is not clearly a size is none", () => {
  const table = [
    "",
    "GB",
    "50",
    "1048576",
    "-1GB",
    "10 G B",
    "10PB",
    "1e9",
    "ten",
    "0.1B",
    "1,5GB",
    "10GBs",
    "9".repeat(20),
  ];
  for (const text of table) assertEquals(parseByteSize(text), null, JSON.stringify(text));
});

Deno.test("a formatted size is read back as the same one", () => {
  assertEquals(formatByteSize(10 * 1024 ** 3), "10GB");
  assertEquals(formatByteSize(1500), "1500B");
  fc.assert(fc.property(fc.maxSafeNat(), (bytes) => {
    assertEquals(parseByteSize(formatByteSize(bytes)), bytes);
  }));
});
