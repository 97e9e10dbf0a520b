import type { Hash } from "node:crypto";
import type { Config, PrivateKey, PublicKey, SignaturePacket, Subkey } from "openpgp";
import { trailerOf } from "../../formats/openpgp/signature.ts";

/** Hash algorithm of signatures: the one that databases use for packages. */
export const SIGNATURE_HASH = "sha256";

/**
 * What the types of `openpgp` omit. The library hashes whole files at once, or streams at a fifth
 * of the speed of `node:crypto`; for a signature it needs only the file's hash.
 */
interface HashedPacket extends Omit<SignaturePacket, "sign" | "verify"> {
  /** The digest to verify, if already known. */
  hashed: Uint8Array | undefined;
  /** What the library would hash. */
  toHash: () => null;
  hash: () => Promise<Uint8Array>;
  sign(
    key: SecretKeyPacketOf<PrivateKey | Subkey>,
    data: null,
    date: Date,
    isDetached: boolean,
    config: Config,
  ): Promise<void>;
  verify(key: object, type: number, data: null, date: Date, isDetached: boolean): Promise<void>;
}

type SecretKeyPacketOf<K extends { keyPacket: unknown }> = K["keyPacket"];

/**
 * Signs data, hashed into `hash` with SIGNATURE_HASH, with the signing subkey of an unlocked key.
 */
export async function signHash(hash: Hash, key: PrivateKey, date: Date): Promise<Uint8Array> {
  const { config, enums, PacketList, SignaturePacket } = await import("openpgp");
  const { keyPacket } = await key.getSigningKey(undefined, date);
  const packet = new SignaturePacket();
  packet.signatureType = enums.signature.binary;
  packet.hashAlgorithm = enums.hash.sha256;
  packet.publicKeyAlgorithm = keyPacket.algorithm;
  const hashed = packet as unknown as HashedPacket;
  hashed.toHash = () => null;
  hashed.hash = () => Promise.resolve(digestOf(hash, packet));
  await hashed.sign(keyPacket, null, date, true, config);
  const packets = new PacketList<SignaturePacket>();
  packets.push(packet);
  return packets.write() as Uint8Array;
}

/**
 * Verifies a signature of data hashed into `hash`.
 *
 * @throws with the reason if the key did not make it, or was not allowed to at `date`.
 */
export async function verifyHash(
  packet: SignaturePacket,
  { hash, key, date }: { hash: Hash; key: PublicKey; date: Date },
): Promise<void> {
  const { enums } = await import("openpgp");
  const { keyPacket } = await key.getSigningKey(packet.issuerKeyID, date);
  const hashed = packet as unknown as HashedPacket;
  hashed.hashed = digestOf(hash, packet);
  await hashed.verify(keyPacket, enums.signature.binary, null, date, true);
}

function digestOf(hash: Hash, { signatureData }: SignaturePacket): Uint8Array {
  if (signatureData === null) throw new Error("The signature has no hashed part");
  const digest = hash.copy().update(trailerOf(signatureData)).digest();
  return new Uint8Array(digest);
}
