/** A member of a tar to write: a folder, whose name ends in a slash, or a file. */
export interface WrittenMember {
  /** The path. */
  readonly name: string;
  /** Its content; null for a folder. */
  readonly body: Uint8Array | null;
  /** Permission bits; 0755 for folders and 0644 for files by default. */
  readonly mode?: number;
  /** The target of a symbolic link, which has no content. */
  readonly link?: string;
}

const BLOCK_BYTES = 512;
const NAME_BYTES = 100;
const PREFIX_BYTES = 155;
const MAX_BODY_BYTES = 8 ** 11 - 1;

/** The blocks of zeros that end an archive, as many as bsdtar writes for an empty one. */
export const TAR_END: Uint8Array<ArrayBuffer> = new Uint8Array(20 * BLOCK_BYTES);

const encoder = new TextEncoder();

/**
 * Some members of a tar, without its end, so that tars can be joined from such pieces. They belong
 * to root, and are dated 1970: equal members yield equal bytes. The format is ustar, with a pax
 * header before a name or link target that does not fit.
 *
 * Source: POSIX pax, "ustar Interchange Format" and "pax Extended Header".
 */
export function tarMembers(members: readonly WrittenMember[]): Uint8Array<ArrayBuffer> {
  const pieces = members.flatMap(({ name, body, mode, link }) => {
    const path = encoder.encode(name);
    const target = encoder.encode(link ?? "");
    const split = splitPath(path);
    const [prefix, ending] = split ?? [new Uint8Array(0), path.subarray(0, NAME_BYTES)];
    const type = link !== undefined ? "2" : body === null ? "5" : "0";
    const header = {
      ...{ prefix, name: ending, type, link: target.subarray(0, NAME_BYTES) },
      mode: mode ?? (type === "5" ? 0o755 : type === "2" ? 0o777 : 0o644),
    };
    const records = [
      ...split === null ? [["path", path] as const] : [],
      ...target.length > NAME_BYTES ? [["linkpath", target] as const] : [],
    ];
    return [
      ...records.length === 0 ? [] : paxHeader(records),
      ...written(header, type === "0" ? body ?? new Uint8Array(0) : new Uint8Array(0)),
    ];
  });
  const size = pieces.reduce((total, piece) => total + padded(piece.length), 0);
  const tar = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    tar.set(piece, at);
    at += padded(piece.length);
  }
  return tar;
}

function padded(length: number): number {
  return Math.ceil(length / BLOCK_BYTES) * BLOCK_BYTES;
}

/** Splits a path at a slash for the fields of ustar; null if it does not fit. */
function splitPath(path: Uint8Array): [prefix: Uint8Array, name: Uint8Array] | null {
  if (path.length <= NAME_BYTES) return [new Uint8Array(0), path];
  // A folder's last slash belongs to its name.
  const slash = path.indexOf(0x2f, path.length - NAME_BYTES - 1);
  if (slash < 0 || slash === path.length - 1 || slash > PREFIX_BYTES) return null;
  return [path.subarray(0, slash), path.subarray(slash + 1)];
}

function paxHeader(records: readonly (readonly [key: string, value: Uint8Array])[]): Uint8Array[] {
  const text = records.map(([key, value]) => {
    const suffix = ` ${key}=${new TextDecoder().decode(value)}\n`;
    const bytes = encoder.encode(suffix).length;
    let length = bytes;
    while (length !== bytes + `${length}`.length) length = bytes + `${length}`.length;
    return `${length}${suffix}`;
  }).join("");
  const none = new Uint8Array(0);
  const header = { prefix: none, name: encoder.encode("PaxHeader"), link: none };
  return written({ ...header, type: "x", mode: 0o644 }, encoder.encode(text));
}

interface Header {
  readonly prefix: Uint8Array;
  readonly name: Uint8Array;
  readonly type: string;
  readonly mode: number;
  readonly link: Uint8Array;
}

function written({ prefix, name, type, mode, link }: Header, body: Uint8Array): Uint8Array[] {
  if (body.length > MAX_BODY_BYTES) {
    throw new RangeError("Cannot write a tar: a file is too large.");
  }
  const block = new Uint8Array(BLOCK_BYTES);
  const text = (value: string, at: number) => block.set(encoder.encode(value), at);
  const octal = (value: number, at: number, digits: number) =>
    text(value.toString(8).padStart(digits, "0"), at);
  block.set(name, 0);
  octal(mode, 100, 7);
  octal(0, 108, 7);
  octal(0, 116, 7);
  octal(body.length, 124, 11);
  octal(0, 136, 11);
  text(type, 156);
  block.set(link, 157);
  text("ustar\x0000", 257);
  text("root", 265);
  text("root", 297);
  octal(0, 329, 7);
  octal(0, 337, 7);
  block.set(prefix, 345);
  block.fill(0x20, 148, 156);
  octal(block.reduce((sum, byte) => sum + byte, 0), 148, 6);
  block[154] = 0;
  return body.length === 0 ? [block] : [block, body];
}
