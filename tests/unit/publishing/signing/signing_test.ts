import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { join } from "@std/path";
import {
  createMessage,
  generateKey,
  type PrivateKey,
  readKeys,
  readSignature,
  sign,
  verify,
} from "openpgp";
import type { Clock } from "../../../../src/async/clock.ts";
import { PkgstashError } from "../../../../src/errors.ts";
import { Signing } from "../../../../src/publishing/signing/signing.ts";
import { TempFolder } from "../../../support/temp_folder.ts";

const DAY_MS = 24 * 3600 * 1000;
const DATA = new TextEncoder().encode("a package");

/** A clock that a test sets, ahead of the machine's so that keys made meanwhile are valid. */
class SetClock implements Clock {
  time = Date.now() + 5_000;
  now = () => this.time;
  monotonic = () => this.time;
  sleep = () => Promise.resolve();
}

function signingIn(
  directory: string,
  { passphrase = null, clock = new SetClock() }: { passphrase?: string | null; clock?: Clock } = {},
): Signing {
  return new Signing({
    directory,
    readPassphrase: () => passphrase,
    userName: "pkgstash on test",
    clock,
  });
}

/** Whether the library itself finds a signature valid with the keys that clients get. */
async function isGood(signing: Signing, data: Uint8Array, signature: Uint8Array, date: number) {
  const { signatures } = await verify({
    message: await createMessage({ binary: data }),
    signature: await readSignature({ binarySignature: signature }),
    verificationKeys: await readKeys({ binaryKeys: (await signing.publicKeys()).binary }),
    date: new Date(date),
  });
  return await signatures[0]!.verified.catch(() => false);
}

Deno.test("a signature of bytes or of a file is valid only for exactly those bytes", async () => {
  await using folder = await TempFolder.create();
  const clock = new SetClock();
  const signing = signingIn(folder.path, { clock });
  const long = new Uint8Array(3 * 1024 * 1024 + 1).map((_, index) => index % 251);
  const path = folder.join("long");
  await Deno.writeFile(path, long);
  for (const [data, given] of [[DATA, DATA], [long, long], [long, path]] as const) {
    const signature = await signing.sign(given);
    assert(await isGood(signing, data, signature, clock.time));
    const other = data.with(data.length - 1, 0);
    assertEquals(await isGood(signing, other, signature, clock.time), false);
  }
});

Deno.test("a key is generated once, when first needed, and is the same after a restart", async () => {
  await using folder = await TempFolder.create();
  const signing = signingIn(folder.path);
  assertEquals(await signing.list(), []);
  const [first, second] = await Promise.all([signing.publicKeys(), signing.publicKeys()]);
  assertEquals(first.fingerprint, second.fingerprint);
  assertEquals((await signing.list()).map(({ state }) => state), ["signing"]);
  assertEquals((await signingIn(folder.path).publicKeys()).binary, first.binary);
});

Deno.test("private keys are accessible only to their owner, whatever the umask", async () => {
  await using folder = await TempFolder.create();
  const umask = Deno.umask(0);
  try {
    await signingIn(folder.path).publicKeys();
  } finally {
    Deno.umask(umask);
  }
  const directory = folder.join("private");
  const modeOf = async (path: string) => (await Deno.stat(path)).mode! & 0o777;
  assertEquals(await modeOf(directory), 0o700);
  const names = Array.from(Deno.readDirSync(directory), ({ name }) => name);
  assertEquals(names.length, 1);
  assertEquals(await modeOf(join(directory, names[0]!)), 0o600);
});

Deno.test("a key on disk is locked with the passphrase, and useless without it", async () => {
  await using folder = await TempFolder.create();
  const { fingerprint } = await signingIn(folder.path, { passphrase: "correct" }).publicKeys();
  const again = signingIn(folder.path, { passphrase: "correct" });
  assertEquals((await again.publicKeys()).fingerprint, fingerprint);
  for (const passphrase of [null, "", "wrong"]) {
    const error = await assertRejects(
      () => signingIn(folder.path, { passphrase }).sign(DATA),
      PkgstashError,
    );
    assertEquals(error.kind, "storage");
    assert(!error.message.includes("wrong"));
  }
});

Deno.test("a key older than the passphrase is locked with it", async () => {
  await using folder = await TempFolder.create();
  const { fingerprint } = await signingIn(folder.path).publicKeys();
  const locking = signingIn(folder.path, { passphrase: "correct" });
  assertEquals((await locking.publicKeys()).fingerprint, fingerprint);
  await assertRejects(() => signingIn(folder.path).publicKeys(), PkgstashError, "passphrase");
  const again = signingIn(folder.path, { passphrase: "correct" });
  assertEquals((await again.publicKeys()).fingerprint, fingerprint);
});

