import type { TarLink, TarMember } from "../archive/tar_reader.ts";
import type { MtreeEntry } from "./mtree.ts";

/** Limits beyond which a package is refused. */
export interface PackagePathLimits {
  /** Number of files, folders and links. */
  readonly maxEntries: number;
  /** Total length of all paths, in UTF-16 units. */
  readonly maxPathLength: number;
}

/** PATH_MAX of Linux; the limit for a link's target too. */
const MAX_PATH_LENGTH = 4096;

/**
 * The paths in a package, in archive order. Refuses those that could lead an extracting program out
 * of its root: makepkg writes none of them, and pacman does not reliably reject them.
 */
export class PackagePaths {
  readonly #limits: PackagePathLimits;
  /** Hard links count as files, as in an `.MTREE`. */
  readonly #paths = new Map<string, MtreeEntry["type"]>();
  #hasLinks = false;
  #pathLength = 0;

  /** Limits count over all paths that are added. */
  constructor(limits: PackagePathLimits) {
    this.#limits = limits;
  }

  /** Adds a member; returns its fault, or null. */
  add({ name, type, link }: TarMember): string | null {
    this.#pathLength += name.length;
    if (this.#paths.size >= this.#limits.maxEntries) {
      return `it has more than ${this.#limits.maxEntries} files`;
    }
    if (this.#pathLength > this.#limits.maxPathLength) return "its paths are too long";
    const path = type === "directory" ? name.replace(/\/$/, "") : name;
    const fault = faultOf(path) ?? this.#linkFault(path, link);
    if (fault !== null) return `${quoted(name)} ${fault}`;
    if (type === "other" && link === null) return `${quoted(name)} is a device or a FIFO`;
    if (this.#paths.has(path)) return `it contains ${quoted(name)} twice`;
    const isLink = link?.kind === "symbolic";
    this.#hasLinks ||= isLink;
    this.#paths.set(path, isLink ? "link" : type === "directory" ? "directory" : "file");
    return null;
  }

  /**
   * Compares all added paths with the package's own list; returns how they differ, or null. Paths
   * that begin with a dot do not count. `faultOf` compares the content of a file.
   */
  async compare(
    mtree: AsyncIterable<MtreeEntry>,
    faultOf: (entry: MtreeEntry) => string | null,
  ): Promise<string | null> {
    const missing = new Set(this.#paths.keys());
    for await (const entry of mtree) {
      const { path, type } = entry;
      const found = this.#paths.get(path);
      if (found !== type && !path.startsWith(".")) {
        return `its .MTREE has the ${type} ${quoted(path)}, which is ${
          found === undefined ? "not in it" : `a ${found}`
        }`;
      }
      const fault = type === "file" ? faultOf(entry) : null;
      if (fault !== null) return fault;
      missing.delete(path);
    }
    for (const path of missing) {
      if (!path.startsWith(".")) return `its .MTREE does not list ${quoted(path)}`;
    }
    return null;
  }

  /** To be called when all are added; returns a fault of the whole, or null. */
  finish(): string | null {
    if (!this.#hasLinks) return null;
    const sorted = [...this.#paths.keys()].sort();
    for (const [path, type] of this.#paths) {
      if (type !== "link") continue;
      const below = firstFrom(sorted, `${path}/`);
      if (below?.startsWith(`${path}/`)) {
        return `${quoted(below)} leads through the symbolic link ${quoted(path)}`;
      }
    }
    return null;
  }

  #linkFault(path: string, link: TarLink | null): string | null {
    if (link === null) return null;
    if (link.target === "") return "is a link to nothing";
    if (link.target.length > MAX_PATH_LENGTH) return "is a link with too long a target";
    // A symbolic link may name any path of the system: pacman does not follow it.
    if (link.kind === "symbolic" || this.#paths.get(link.target) === "file") return null;
    return link.target === path
      ? "is a hard link to itself"
      : `is a hard link to ${quoted(link.target)}, which is not a file before it`;
  }
}

/** The first of the sorted paths that is not before `bound`. */
function firstFrom(sorted: readonly string[], bound: string): string | undefined {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? "") < bound) low = middle + 1;
    else high = middle;
  }
  return sorted[low];
}

function faultOf(path: string): string | null {
  if (path.includes("\ufffd")) return "is not UTF-8";
  if (path.startsWith("/")) return "is absolute";
  if (path.length > MAX_PATH_LENGTH) return "is too long";
  for (const part of path.split("/")) {
    if (part === "..") return "leads out of the package";
    if (part === "" || part === ".") return "is not in its shortest form";
  }
  return null;
}

/**
 * The paths as repo-add lists them in a files database: without those that begin with a dot, as
 * printed by bsdtar, in byte order, each once.
 *
 * Source: `db_write_entry` in pacman's scripts/repo-add.sh.in, `safe_fprintf` in libarchive's
 * tar/util.c, in a UTF-8 locale.
 */
export function listedFiles(members: Iterable<string>): string[] {
  const listed: string[] = [];
  for (const path of members) if (!path.startsWith(".")) listed.push(printed(path));
  return listed.sort(inByteOrder);
}

const UNPRINTABLE = /[\\\p{Cc}\p{Cn}\u2028\u2029]/gu;
const ESCAPES: Readonly<Record<string, string>> = {
  "\\": "\\\\",
  "\x07": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
};
const encoder = new TextEncoder();

function printed(path: string): string {
  return path.replace(UNPRINTABLE, (character) =>
    ESCAPES[character] ??
      Array.from(encoder.encode(character), (byte) => `\\${byte.toString(8).padStart(3, "0")}`)
        .join(""));
}

/** The order of the UTF-8 forms, which is that of code points rather than UTF-16 units. */
function inByteOrder(one: string, other: string): number {
  const length = Math.min(one.length, other.length);
  for (let at = 0; at < length; at++) {
    const difference = rank(one.charCodeAt(at)) - rank(other.charCodeAt(at));
    if (difference !== 0) return difference;
  }
  return one.length - other.length;
}

/** Moves surrogates behind all other units. */
function rank(unit: number): number {
  return unit < 0xd800 ? unit : unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}

/** A path for a message, with special characters escaped, and not too long. */
export function quoted(path: string): string {
  return JSON.stringify(path.length > 80 ? `${path.slice(0, 80)}...` : path);
}
