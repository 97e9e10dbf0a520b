import type { Key, PublicKey, SignaturePacket } from "openpgp";
import { PkgstashError, reasonOf } from "../../errors.ts";
import { readSignature } from "../../formats/openpgp/signature.ts";
import { hashOf } from "./signed_data.ts";
import { verifyHash } from "./signature_packet.ts";
import type { SignedData } from "./signer.ts";
import { fingerprintOf } from "./signing_key.ts";

/**
 * Reads an armored public key.
 *
 * @throws PkgstashError `content` if it is not one, or is private.
 */
export async function readPublicKey(armored: string): Promise<Key> {
  const { readKey } = await import("openpgp");
  let key: Key;
  try {
    key = await readKey({ armoredKey: armored });
  } catch (error) {
    throw notTrusted(`it is not an armored OpenPGP public key (${reasonOf(error)})`);
  }
  if (key.isPrivate()) throw notTrusted("it is a private key, which must stay with its owner");
  return key;
}

function notTrusted(reason: string): PkgstashError {
  return new PkgstashError(
    "content",
    `Cannot trust the key: ${reason}. Export it with gpg --export --armor FINGERPRINT.`,
  );
}

/**
 * Verifies a detached binary signature against the trusted keys. If it contains several signatures,
 * all must be valid, as pacman requires.
 *
 * @returns the fingerprints of the primary keys that made it.
 * @throws PkgstashError `content` with the reason for the refusal.
 */
export async function verifySignature(
  signature: Uint8Array,
  { data, keys, date }: { data: SignedData; keys: readonly PublicKey[]; date: Date },
): Promise<string[]> {
  const described = readSignature(signature);
  if (described === null) {
    throw refused("it is not a detached binary signature", "Make it with gpg --detach-sign.");
  }
  const packets = await packetsOf(signature);
  if (packets.length !== described.length) throw refused("it is of an unsupported kind");
  const makers: string[] = [];
  for (const [index, packet] of packets.entries()) {
    const key = keys.find((each) => each.getKeys(packet.issuerKeyID).length > 0);
    if (key === undefined) {
      const id = packet.issuerKeyID.toHex().toUpperCase();
      throw refused(
        `the key ${id} is not trusted`,
        "Trust it with pkgstash key trust FILE, or leave the signature out.",
      );
    }
    const hash = await hashOf(data, described[index]!.hash);
    try {
      await verifyHash(packet, { hash, key, date });
    } catch (error) {
      throw refused(`it is invalid (${reasonOf(error)})`, "Sign the file again.");
    }
    makers.push(fingerprintOf(key));
  }
  return makers;
}

/**
 * The packets of a detached binary signature, one for each key that made it.
 *
 * @throws PkgstashError `content` if it is unreadable.
 */
export async function packetsOf(signature: Uint8Array): Promise<SignaturePacket[]> {
  const { readSignature } = await import("openpgp");
  try {
    return [...(await readSignature({ binarySignature: signature })).packets];
  } catch (error) {
    throw refused(`it cannot be read (${reasonOf(error)})`, "Sign the file again.");
  }
}

function refused(reason: string, advice = "Make it with gpg --detach-sign."): PkgstashError {
  return new PkgstashError("content", `Cannot accept the signature: ${reason}. ${advice}`);
}
