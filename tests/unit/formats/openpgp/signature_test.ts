import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { createHash } from "node:crypto";
import { isCutSignature, readSignature } from "../../../../src/formats/openpgp/signature.ts";
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

Deno.test("a part of a signature is told from a whole one, and from what says no length", () => {
  const both = new Uint8Array([...signature, ...signatureOf(data, 1)]);
  for (let length = 1; length < both.length; length++) {
    assertEquals(
      isCutSignature(both.subarray(0, length)),
      length !== signature.length,
      `${length}`,
    );
  }
  assertEquals(isCutSignature(both), false);
  const armored = new TextEncoder().encode("-----BEGIN PGP SIGNATURE-----\n");
  assertEquals(isCutSignature(armored), false);
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
