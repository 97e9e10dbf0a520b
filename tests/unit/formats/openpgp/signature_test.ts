import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { createHash } from "node:crypto";
import { isDamagedSignature, readSignature } from "../../../../src/formats/openpgp/signature.ts";
import { signatureOf } from "../../../support/changing_repository.ts";

const data = new TextEncoder().encode("data");
const signature = signatureOf(data);

Deno.test("a signature says which hash it is of, and how that begins", () => {
  const [found, ...others] = readSignature(signature) ?? [];
  assertEquals(others, []);
  const digest = createHash(found!.hash).update(data).update(found!.trailer).digest();
  assertEquals([...digest.subarray(0, 2)], [...found!.left]);
});

Deno.test("several signatures of the same data are all read", () => {
  const both = new Uint8Array([...signature, ...signatureOf(data, 1)]);
  assertEquals(readSignature(both)?.length, 2);
});

Deno.test("a signature that is cut anywhere, or continues with something else, is none", () => {
  for (let length = 0; length < signature.length; length++) {
    assertEquals(readSignature(signature.subarray(0, length)), null, `${length} bytes`);
    const continued = new Uint8Array([...signature, ...signature.subarray(0, length)]);
    if (length > 0) assertEquals(readSignature(continued), null, `and ${length} bytes`);
  }
});

Deno.test("a cut signature, and one with garbage behind it, are told from whole ones", () => {
  const both = new Uint8Array([...signature, ...signatureOf(data, 1)]);
  for (let length = 1; length < both.length; length++) {
    const isDamaged = isDamagedSignature(both.subarray(0, length));
    assertEquals(isDamaged, length !== signature.length, `${length} bytes`);
  }
  assertEquals(isDamagedSignature(both), false);
  assertEquals(isDamagedSignature(new Uint8Array([...signature, ...new Uint8Array(100)])), true);
});

Deno.test("what does not say its length is not a damaged signature", () => {
  const armored = new TextEncoder().encode("-----BEGIN PGP SIGNATURE-----\n");
  // Partial and indeterminate lengths (RFC 9580 sections 4.2.1.4 and 4.2.2).
  const partial = new Uint8Array([0xc2, 0xe1, ...new Uint8Array(50)]);
  const indeterminate = new Uint8Array([0x8b, ...new Uint8Array(50)]);
  for (const bytes of [armored, partial, indeterminate]) {
    assertEquals(isDamagedSignature(bytes), false);
  }
});

Deno.test("any bytes are a signature or none, and never an error", () => {
  const edits = fc.array(fc.tuple(fc.nat(signature.length - 1), fc.nat(255)), { maxLength: 5 });
  fc.assert(fc.property(fc.uint8Array({ maxLength: 600 }), edits, (random, changes) => {
    readSignature(random);
    const edited = signature.slice();
    for (const [at, value] of changes) edited[at] = value;
    for (const one of readSignature(edited) ?? []) assertEquals(one.left.length, 2);
  }));
});
