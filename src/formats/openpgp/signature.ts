import type { Hash } from "node:crypto";

/** What a detached OpenPGP signature reveals about the signed data without its key. */
export interface SignatureFingerprint {
  /** The hash algorithm, by its name in `node:crypto`. */
  hash: "md5" | "sha1" | "sha224" | "sha256" | "sha384" | "sha512";
  /** The bytes that are hashed after the data. */
  trailer: Uint8Array;
  /** The first two bytes of the hash. */
  left: readonly [number, number];
}

const HASHES: ReadonlyMap<number, SignatureFingerprint["hash"]> = new Map([
  [1, "md5"],
  [2, "sha1"],
  [8, "sha256"],
  [9, "sha384"],
  [10, "sha512"],
  [11, "sha224"],
]);

const SIGNATURE_PACKET = 2;
const OF_BINARY_DATA = 0;

/**
 * Reads a detached binary signature, which may be made with several keys. Every signature contains
 * the first two bytes of the signed hash (RFC 9580 section 5.2), so data that does not belong to it
 * is recognized in all but one of 65,536 cases, without the key.
 *
 * @returns one element per key; null if the format is not supported, such as an armored signature.
 */
export function readSignature(bytes: Uint8Array): SignatureFingerprint[] | null {
  const found: SignatureFingerprint[] = [];
  for (let at = 0; at < bytes.length;) {
    const packet = readPacketHeader(bytes.subarray(at));
    if (packet === null || packet.tag !== SIGNATURE_PACKET) return null;
    const end = at + packet.start + packet.length;
    if (end > bytes.length) return null;
    const fingerprint = readPacket(bytes.subarray(at + packet.start, end));
    if (fingerprint === null) return null;
    found.push(fingerprint);
    at = end;
  }
  return found.length === 0 ? null : found;
}

/**
 * Whether a binary signature is truncated or followed by something else: its packets do not end
 * where the bytes do. False for formats without lengths, such as an armored signature.
 */
export function isDamagedSignature(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length;) {
    const rest = bytes.subarray(at);
    const isPacket = ((rest[0] ?? 0) & 0x80) !== 0;
    if (!isPacket) return at > 0;
    const packet = readPacketHeader(rest);
    // A header takes up to six bytes; a longer one has no definite length.
    if (packet === null) return rest.length < 6;
    at += packet.start + packet.length;
    if (at > bytes.length) return true;
  }
  return false;
}

/**
 * Whether a signature was made for data, as far as can be told without the key. `hash` has hashed
 * the data with the signature's algorithm, and is not modified.
 */
export function isMadeFor({ trailer, left }: SignatureFingerprint, hash: Hash): boolean {
  const [first, second] = hash.copy().update(trailer).digest();
  return first === left[0] && second === left[1];
}

/** Tag, offset of the body and its length (RFC 9580 section 4.2). */
function readPacketHeader(
  bytes: Uint8Array,
): { tag: number; start: number; length: number } | null {
  const [first = 0, a = 0, b = 0] = bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const has = (count: number) => bytes.length >= count;
  if ((first & 0xc0) === 0xc0) {
    const tag = first & 0x3f;
    if (has(2) && a < 192) return { tag, start: 2, length: a };
    if (has(3) && a < 224) return { tag, start: 3, length: ((a - 192) << 8) + b + 192 };
    return has(6) && a === 255 ? { tag, start: 6, length: view.getUint32(2) } : null;
  }
  if ((first & 0xc0) !== 0x80) return null;
  const tag = (first >> 2) & 0x0f;
  switch (first & 3) {
    case 0:
      return has(2) ? { tag, start: 2, length: a } : null;
    case 1:
      return has(3) ? { tag, start: 3, length: view.getUint16(1) } : null;
    case 2:
      return has(5) ? { tag, start: 5, length: view.getUint32(1) } : null;
    default:
      return null;
  }
}

function readPacket(body: Uint8Array): SignatureFingerprint | null {
  switch (body[0]) {
    case 3:
      return readVersion3(body);
    case 4:
      return readVersion4(body);
    default:
      return null;
  }
}

/** RFC 9580 section 5.2.2. */
function readVersion3(body: Uint8Array): SignatureFingerprint | null {
  const hash = HASHES.get(body[16] ?? 0);
  if (body.length < 19 || body[1] !== 5 || body[2] !== OF_BINARY_DATA || hash === undefined) {
    return null;
  }
  const [first = 0, second = 0] = body.subarray(17);
  return { hash, trailer: body.slice(2, 7), left: [first, second] };
}

/** RFC 9580 sections 5.2.3 and 5.2.4. */
function readVersion4(body: Uint8Array): SignatureFingerprint | null {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const hash = HASHES.get(body[3] ?? 0);
  if (body.length < 6 || body[1] !== OF_BINARY_DATA || hash === undefined) return null;
  const hashedEnd = 6 + view.getUint16(4);
  if (hashedEnd + 2 > body.length) return null;
  const left = hashedEnd + 2 + view.getUint16(hashedEnd);
  if (left + 2 > body.length) return null;
  const [first = 0, second = 0] = body.subarray(left);
  return { hash, trailer: trailerOf(body.subarray(0, hashedEnd)), left: [first, second] };
}

/**
 * What is hashed after the signed data, for a signature of version 4 (RFC 9580 section 5.2.4):
 * `hashed` is its beginning, up to the end of the hashed subpackets.
 */
export function trailerOf(hashed: Uint8Array): Uint8Array {
  const trailer = new Uint8Array(hashed.length + 6);
  trailer.set(hashed);
  trailer.set([4, 0xff], hashed.length);
  new DataView(trailer.buffer).setUint32(hashed.length + 2, hashed.length);
  return trailer;
}
