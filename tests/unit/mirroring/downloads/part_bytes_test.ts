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
  bytes.addReader();
  const seen: Uint8Array[] = [];
  for (let position = 0; position < body.length;) {
    const chunk = body.subarray(position, position + 100_000);
    bytes.keep(position, chunk);
    for (const end = position + chunk.length; position < end; position += seen.at(-1)!.length) {
      seen.push(await bytes.read(position, end));
      assertStrictEquals((await bytes.read(position, end)).buffer, seen.at(-1)!.buffer);
    }
  }
  assertSameBytes(await new Blob(seen as BlobPart[]).bytes(), body);
  bytes.removeReader();
});

Deno.test("bytes that were handed out do not change when others come to their place", async () => {
  await using bytes = await bytesOf(new Uint8Array(10).fill(9));
  bytes.addReader();
  bytes.keep(0, new Uint8Array(10).fill(1));
  const before = await bytes.read(0, 10);
  bytes.keep(0, new Uint8Array(10).fill(2));
  assertEquals([...before], Array(10).fill(1));
  assertEquals([...await bytes.read(0, 10)], Array(10).fill(2));
  bytes.removeReader();
});

Deno.test("what is not in memory, or no longer, comes from the disk", async () => {
  const body = packageBytes(24 * BLOCK, 2);
  await using bytes = await bytesOf(body);
  bytes.addReader();
  // In the middle of a block, as the transfers that run ahead begin.
  bytes.keep(BLOCK + 5, new Uint8Array(10));
  assertSameBytes(await bytes.read(BLOCK + 5, BLOCK + 20), new Uint8Array(10));
  assertSameBytes(await bytes.read(BLOCK + 15, BLOCK + 20), body.subarray(BLOCK + 15, BLOCK + 20));
  assertSameBytes(await bytes.read(BLOCK, BLOCK + 5), body.subarray(BLOCK, BLOCK + 5));
  for (let block = 2; block < 24; block++) {
    bytes.keep(block * BLOCK, new Uint8Array(BLOCK));
    assertSameBytes(await bytes.read(block * BLOCK, 24 * BLOCK), new Uint8Array(BLOCK));
  }
  assertSameBytes(await bytes.read(2 * BLOCK, 3 * BLOCK), body.subarray(2 * BLOCK, 3 * BLOCK));
  bytes.removeReader();
});

Deno.test("readers that are behind share what one of them has read", async () => {
  const body = packageBytes(2 * BLOCK, 3);
  await using bytes = await bytesOf(body);
  bytes.addReader();
  const first = await bytes.read(100, 2 * BLOCK);
  assertSameBytes(first, body.subarray(100, BLOCK));
  assertStrictEquals((await bytes.read(200, 2 * BLOCK)).buffer, first.buffer);
  bytes.removeReader();
});

Deno.test("what is written far ahead of all readers takes no memory", async () => {
  const body = packageBytes(8 * BLOCK, 4);
  await using bytes = await bytesOf(body);
  bytes.addReader();
  bytes.keep(7 * BLOCK, new Uint8Array(BLOCK));
  assertSameBytes(await bytes.read(7 * BLOCK, 8 * BLOCK), body.subarray(7 * BLOCK));
  bytes.removeReader();
});

Deno.test("nothing is kept in memory while nobody reads, and after the end", async () => {
  await using bytes = await bytesOf(new Uint8Array(10).fill(9));
  bytes.keep(0, new Uint8Array(10).fill(1));
  bytes.addReader();
  assertEquals([...await bytes.read(0, 10)], Array(10).fill(9));
  bytes.keep(0, new Uint8Array(10).fill(1));
  bytes.release();
  assertEquals([...await bytes.read(0, 10)], Array(10).fill(9));
  bytes.removeReader();
  assertEquals(bytes.addReader(), false);
});
