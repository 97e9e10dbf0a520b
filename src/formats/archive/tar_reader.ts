import { PkgstashError } from "../../errors.ts";

/** One member of a tar. */
export interface TarMember {
  /** The path in the tar, unchecked. */
  readonly name: string;
  /** Links, devices and the like have no content of their own. */
  readonly type: "file" | "directory" | "other";
  /** The target of a link, unchecked; null if the member is not a link. */
  readonly link: TarLink | null;
  /** Permission bits, such as 0o755. */
  readonly mode: number;
  /** Names of its extended attributes, such as `security.capability`. */
  readonly attributes: readonly string[];
  /** Size of the content in bytes. */
  readonly size: number;
  /** The content, which the next member overwrites; null if it was not wanted. */
  readonly body: Uint8Array | null;
}

/** A hard link names another member of its tar; a symbolic link, any path. */
export interface TarLink {
  /** Which of the two it is. */
  readonly kind: "hard" | "symbolic";
  /** The path in the tar. */
  readonly target: string;
}

const BLOCK_BYTES = 512;
/** Limit for long names and extended attributes; the same as in libarchive. */
const MAX_EXTENSION_BYTES = 1024 * 1024;
/**
 * Besides the two blocks that end it, an archive is padded to a record, usually of 10,240 bytes.
 */
const MAX_PADDING_BYTES = 1024 * 1024;
/** What repo-add writes if there are no packages. A file with more zeros has lost its content. */
const MAX_EMPTY_BYTES = 10_240;

const TYPE = 156;
const MAGIC = 257;
/** POSIX, unlike GNU, has a prefix for long names; libarchive checks only this much. */
const USTAR: readonly number[] = [...new TextEncoder().encode("ustar")];
const GNU: readonly number[] = [...new TextEncoder().encode("ustar  \0")];

/** What special members say about the one that follows them. */
interface Extensions {
  /** The types of these members, in order. */
  types?: string;
  name?: string;
  linkTarget?: string;
  size?: number;
  attributes?: string[];
}

interface Header {
  name: string;
  type: string;
  mode: number;
  size: number;
  linkTarget: string;
}

/**
 * Reads a tar (ustar, pax, GNU) from chunks of any size. It is stricter than libarchive about the
 * end: libarchive accepts the first block of zeros, or the end of the file, as the end of the
 * archive, so a file with a hole would silently lose its packages. Here two blocks of zeros and
 * nothing else must follow the last member.
 *
 * Source: POSIX pax, "ustar Interchange Format", and libarchive's
 * archive_read_support_format_tar.c.
 */
export class TarReader {
  readonly #wants: (name: string, size: number) => boolean;
  readonly #onContent: (bytes: Uint8Array) => void;
  /** What has been read and not used yet. */
  #rest: Uint8Array = new Uint8Array(0);
  /** Remaining bytes of the current member, including its padding. */
  #skipping = 0;
  /** How many of them are content of a file. */
  #contentLeft = 0;
  #extensions: Extensions = {};
  #members = 0;
  /** Zeros after the last member. */
  #zeros = 0;

  /**
   * Content is returned for the files that `wants` accepts; it must refuse what is too large. The
   * content of all other files is passed to `onContent`, after the file's member and before the
   * next one.
   */
  constructor(
    wants: (name: string, size: number) => boolean,
    onContent: (bytes: Uint8Array) => void = () => {},
  ) {
    this.#wants = wants;
    this.#onContent = onContent;
  }