Deno.test("clients have a rotated key before it signs, and keep the former one afterwards", async () => {
  await using folder = await TempFolder.create();
  const clock = new SetClock();
  const signing = signingIn(folder.path, { clock });
  const { fingerprint: former } = await signing.publicKeys();
  const { fingerprint: next, state } = await signing.rotate({ overlapMs: 14 * DAY_MS });
  assertEquals(state, "next");
  const { fingerprint, binary } = await signing.publicKeys();
  assertEquals(fingerprint, former);
  const given = (await readKeys({ binaryKeys: binary })).map((key) => key.getFingerprint());
  assertEquals(given.map((each) => each.toUpperCase()).sort(), [former, next].sort());
  const before = await signing.sign(DATA);
  clock.time += 14 * DAY_MS;
  assertEquals((await signing.publicKeys()).fingerprint, next);
  assertEquals((await signing.list()).map(({ state }) => state), ["former", "signing"]);
  const after = await signing.sign(DATA);
  for (const signature of [before, after]) {
    assert(await isGood(signing, DATA, signature, clock.time));
  }
  assertEquals(await signing.verify(DATA, before), [former]);
  assertEquals(await signing.verify(DATA, after), [next]);
});

Deno.test("a key that is rotated without overlap signs at once", async () => {
  await using folder = await TempFolder.create();
  const clock = new SetClock();
  const signing = signingIn(folder.path, { clock });
  await signing.publicKeys();
  const { fingerprint } = await signing.rotate({ overlapMs: 0 });
  clock.time += 1;
  assertEquals((await signing.publicKeys()).fingerprint, fingerprint);
  assertEquals((await signingIn(folder.path, { clock }).publicKeys()).fingerprint, fingerprint);
});

async function keyOf(
  options: { rsa?: boolean; lifetimeSeconds?: number; signs?: boolean; date?: Date } = {},
): Promise<PrivateKey> {
  const { privateKey } = await generateKey({
    ...options.rsa ? { type: "rsa", rsaBits: 2048 } : { type: "ecc", curve: "ed25519Legacy" },
    userIDs: [{ name: "A packager" }],
    subkeys: [{ sign: true }],
    keyExpirationTime: options.lifetimeSeconds ?? 0,
    ...options.date === undefined ? {} : { date: options.date },
    format: "object",
  });
  return privateKey;
}

Deno.test("an imported key signs at once if it is the first, else after the overlap", async () => {
  await using folder = await TempFolder.create();
  const clock = new SetClock();
  const signing = signingIn(folder.path, { clock });
  const { encryptKey } = await import("openpgp");
  const first = await encryptKey({ privateKey: await keyOf(), passphrase: "secret" });
  const options = { overlapMs: DAY_MS };
  await assertRejects(
    () => signing.import(first.armor(), { ...options, passphrase: "other" }),
    PkgstashError,
    "does not unlock",
  );
  const imported = await signing.import(first.armor(), { ...options, passphrase: "secret" });
  assertEquals(imported.state, "signing");
  assertEquals(imported.userIds, ["A packager"]);
  assertEquals((await signing.publicKeys()).fingerprint, imported.fingerprint);
  const second = (await keyOf()).armor();
  const next = await signing.import(second, { ...options, passphrase: null });
  assertEquals(next.state, "next");
  const error = await assertRejects(
    () => signing.import(second, { ...options, passphrase: null }),
    PkgstashError,
  );
  assertEquals(error.kind, "conflict");
  clock.time += DAY_MS;
  assertEquals((await signing.publicKeys()).fingerprint, next.fingerprint);
});

Deno.test("a key that cannot sign is not imported", async (t) => {
  await using folder = await TempFolder.create();
  const signing = signingIn(folder.path);
  const refused = {
    "no key": ["nonsense", "not an armored OpenPGP private key"],
    "a public key": [(await keyOf()).toPublic().armor(), "not an armored OpenPGP private key"],
    "an RSA key": [(await keyOf({ rsa: true })).armor(), "rsaEncryptSign"],
    "a file with control characters": ["\x00\x1b[31m", "not an armored OpenPGP private key"],
  };
  for (const [what, [armored, reason]] of Object.entries(refused)) {
    await t.step(what, async () => {
      const error = await assertRejects(
        () => signing.import(armored!, { passphrase: null, overlapMs: 0 }),
        PkgstashError,
        reason!,
      );
      assertEquals(error.kind, "content");
    });
  }
  assertEquals(await signing.list(), []);
});

