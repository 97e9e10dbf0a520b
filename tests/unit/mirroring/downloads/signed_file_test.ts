import { assertEquals } from "@std/assert";
import { SignedFile } from "../../../../src/mirroring/downloads/signed_file.ts";

/** Signatures of the text "the data", made by GnuPG. */
const SIGNATURES: Record<string, string> = {
  "EdDSA with SHA-256":
    "iIgEABYIADAWIQSod1Mza+N9EnAqIvYquj3EIP9tdQUCawO5UhIcYUBleGFtcGxlLmludmFsaWQACgkQ" +
    "Kro9xCD/bXX9rgD/W6wPNsJEj29KGYtqaXSw4Df25FSPh02wjZ1gDfZpgHUBAM5IwPJEuoGI8TaLp7JU" +
    "xBwP0KC/rc5XbTRUMNDSXZwF",
  "EdDSA with SHA-512":
    "iIgEABYKADAWIQSod1Mza+N9EnAqIvYquj3EIP9tdQUCawO5UhIcYUBleGFtcGxlLmludmFsaWQACgkQ" +
    "Kro9xCD/bXUnswD/TohV6AyZQF5pUq2aIuDNPhSEujicLUfkzNmMH2RChzQBAK/VRIdK50UfVY6+Tg04" +
    "DVmm2Gd0Exe2adbA47/+0cgB",
  "RSA with SHA-256":
    "iQFGBAABCAAwFiEEzY2LfTcqbabEp23lsDB7cEes2bYFAmsDuVISHGJAZXhhbXBsZS5pbnZhbGlkAAoJ" +
    "ELAwe3BHrNm25LwIAIEWIEXuIeokE1k92fHVJFzB7XUOOfPoYY5UqonsjOI6OdrkQAgOu4Rv6k7ZYnpj" +
    "tUzUjYvBBQ5Khlpc8rH20YG++CCYlZjMOK+ybQFVnnkxemqawl2XpwzUpl0S0UotI3kmZAMbW90ypgto" +
    "1GejtV7/74k3aZmBRWWq/Ujd09keAmNsutARWjDE3JL3OW0NkJl20S1trlgnkNE1wYqFuc3twpqA5e4C" +
    "zNmHqnYIQiQ4kU0XsFH3tgGZFw/C+phqo+lFoTv+eC0PstOhAYLTCriOKi2YobWXH0w8NF/3fEJbxAjP" +
    "9PrIohpjeWZj9sjIithYgUxRvVJzddTmdWXFsL4=",
  "two keys": "iIgEABYIADAWIQSod1Mza+N9EnAqIvYquj3EIP9tdQUCawO5UhIcYUBleGFtcGxlLmludmFsaWQACgkQ" +
    "Kro9xCD/bXX9rgD/W6wPNsJEj29KGYtqaXSw4Df25FSPh02wjZ1gDfZpgHUBAM5IwPJEuoGI8TaLp7JU" +
    "xBwP0KC/rc5XbTRUMNDSXZwFiQFGBAABCgAwFiEEzY2LfTcqbabEp23lsDB7cEes2bYFAmsDuVISHGJA" +
    "ZXhhbXBsZS5pbnZhbGlkAAoJELAwe3BHrNm2S+MIAKk/4IGrTYrHQJJTdQbfwXFh/Wf8OWirkXAjKCXO" +
    "OFyFEPc+VIYdsqxf7j8HrMun/F5D2skPenlhyzUefogz9WvMby+q+e3YjZZPho+i+X6wuC/N2CGGk/lk" +
    "4cBHcPUiVhWcTlp1KJkruMt8V8UIm4Jqtth6FQsF6wj2nz3UTZ9d2UzzpGtWtpZbV0Wbx6rmaaBczJ4E" +
    "Gsk+Oukj0oQ9wdEe5tszJ0oNotNINDyIDqi4ynMS2uuZQr1sgUgZw6uI32x6QDrikYMiAQ2Wl2XshG1u" +
    "XyJQB0h7WoqAKQSUxD32ftcuCnsa8iMdVon8Mb2nnddXj4t/temRPDF8xwzxBeY=",
};

function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

async function isSignatureOf(signature: Uint8Array, data: string): Promise<boolean> {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, data);
    return await new SignedFile(path).maySign(signature) === true;
  } finally {
    await Deno.remove(path);
  }
}

for (const [what, base64] of Object.entries(SIGNATURES)) {
  Deno.test(`a signature by ${what} may be of its data, and of no other`, async () => {
    const signature = bytesOf(base64);
    assertEquals(await isSignatureOf(signature, "the data"), true);
    assertEquals(await isSignatureOf(signature, "the date"), false);
    assertEquals(await isSignatureOf(signature, ""), false);
  });
}

Deno.test("both signatures of a file signed with two keys must match the data", async () => {
  const [one, other] = ["EdDSA with SHA-256", "EdDSA with SHA-512"].map((what) =>
    bytesOf(SIGNATURES[what]!)
  );
  const broken = other!.slice();
  // The first byte of the hash, after 52 hashed bytes and 12 others.
  broken[broken.length - 70]! ^= 1;
  assertEquals(await isSignatureOf(new Uint8Array([...one!, ...other!]), "the data"), true);
  assertEquals(await isSignatureOf(new Uint8Array([...one!, ...broken]), "the data"), false);
  assertEquals(await isSignatureOf(new Uint8Array([...broken, ...one!]), "the data"), false);
});

Deno.test("an unreadable signature may match any data", async () => {
  const armored = new TextEncoder().encode("-----BEGIN PGP SIGNATURE-----\n");
  assertEquals(await isSignatureOf(armored, "the data"), true);
  assertEquals(await isSignatureOf(new Uint8Array(), "the data"), true);
  for (let round = 0; round < 200; round++) {
    const noise = crypto.getRandomValues(new Uint8Array(1 + round));
    noise[0]! |= 0x80;
    await isSignatureOf(noise, "the data");
  }
});

Deno.test("a truncated signature matches no data", async () => {
  const signature = bytesOf(SIGNATURES["RSA with SHA-256"]!);
  for (let length = 1; length < signature.length; length++) {
    assertEquals(
      await isSignatureOf(signature.subarray(0, length), "the data"),
      false,
      `${length}`,
    );
  }
});

Deno.test("whether a signature matches a missing file is unknown", async () => {
  const gone = new SignedFile("/nonexistent/a-1-1-any.pkg.tar.zst");
  const signature = bytesOf(SIGNATURES["RSA with SHA-256"]!);
  assertEquals(await gone.maySign(signature), null);
  assertEquals(await gone.maySign(signature.subarray(0, 100)), false);
});