  /**
   * Yields the members that end in the next bytes of the archive.
   *
   * @throws {PkgstashError} of kind "content" if the bytes are not a tar.
   */
  *push(chunk: Uint8Array): Generator<TarMember> {
    const bytes = this.#rest.length === 0 ? chunk : joined(this.#rest, chunk);
    let at = 0;
    while (true) {
      const skipped = Math.min(this.#skipping, bytes.length - at);
      const content = Math.min(this.#contentLeft, skipped);
      if (content > 0) this.#onContent(bytes.subarray(at, at + content));
      this.#contentLeft -= content;
      this.#skipping -= skipped;
      at += skipped;
      if (bytes.length - at < BLOCK_BYTES) break;
      if (this.#zeros > 0 || isZero(bytes, at, at + BLOCK_BYTES)) {
        this.#passZeros(bytes.subarray(at));
        at = bytes.length;
        break;
      }
      const header = this.#readHeader(bytes.subarray(at, at + BLOCK_BYTES));
      const padded = Math.ceil(header.size / BLOCK_BYTES) * BLOCK_BYTES;
      const wanted = isExtension(header.type) ||
        (isFile(header) && this.#wants(header.name, header.size));
      if (wanted && bytes.length - at < BLOCK_BYTES + padded) break;
      at += BLOCK_BYTES;
      const body = wanted ? bytes.subarray(at, at + header.size) : null;
      this.#skipping = padded;
      this.#contentLeft = body === null && isFile(header) ? header.size : 0;
      if (body !== null && isExtension(header.type)) this.#extend(header.type, body);
      else if (!IGNORED_TYPES.has(header.type)) yield this.#member(header, body);
    }
    // Copied, because the source may reuse its memory.
    this.#rest = bytes.slice(at);
  }

  /**
   * Checks that the archive has ended.
   *
   * @throws {PkgstashError} of kind "content" if it has not.
   */
  finish(): void {
    // A last record need not be a whole number of blocks.
    if (this.#zeros > 0) this.#passZeros(this.#rest);
    if (this.#zeros < 2 * BLOCK_BYTES) {
      throw damaged("it has no end marker, so it is probably truncated");
    }
    if (this.#members === 0 && this.#zeros > MAX_EMPTY_BYTES) {
      throw damaged(`it is ${this.#zeros} zeros, and an empty one has ${MAX_EMPTY_BYTES}`);
    }
  }

  #member(header: Header, body: Uint8Array | null): TarMember {
    this.#members++;
    const { attributes = [] } = this.#extensions;
    this.#extensions = {};
    const { name, mode, size } = header;
    const type = isFile(header) ? "file" : isDirectory(header) ? "directory" : "other";
    return { name, type, mode, attributes, size, link: linkOf(header), body };
  }

  #passZeros(bytes: Uint8Array): void {
    if (!isZero(bytes, 0, bytes.length)) throw damaged("data follows the zero blocks at its end");
    this.#zeros += bytes.length;
    if (this.#zeros > MAX_PADDING_BYTES) throw damaged("it ends with too many zeros");
  }

  #readHeader(block: Uint8Array): Header {
    if (!hasValidChecksum(block)) throw damaged("the checksum of a header does not match");
    const type = String.fromCharCode(block[TYPE] ?? 0);
    const stated = numberAt(block, 124, 12);
    if (isExtension(type)) {
      if (stated > MAX_EXTENSION_BYTES) throw damaged("a header is too long");
      return { name: "", type, mode: 0, size: stated, linkTarget: "" };
    }
    if (IGNORED_TYPES.has(type)) return { name: "", type, mode: 0, size: stated, linkTarget: "" };
    if (type === "S") throw damaged("a member is sparse");
    const extensions = this.#extensions;
    const name = extensions.name ?? nameIn(block);
    if (name === "") throw damaged("a member has no name");
    const said = extensions.size ?? stated;
    if (type === "1" && said !== 0) {
      throw damaged("a hard link has a size, which readers disagree on");
    }
    // Symbolic links, devices and folders have no content, whatever their size field says.
    const size = /[1-6]/.test(type) ? 0 : said;
    return {
      name,
      type,
      // Writers leave it empty or repeat the file's type in it.
      mode: (octalAt(block, 100, 108) ?? 0) & 0o7777,
      size,
      linkTarget: extensions.linkTarget ?? textUntilZero(block, 157, 257),
    };
  }

  #extend(type: string, body: Uint8Array): void {
    // GNU has separate headers for a long target and a long name, pax one for everything.
    const types = (this.#extensions.types ?? "") + type;
    if (types.length > 1 && types !== "KL" && types !== "LK") {
      throw damaged("several headers describe one member, which readers disagree on");
    }
    this.#extensions.types = types;
    if (type === "L") this.#extensions.name = textUntilZero(body, 0, body.length);
    else if (type === "K") this.#extensions.linkTarget = textUntilZero(body, 0, body.length);
    else if (type === "x" || type === "X") Object.assign(this.#extensions, paxRecords(body));
  }
}

/** Members that describe the next one: long names (L, K), pax headers (x, X). */
function isExtension(type: string): boolean {
  return type === "L" || type === "K" || type === "x" || type === "X";
}

/** Global pax headers, volume labels and access lists say nothing about a name or a size. */
const IGNORED_TYPES: ReadonlySet<string> = new Set(["g", "V", "A"]);

/** According to POSIX, every unknown type is a file; one whose name ends in a slash is a folder. */
function isFile({ name, type }: Header): boolean {
  return !/[1-6gVA]/.test(type) && !name.endsWith("/");
}

function isDirectory({ name, type }: Header): boolean {
  return type === "5" || (!/[1-6]/.test(type) && name.endsWith("/"));
}

function linkOf({ type, linkTarget: target }: Header): TarLink | null {
  return type === "1"
    ? { kind: "hard", target }
    : type === "2"
    ? { kind: "symbolic", target }
    : null;
}

function nameIn(block: Uint8Array): string {
  const name = textUntilZero(block, 0, 100);
  const hasMagic = (magic: readonly number[]) =>
    magic.every((byte, at) => block[MAGIC + at] === byte);
  const hasPrefix = block[345] !== 0 && hasMagic(USTAR) && !hasMagic(GNU);
  return hasPrefix ? `${textUntilZero(block, 345, 500)}/${name}` : name;
}

/** The records `length key=value` of a pax header that matter here. */
function paxRecords(body: Uint8Array): Extensions {
  const found: Extensions = {};
  for (let at = 0; at < body.length;) {
    const space = body.indexOf(0x20, at);
    const length = space < 0 ? NaN : Number(textUntilZero(body, at, space));
    if (!Number.isInteger(length) || length < 5 || at + length > body.length) {
      throw damaged("a pax header is malformed");
    }
    const record = textUntilZero(body, space + 1, at + length - 1);
    const equals = record.indexOf("=");
    const key = record.slice(0, equals);
    const value = record.slice(equals + 1);
    // Its map decides where libarchive looks for the next member. makepkg writes none.
    if (key.startsWith("GNU.sparse.")) throw damaged("a member is sparse");
    if (key === "path" || key === "linkpath") {
      if (body.subarray(space, at + length).includes(0)) throw damaged("a pax header is malformed");
      found[key === "path" ? "name" : "linkTarget"] = value;
    }
    const attribute = /^(?:SCHILY|LIBARCHIVE)\.xattr\.(.+)$/.exec(key)?.[1];
    // libarchive writes each in two forms, one of them percent-encoded.
    if (attribute !== undefined) {
      found.attributes = [...new Set([...found.attributes ?? [], percentDecoded(attribute)])];
    }
    if (key === "size") {
      if (!/^[0-9]{1,15}$/.test(value)) throw damaged("a pax header is malformed");
      found.size = Number(value);
    }
    at += length;
  }
  return found;
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** A number in octal digits, or in base 256 if its first bit is set. */
function numberAt(block: Uint8Array, start: number, length: number): number {
  const first = block[start] ?? 0;
  let value: number | null = null;
  if ((first & 0x80) !== 0) {
    value = first & 0x7f;
    for (let at = start + 1; at < start + length; at++) value = value * 256 + (block[at] ?? 0);
  } else value = octalAt(block, start, start + length);
  if (value === null || !Number.isSafeInteger(value)) {
    throw damaged("the size of a member is malformed");
  }
  return value;
}

/** Octal digits surrounded by spaces, up to a zero; null if there is anything else. */
function octalAt(block: Uint8Array, start: number, end: number): number | null {
  let value = 0;
  let hasEnded = false;
  for (let at = start; at < end; at++) {
    const byte = block[at] ?? 0;
    if (byte === 0) break;
    if (byte === 0x20) hasEnded = value > 0;
    else if (byte >= 0x30 && byte <= 0x37 && !hasEnded) value = value * 8 + byte - 0x30;
    else return null;
  }
  return value;
}

/**
 * The sum of all bytes of the header, counting its own field as spaces; some tars used signed
 * bytes.
 */
function hasValidChecksum(block: Uint8Array): boolean {
  let unsigned = 8 * 0x20;
  let negative = 0;
  for (let at = 0; at < BLOCK_BYTES; at++) {
    if (at === 148) at = 156;
    const byte = block[at] ?? 0;
    unsigned += byte;
    if (byte > 127) negative++;
  }
  const expected = octalAt(block, 148, 156);
  return expected === unsigned || expected === unsigned - 256 * negative;
}

const decoder = new TextDecoder();

function textUntilZero(bytes: Uint8Array, start: number, end: number): string {
  const zero = bytes.subarray(start, end).indexOf(0);
  return decoder.decode(bytes.subarray(start, zero < 0 ? end : start + zero));
}

function isZero(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (bytes[at] !== 0) return false;
  return true;
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(first.length + second.length);
  bytes.set(first);
  bytes.set(second, first.length);
  return bytes;
}

function damaged(fault: string): PkgstashError {
  return new PkgstashError("content", `Cannot read a tar archive: ${fault}.`);
}