Deno.test("an expired key no longer signs, and the error says what to do", async () => {
  await using folder = await TempFolder.create();
  const clock = new SetClock();
  const signing = signingIn(folder.path, { clock });
  const key = (await keyOf({ lifetimeSeconds: 3600 })).armor();
  const { expiresAt } = await signing.import(key, { passphrase: null, overlapMs: 0 });
  await signing.sign(DATA);
  clock.time = expiresAt!.getTime();
  const error = await assertRejects(() => signing.sign(DATA), PkgstashError, "rotate");
  assertEquals(error.kind, "conflict");
});

Deno.test("an expired key can be replaced even after a restart", async () => {
  await using folder = await TempFolder.create();
  const expired = await keyOf({ lifetimeSeconds: 1, date: new Date(Date.now() - 60_000) });
  const name = `2026-01-01T00:00:00.000Z-${expired.getFingerprint().toUpperCase()}.asc`;
  await Deno.mkdir(folder.join("private"));
  await Deno.writeTextFile(folder.join("private", name), expired.armor());
  const signing = signingIn(folder.path);
  assertEquals((await signing.expiring()).length, 1);
  await assertRejects(() => signing.sign(DATA), PkgstashError, "has expired");
  await signing.rotate({ overlapMs: 0 });
  await signing.sign(DATA);
  assertEquals(await signing.expiring(), []);
});

Deno.test("a key is reported as expiring for its last 30 days, and not before", async () => {
  await using folder = await TempFolder.create();
  const clock = new SetClock();
  const signing = signingIn(folder.path, { clock });
  const key = (await keyOf({ lifetimeSeconds: 40 * 24 * 3600 })).armor();
  const { expiresAt } = await signing.import(key, { passphrase: null, overlapMs: 0 });
  clock.time = expiresAt!.getTime() - 30 * DAY_MS - 1;
  assertEquals(await signing.expiring(), []);
  clock.time += 1;
  assertEquals((await signing.expiring()).length, 1);
});

Deno.test("a signature is accepted only if every key that made it is trusted", async (t) => {
  await using folder = await TempFolder.create();
  const signing = signingIn(folder.path);
  const packager = await keyOf();
  const stranger = await keyOf();
  const signatureBy = async (...signingKeys: PrivateKey[]) =>
    await sign({
      message: await createMessage({ binary: DATA }),
      signingKeys,
      detached: true,
      format: "binary",
    });
  const good = await signatureBy(packager);
  await assertRejects(() => signing.verify(DATA, good), PkgstashError, "is not trusted");
  const { fingerprint } = await signing.trust(packager.toPublic().armor());
  assertEquals(await signing.verify(DATA, good), [fingerprint]);
  assertEquals(await signingIn(folder.path).verify(DATA, good), [fingerprint]);

  const damaged = good.with(good.length - 1, good.at(-1)! ^ 1);
  const refused: Record<string, [data: Uint8Array, signature: Uint8Array, reason: string]> = {
    "of other bytes": [new TextEncoder().encode("another"), good, "it is invalid"],
    "damaged": [DATA, damaged, "it is invalid"],
    "truncated": [DATA, good.subarray(0, 40), "not a detached binary signature"],
    "empty": [DATA, new Uint8Array(), "not a detached binary signature"],
    "by a stranger": [DATA, await signatureBy(stranger), "is not trusted"],
    "by a trusted key and a stranger": [DATA, await signatureBy(packager, stranger), "not trusted"],
    "armored": [
      DATA,
      new TextEncoder().encode("-----BEGIN PGP"),
      "not a detached binary signature",
    ],
  };
  for (const [what, [data, signature, reason]] of Object.entries(refused)) {
    await t.step(`refused: ${what}`, async () => {
      const error = await assertRejects(
        () => signing.verify(data, signature),
        PkgstashError,
        reason,
      );
      assertEquals(error.kind, "content");
    });
  }
  await t.step("refused: by a key that is no longer trusted", async () => {
    assert(await signing.distrust(fingerprint));
    assertEquals(await signing.distrust(fingerprint), false);
    await assertRejects(() => signing.verify(DATA, good), PkgstashError, "is not trusted");
  });
});

Deno.test("armored keys have the checksum without which gpg reads a third of them wrongly", async () => {
  await using folder = await TempFolder.create();
  const { armored } = await signingIn(folder.path).publicKeys();
  assertMatch(armored, /^=[A-Za-z0-9+\/]{4}\r?\n-----END/m);
});

Deno.test("a private key is refused as a key to trust", async () => {
  await using folder = await TempFolder.create();
  const armored = (await keyOf()).armor();
  await assertRejects(() => signingIn(folder.path).trust(armored), PkgstashError, "private key");
});
