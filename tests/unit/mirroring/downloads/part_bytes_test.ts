import { assertEquals, assertStrictEquals } from "@std/assert";
import { PartBytes } from "../../../../src/mirroring/downloads/part_bytes.ts";
import { packageBytes } from "../../../support/package_bytes.ts";
import { assertSameBytes } from "../../../support/same_bytes.ts";

const BLOCK = 256 * 1024;

/** The bytes of a file that has `onDisk`. */
async function bytesOf(onDisk: Uint8Array): Promise<PartBytes & AsyncDisposable> {
  const path = await Deno.makeTempFile({ prefix: "pkgstash_" });
  await Deno.writeFile(path, onDisk);
  const bytes = new PartBytes(await Deno.open(path));
  return Object.assign(bytes, {
    async [Symbol.asyncDispose]() {
      bytes.release();
      await Deno.remove(path);
    },
  });
}

Deno.test("readers that keep up share the same memory, across reads and blocks", async () => {
  await using bytes = await bytesOf(new Uint8Array());
  const body = packageBytes(3 * BLOCK, 1);
  using one = bytes.addReader()!;
  using other = bytes.addReader()!;
  const seen: Uint8Array[] = [];
  for (let position = 0; position < body.length;) {
    const chunk = body.subarray(position, position + 100_000);
    bytes.keep(position, chunk);
    for (const end = position + chunk.length; position < end; position += seen.at(-1)!.length) {
      const read = await one.read(position, end);
      assertStrictEquals((await other.read(position, end)).buffer, read.buffer);
      seen.push(read.slice());
    }
  }
  assertSameBytes(await new Blob(seen as BlobPart[]).bytes(), body);
});

Deno.test("bytes held by a reader do not change when others take their place", async () => {
  await using bytes = await bytesOf(new Uint8Array(10).fill(9));
  using one = bytes.addReader()!;
  using other = bytes.addReader()!;
  bytes.keep(0, new Uint8Array(10).fill(1));
  const before = await one.read(0, 10);
  bytes.keep(0, new Uint8Array(10).fill(2));
  assertEquals([...before], Array(10).fill(1));
  assertEquals([...await other.read(0, 10)], Array(10).fill(2));
});

Deno.test("the memory of a block is freed when no reader has it and none can find it", async () => {
  const body = packageBytes(20 * BLOCK, 5);
  await using bytes = await bytesOf(body);
  using slow = bytes.addReader()!;
  using quick = bytes.addReader()!;
  const held = await slow.read(0, BLOCK);
  const passed = await quick.read(BLOCK, 2 * BLOCK);
  for (let block = 2; block < 20; block++) await quick.read(block * BLOCK, 20 * BLOCK);
  assertSameBytes(held, body.subarray(0, BLOCK));
  assertEquals(passed.length, 0);
  await slow.read(BLOCK, 2 * BLOCK);
  assertEquals(held.length, 0);
  const last = await quick.read(19 * BLOCK, 20 * BLOCK);
  bytes.release();
  assertSameBytes(last, body.subarray(19 * BLOCK));
  quick[Symbol.dispose]();
  assertEquals(last.length, 0);
});

Deno.test("a block that the disk fills is not freed before its reader has it", async () => {
  const body = packageBytes(2 * BLOCK, 6);
  await using bytes = await bytesOf(body);
  using one = bytes.addReader()!;
  using other = bytes.addReader()!;
  const reading = one.read(0, BLOCK);
  // Its place is given to others meanwhile.
  bytes.keep(100, new Uint8Array(10));
  await other.read(100, 110);
  assertSameBytes(await reading, body.subarray(0, BLOCK));
});

Deno.test("bytes that are not in memory come from the disk", async () => {
  const body = packageBytes(24 * BLOCK, 2);
  await using bytes = await bytesOf(body);
  using reader = bytes.addReader()!;
  // In the middle of a block, as the transfers that run ahead begin.
  bytes.keep(BLOCK + 5, new Uint8Array(10));
  assertSameBytes(await reader.read(BLOCK + 5, BLOCK + 20), new Uint8Array(10));
  assertSameBytes(await reader.read(BLOCK + 15, BLOCK + 20), body.subarray(BLOCK + 15, BLOCK + 20));
  assertSameBytes(await reader.read(BLOCK, BLOCK + 5), body.subarray(BLOCK, BLOCK + 5));
  for (let block = 2; block < 24; block++) {
    bytes.keep(block * BLOCK, new Uint8Array(BLOCK));
    assertSameBytes(await reader.read(block * BLOCK, 24 * BLOCK), new Uint8Array(BLOCK));
  }
  assertSameBytes(await reader.read(2 * BLOCK, 3 * BLOCK), body.subarray(2 * BLOCK, 3 * BLOCK));
});

Deno.test("readers that are behind share what one of them has read", async () => {
  const body = packageBytes(2 * BLOCK, 3);
  await using bytes = await bytesOf(body);
  using one = bytes.addReader()!;
  using other = bytes.addReader()!;
  const first = await one.read(100, 2 * BLOCK);
  assertSameBytes(first, body.subarray(100, BLOCK));
  assertStrictEquals((await other.read(200, 2 * BLOCK)).buffer, first.buffer);
});

Deno.test("bytes written far ahead of all readers take no memory", async () => {
  const body = packageBytes(8 * BLOCK, 4);
  await using bytes = await bytesOf(body);
  using reader = bytes.addReader()!;
  bytes.keep(7 * BLOCK, new Uint8Array(BLOCK));
  assertSameBytes(await reader.read(7 * BLOCK, 8 * BLOCK), body.subarray(7 * BLOCK));
});

Deno.test("nothing is kept in memory while nobody reads, and after the end", async () => {
  await using bytes = await bytesOf(new Uint8Array(10).fill(9));
  bytes.keep(0, new Uint8Array(10).fill(1));
  using reader = bytes.addReader()!;
  assertEquals([...await reader.read(0, 10)], Array(10).fill(9));
  bytes.keep(0, new Uint8Array(10).fill(1));
  bytes.release();
  assertEquals([...await reader.read(0, 10)], Array(10).fill(9));
  reader[Symbol.dispose]();
  assertEquals(bytes.addReader(), null);
});
