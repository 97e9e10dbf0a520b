import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import {
  checkPackage,
  type PackageFacts,
} from "../../../../src/mirroring/verification/package_check.ts";
import { signatureOf } from "../../../support/changing_repository.ts";
import { packageBytes } from "../../../support/package_bytes.ts";
import { sha256Of } from "../../../support/sha256.ts";
import { TempFolder } from "../../../support/temp_folder.ts";

const BYTES = packageBytes(700_000, 1);
const SHA256 = sha256Of(BYTES);
const FACTS: PackageFacts = { size: BYTES.length, sha256: SHA256, signature: null };
const PACED = { pace: () => Promise.resolve(), signal: new AbortController().signal };

/** What a check says of a package with this content and this signature beside it. */
async function check(
  bytes: Uint8Array,
  { signature = null, facts = {} }: {
    signature?: Uint8Array | null;
    facts?: Partial<PackageFacts>;
  } = {},
) {
  await using folder = await TempFolder.create();
  const path = folder.join("package");
  await Deno.writeFile(path, bytes);
  if (signature !== null) await Deno.writeFile(`${path}.sig`, signature);
  return await checkPackage(path, { ...FACTS, ...facts }, PACED);
}

Deno.test("package check: the right bytes with their signature are right", async () => {
  const right = { fault: null, signatureFault: null, sha256: SHA256 };
  assertEquals(await check(BYTES), right);
  assertEquals(await check(BYTES, { signature: signatureOf(BYTES) }), right);
  assertEquals(await check(BYTES, { facts: { size: null, sha256: null } }), right, "unknown");
});

Deno.test("package check: one wrong byte, a missing one, or none at all are found", async () => {
  const rotten = BYTES.slice();
  rotten[500_000]! ^= 1;
  const verdict = await check(rotten, { signature: signatureOf(BYTES) });
  assertEquals(verdict?.fault, `its SHA-256 is ${sha256Of(rotten)} instead of ${SHA256}`);
  assertEquals(verdict?.signatureFault, null, "the package is wrong, not its signature");
  assertEquals(
    (await check(BYTES.subarray(1)))?.fault,
    "it has 699999 bytes instead of 700000",
  );
  assertEquals((await check(new Uint8Array()))?.fault, "it is empty");
});

Deno.test("package check: a signature of another file, or not the database's, is found", async () => {
  const faultOf = async (signature: Uint8Array, listed: Uint8Array | null = null) =>
    (await check(BYTES, { signature, facts: { signature: listed } }))?.signatureFault;
  const own = signatureOf(BYTES);
  assertEquals(await faultOf(signatureOf(packageBytes(10, 2))), "it was made for another file");
  assertEquals(await faultOf(own, own), null);
  assertEquals(await faultOf(signatureOf(BYTES, 1), own), "it is not the one in the database");
  assertEquals(await faultOf(new Uint8Array()), "it is empty");
  const armored = new TextEncoder().encode("-----BEGIN PGP SIGNATURE-----");
  assertEquals(await faultOf(armored), null, "it does not tell");
});

Deno.test("package check: a non-file or an unreadable file is wrong, a missing one is not", async () => {
  await using folder = await TempFolder.create();
  await Deno.mkdir(folder.join("directory"));
  const verdict = await checkPackage(folder.join("directory"), FACTS, PACED);
  assertMatch(verdict?.fault ?? "", /^it (is not a file|cannot be read: .*)$/);
  assertEquals(await checkPackage(folder.join("none"), FACTS, PACED), null);
});

Deno.test("package check: a file that is replaced while it is read is not judged", async () => {
  await using folder = await TempFolder.create();
  const path = folder.join("package");
  await Deno.writeFile(path, packageBytes(BYTES.length, 2));
  const replace = async () => {
    await Deno.writeFile(folder.join("new"), BYTES);
    await Deno.rename(folder.join("new"), path);
  };
  assertEquals(await checkPackage(path, FACTS, { ...PACED, pace: replace }), null);
});

Deno.test("package check: it stops at the next piece when it is aborted", async () => {
  await using folder = await TempFolder.create();
  const path = folder.join("package");
  await Deno.writeFile(path, BYTES);
  const controller = new AbortController();
  let pieces = 0;
  const pace = () => {
    pieces++;
    controller.abort(new Error("stopped"));
    return Promise.resolve();
  };
  await assertRejects(
    () => checkPackage(path, FACTS, { pace, signal: controller.signal }),
    Error,
    "stopped",
  );
  assertEquals(pieces, 1);
});
