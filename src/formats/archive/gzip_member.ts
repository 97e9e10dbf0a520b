import { crc32, deflateRaw } from "node:zlib";
import { promisify } from "node:util";
import { startsWith } from "@std/bytes/starts-with";

/*
 * A gzip file is a series of members, each of which is compressed by itself; decompressors join what
 * is in them. These have a label, which says what is in one without decompressing it:
 *
 *     1f 8b 08 04  00 00 00 00 00 ff   flags: an extra field; no date; unknown system
 *     XLEN         2 bytes             what is left of this header
 *     "pk" LEN     4 bytes             one subfield
 *     length       4 bytes             the whole member
 *     label        32 bytes
 *     deflate ...  CRC-32, ISIZE       8 bytes at the end
 *
 * Source: RFC 1952 sections 2.2 and 2.3.1.1; the same is done by BGZF and dictzip.
 */
const LABEL_BYTES = 32;
const SUBFIELD_BYTES = 4 + LABEL_BYTES;
const HEAD = new Uint8Array([0x1f, 0x8b, 0x08, 0x04, 0, 0, 0, 0, 0, 0xff]);
const FIELD = new Uint8Array([
  SUBFIELD_BYTES + 4,
  0,
  "p".charCodeAt(0),
  "k".charCodeAt(0),
  SUBFIELD_BYTES,
  0,
]);
const LENGTH_AT = HEAD.length + FIELD.length;
const LABEL_AT = LENGTH_AT + 4;
const DATA_AT = LABEL_AT + LABEL_BYTES;
const TRAILER_BYTES = 8;

const deflate = promisify<Uint8Array, Uint8Array>(deflateRaw);

/** Compresses bytes into a gzip member with a label of 32 bytes. */
export async function gzipMember(
  bytes: Uint8Array,
  label: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  const data = await deflate(bytes);
  const member = new Uint8Array(DATA_AT + data.length + TRAILER_BYTES);
  const fields = new DataView(member.buffer);
  member.set(HEAD, 0);
  member.set(FIELD, HEAD.length);
  fields.setUint32(LENGTH_AT, member.length, true);
  member.set(label, LABEL_AT);
  member.set(data, DATA_AT);
  fields.setUint32(DATA_AT + data.length, crc32(bytes), true);
  fields.setUint32(DATA_AT + data.length + 4, bytes.length, true);
  return member;
}

/** A labelled member, as stored in its file. */
export interface LabelledMember {
  /** 32 bytes. */
  readonly label: Uint8Array;
  /** All its bytes. */
  readonly bytes: Uint8Array;
}

/** The members of a file that {@linkcode gzipMember} wrote, up to the first that it did not. */
export function* labelledMembers(file: Uint8Array): Generator<LabelledMember> {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  for (let at = 0; at + DATA_AT + TRAILER_BYTES <= file.length;) {
    const rest = file.subarray(at);
    if (!startsWith(rest, HEAD) || !startsWith(rest.subarray(HEAD.length), FIELD)) return;
    const length = view.getUint32(at + LENGTH_AT, true);
    if (length < DATA_AT + TRAILER_BYTES || length > rest.length) return;
    yield { label: rest.subarray(LABEL_AT, DATA_AT), bytes: rest.subarray(0, length) };
    at += length;
  }
}
