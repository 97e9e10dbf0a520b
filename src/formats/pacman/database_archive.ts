import { createHash } from "node:crypto";
import { encodeHex } from "@std/encoding/hex";
import { TimeSlice } from "../../async/time_slice.ts";
import { gzipMember, labelledMembers } from "../archive/gzip_member.ts";
import { TAR_END, tarMembers, type WrittenMember } from "../archive/tar_writer.ts";

/** A package of a database to write. */
export interface DatabaseEntry {
  /** pkgname; unique among the entries. */
  readonly name: string;
  /** `[epoch:]pkgver-pkgrel` */
  readonly version: string;
  /**
   * Equal only if the texts are: for example, the digests of the package and its signature. It
   * decides whether a part of the previous database is reused.
   */
  readonly identity: string;
  /** Its files: `desc`, and in a files database `files`. Called only where needed. */
  texts(): EntryTexts | Promise<EntryTexts>;
}

/** The content of a package's folder. */
export interface EntryTexts {
  /** From `descText`. */
  readonly desc: string;
  /** From `filesText`; absent in a database without file lists. */
  readonly files?: string;
}

/** Part of every label: raise it if the same entries yield other bytes. */
const FORMAT = "pkgstash database 1";
/** On average; small enough to compress fast, large enough to compress well. */
const PACKAGES_PER_PART = 32;

const encoder = new TextEncoder();

/**
 * Writes a database like repo-add, a gzipped tar with a folder for each package, in byte order.
 * Equal entries yield equal bytes. It is compressed in parts of some packages, and a part that the
 * `previous` database has in the same form is reused; that database must be known to be undamaged,
 * and may be anything that this function wrote.
 *
 * Source: `create_db` in pacman's scripts/repo-add.sh.in. libarchive, gzip and zlib all accept gzip
 * files with several members, and tars that end in any number of zeros.
 */
export async function* writeDatabase(
  entries: Iterable<DatabaseEntry>,
  previous: Uint8Array = new Uint8Array(0),
): AsyncGenerator<Uint8Array> {
  const known = new Map<string, Uint8Array>();
  for (const { label, bytes } of labelledMembers(previous)) known.set(encodeHex(label), bytes);
  const slice = new TimeSlice();
  for (const part of partsOf(entries)) {
    const label = labelOf(part);
    yield known.get(encodeHex(label)) ?? await gzipMember(await tarOf(part), label);
    if (slice.isOver) await slice.renew();
  }
  yield await gzipMember(TAR_END, labelOf([]));
}

/** An entry and the name of its folder. */
interface Placed {
  readonly entry: DatabaseEntry;
  readonly folder: string;
}

/**
 * Splits the entries where their names say so, and nowhere else: adding or removing an entry
 * changes one part or two, wherever it is.
 */
function* partsOf(entries: Iterable<DatabaseEntry>): Generator<readonly Placed[]> {
  const placed = Array.from(entries, (entry): Placed => {
    return { entry, folder: `${entry.name}-${entry.version}` };
  });
  placed.sort((one, other) => one.folder < other.folder ? -1 : one.folder > other.folder ? 1 : 0);
  let part: Placed[] = [];
  for (const next of placed) {
    if (part.length > 0 && beginsPart(next.entry.name)) {
      yield part;
      part = [];
    }
    part.push(next);
  }
  if (part.length > 0) yield part;
}

/** FNV-1a. */
function beginsPart(name: string): boolean {
  let hash = 0x811c9dc5;
  for (let at = 0; at < name.length; at++) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193);
  return (hash >>> 0) % PACKAGES_PER_PART === 0;
}

function labelOf(part: readonly Placed[]): Uint8Array {
  const hash = createHash("sha256").update(FORMAT);
  for (const { folder, entry } of part) hash.update(`\0${folder}\0${entry.identity}`);
  return new Uint8Array(hash.digest());
}

async function tarOf(part: readonly Placed[]): Promise<Uint8Array> {
  const members: WrittenMember[] = [];
  for (const { folder, entry } of part) {
    const { desc, files } = await entry.texts();
    members.push({ name: `${folder}/`, body: null });
    members.push({ name: `${folder}/desc`, body: encoder.encode(desc) });
    if (files !== undefined) members.push({ name: `${folder}/files`, body: encoder.encode(files) });
  }
  return tarMembers(members);
}
