import type { Key, PrivateKey, PublicKey } from "openpgp";
import { PkgstashError, reasonOf } from "../../errors.ts";
import { hashOf } from "./signed_data.ts";
import { SIGNATURE_HASH, signHash } from "./signature_packet.ts";
import type { SignedData } from "./signer.ts";

/** Algorithms that sign in a millisecond and in constant time; RSA takes a tenth of a second. */
const ALGORITHMS: readonly string[] = ["eddsaLegacy", "ed25519"];

/** An unlocked private key: a primary key that certifies, and a subkey that signs. */
export class SigningKey {
  /** Fingerprint of the primary key, in upper-case hexadecimal. */
  readonly fingerprint: string;
  readonly userIds: readonly string[];
  readonly createdAt: Date;
  /** When it expires; null for never. */
  readonly expiresAt: Date | null;
  /** Whether the text that it was read from is locked with a passphrase. */
  readonly wasLocked: boolean;
  readonly #key: PrivateKey;

  private constructor(
    key: PrivateKey,
    { expiresAt, wasLocked }: { expiresAt: Date | null; wasLocked: boolean },
  ) {
    this.#key = key;
    this.wasLocked = wasLocked;
    this.fingerprint = fingerprintOf(key);
    this.userIds = key.getUserIDs();
    this.createdAt = key.getCreationTime();
    this.expiresAt = expiresAt;
  }

  /** Generates a key that never expires, using Ed25519, which gpg reads since version 2.1. */
  static async make(userName: string): Promise<SigningKey> {
    const { generateKey } = await import("openpgp");
    const { privateKey } = await generateKey({
      type: "ecc",
      curve: "ed25519Legacy",
      userIDs: [{ name: userName }],
      subkeys: [{ sign: true }],
      keyExpirationTime: 0,
      format: "object",
    });
    return new SigningKey(privateKey, { expiresAt: null, wasLocked: false });
  }

  /**
   * Reads and unlocks an armored private key. It must be able to sign at `date`; null for at any
   * time.
   *
   * @throws PkgstashError `content` if it is not a key that can sign.
   */
  static async read(
    armored: string,
    passphrase: string | null,
    { date = new Date() }: { date?: Date | null } = {},
  ): Promise<SigningKey> {
    const { readPrivateKey } = await import("openpgp");
    let locked: PrivateKey;
    try {
      locked = await readPrivateKey({ armoredKey: armored });
    } catch (error) {
      throw unusable(`it is not an armored OpenPGP private key (${reasonOf(error)})`, KEY_ADVICE);
    }
    const key = await unlocked(locked, passphrase);
    return await SigningKey.#checked(key, { wasLocked: !locked.isDecrypted(), date });
  }

  static async #checked(
    key: PrivateKey,
    { wasLocked, date }: { wasLocked: boolean; date: Date | null },
  ): Promise<SigningKey> {
    let signing: Awaited<ReturnType<PrivateKey["getSigningKey"]>>;
    let expiresAt: Date | null;
    try {
      signing = await key.getSigningKey(undefined, date);
      expiresAt = await expirationOf(key, date);
    } catch (error) {
      throw unusable(`it cannot sign (${reasonOf(error)})`, KEY_ADVICE);
    }
    if (!signing.isDecrypted()) {
      throw unusable("it lacks the secret part of the signing subkey", KEY_ADVICE);
    }
    const { algorithm } = signing.getAlgorithmInfo();
    if (ALGORITHMS.includes(algorithm)) return new SigningKey(key, { expiresAt, wasLocked });
    throw unusable(
      `its signatures are made with ${algorithm}`,
      "Add a subkey for signatures with Ed25519 (gpg --quick-add-key FINGERPRINT ed25519 sign).",
    );
  }

  /** The public part, for clients to import. */
  get publicKey(): PublicKey {
    return this.#key.toPublic();
  }

  /** Makes a detached binary signature. */
  async sign(data: SignedData, date: Date): Promise<Uint8Array> {
    return await signHash(await hashOf(data, SIGNATURE_HASH), this.#key, date);
  }

  /** The armored private key, locked if a passphrase is given. */
  async armored(passphrase: string | null): Promise<string> {
    if (passphrase === null) return this.#key.armor();
    const { encryptKey } = await import("openpgp");
    return (await encryptKey({ privateKey: this.#key, passphrase })).armor();
  }
}

/** The fingerprint as gpg and pacman-key print it. */
export function fingerprintOf(key: Key): string {
  return key.getFingerprint().toUpperCase();
}

/** When a key or its signing subkey expires; null for never. */
async function expirationOf(key: Key, date: Date | null): Promise<Date | null> {
  const signing = await key.getSigningKey(undefined, date);
  const times = [await key.getExpirationTime(), await signing.getExpirationTime()];
  const dates = times.filter((time) => time instanceof Date).map(Number);
  return dates.length === 0 ? null : new Date(Math.min(...dates));
}

async function unlocked(key: PrivateKey, passphrase: string | null): Promise<PrivateKey> {
  if (key.isDecrypted()) return key;
  if (passphrase === null) {
    throw unusable("it is locked with a passphrase and none was given", "Give its passphrase.");
  }
  const { decryptKey } = await import("openpgp");
  try {
    return await decryptKey({ privateKey: key, passphrase });
  } catch {
    throw unusable("the passphrase does not unlock it", "Give its passphrase.");
  }
}

const KEY_ADVICE = "Export one with gpg --export-secret-keys --armor FINGERPRINT.";

function unusable(reason: string, advice: string): PkgstashError {
  return new PkgstashError("content", `Cannot use the signing key: ${reason}. ${advice}`);
}
