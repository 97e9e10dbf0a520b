import { assertEquals } from "@std/assert";
import { PrefixHash } from "../../../../src/mirroring/downloads/prefix_hash.ts";
import { packageBytes } from "../../../support/package_bytes.ts";
import { sha256Of } from "../../../support/sha256.ts";

const SIZE = 3_000_000;
const BODY = packageBytes(SIZE, 1);

/** A file of which the first `length` bytes are there; counts what is read back. */
function fileOf(length: number, gate: Promise<void> = Promise.resolve()) {
  return {
    length,
    readBytes: 0,
    async readInto(position: number, buffer: Uint8Array): Promise<void> {
      await gate;
      this.readBytes += buffer.length;
      buffer.set(BODY.subarray(position, position + buffer.length));
    },
  };
}

Deno.test("bytes that come in order are hashed as they pass, and not read back", async () => {
  const file = fileOf(0);
  const hash = new PrefixHash(file);
  for (let position = 0; position < SIZE; position += 100_000) {
    file.length = position + 100_000;
    hash.take(position, BODY.subarray(position, position + 100_000));
  }
  assertEquals(hash.at(SIZE)?.digest("hex"), sha256Of(BODY));
  assertEquals(hash.at(SIZE - 1), null);
  assertEquals(await hash.digest(), sha256Of(BODY));
  assertEquals(file.readBytes, 0);
});

Deno.test("bytes from an earlier run are hashed later, while more arrive", async () => {
  const gate = Promise.withResolvers<void>();
  const file = fileOf(2_000_000, gate.promise);
  const hash = new PrefixHash(file);
  file.length = 2_500_000;
  hash.take(2_000_000, BODY.subarray(2_000_000, 2_500_000));
  assertEquals(hash.at(2_500_000), null);
  gate.resolve();
  file.length = SIZE;
  hash.take(2_500_000, BODY.subarray(2_500_000));
  assertEquals(await hash.digest(), sha256Of(BODY));
});

Deno.test("bytes that arrived ahead of others are read back when the hole is filled", async () => {
  const file = fileOf(0);
  const hash = new PrefixHash(file);
  hash.take(1_000_000, BODY.subarray(1_000_000));
  file.length = SIZE;
  hash.take(0, BODY.subarray(0, 1_000_000));
  assertEquals(await hash.digest(), sha256Of(BODY));
  assertEquals(file.readBytes, SIZE - 1_000_000);
});

Deno.test("a hash that cannot be finished fails", async () => {
  const hash = new PrefixHash({
    length: 10,
    readInto: () => Promise.reject(new Error("the disk is broken")),
  });
  assertEquals(await hash.digest().catch(({ message }) => message), "the disk is broken");
});
