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
 * @throws PkgstashError `content` if it is none, or a private one.
 */
export async function readPublicKey(armored: string): Promise<Key> {
  const { readKey } = await import("openpgp");
  let key: Key;
  try {
    key = await readKey({ armoredKey: armored });
  } catch (error) {
    throw notTrusted(`it is no armored public key of OpenPGP (${reasonOf(error)})`);
  }
  if (key.isPrivate()) throw notTrusted("it is a private key, which belongs to its owner alone");
  return key;
}

function notTrusted(reason: string): PkgstashError {
  return new PkgstashError(
    "content",
    `Cannot trust the key: ${reason}. Export it with gpg --export --armor FINGERPRINT.`,
  );
}

/**
 * Verifies a detached binary signature with the keys that are trusted. Of several signatures, each
 * must be good, as pacman wants it.
 *
 * @returns the fingerprints of the primary keys that made it.
 * @throws PkgstashError `content` with the reason for which it is refused.
 */
export async function verifySignature(
  signature: Uint8Array,
  { data, keys, date }: { data: SignedData; keys: readonly PublicKey[]; date: Date },
): Promise<string[]> {
  const described = readSignature(signature);
  if (described === null) {
    throw refused("it is no detached binary signature", "Make it with gpg --detach-sign.");
  }
  const packets = await packetsOf(signature);
  if (packets.length !== described.length) throw refused("it is of a kind that is not supported");
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
      throw refused(`it is not good (${reasonOf(error)})`, "Sign the file again.");
    }
    makers.push(fingerprintOf(key));
  }
  return makers;
}

/**
 * The packets of a detached binary signature, one for each key that made it.
 *
 * @throws PkgstashError `content` if it cannot be read.
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
