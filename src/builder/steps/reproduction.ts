import { decompress } from "../../formats/archive/archive_compression.ts";
import { TarReader } from "../../formats/archive/tar_reader.ts";
import { readMtree } from "../../formats/pacman/mtree.ts";
import type { Product } from "./products.ts";

/** A file of a package that differs between two builds. */
export interface Difference {
  /** The file name of the package. */
  readonly file: string;
  /** The path inside; null for the archive as a whole. */
  readonly path: string | null;
}

/** What is kept of a package that is deleted: enough to find differences to another one. */
export interface FirstProduct {
  readonly file: string;
  readonly sha256: string;
  /** The entries of its `.MTREE`, by path. */
  readonly files: ReadonlyMap<string, string>;
}

const MTREE = ".MTREE";
const MAX_MTREE_BYTES = 16 * 1024 ** 2;
const MAX_DECOMPRESSED_BYTES = 64 * 1024 ** 3;

/** Reads the content of packages before a second build replaces them. */
export async function describeProducts(products: readonly Product[]): Promise<FirstProduct[]> {
  const described: FirstProduct[] = [];
  for (const { file, path, sha256 } of products) {
    described.push({ file, sha256, files: await filesOf(path) });
  }
  return described;
}

/** The differences between two builds of the same files, sorted; empty if they are identical. */
export async function differencesBetween(
  first: readonly FirstProduct[],
  second: readonly Product[],
): Promise<Difference[]> {
  const differences: Difference[] = [];
  for (const { file, sha256, path } of second) {
    const before = first.find((each) => each.file === file);
    if (before?.sha256 === sha256) continue;
    const [one, other] = [before?.files ?? new Map(), await filesOf(path)];
    const paths = [...new Set([...one.keys(), ...other.keys()])]
      .filter((each) => one.get(each) !== other.get(each)).toSorted();
    // Only the order or the compression differs.
    if (paths.length === 0) differences.push({ file, path: null });
    else differences.push(...paths.map((each) => ({ file, path: each })));
  }
  const made = new Set(second.map(({ file }) => file));
  const missing = first.filter(({ file }) => !made.has(file));
  return [...differences, ...missing.map(({ file }) => ({ file, path: null }))];
}

/** The entries of a package's `.MTREE`, by path; empty if it cannot be read. */
async function filesOf(path: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  try {
    const mtree = await mtreeOf(path);
    if (mtree === null) return files;
    for await (const { path: name, text } of readMtree(mtree)) files.set(name, text);
  } catch {
    // The daemon rejects files that are not packages; here they only count as a difference.
  }
  return files;
}

async function mtreeOf(path: string): Promise<Uint8Array | null> {
  const file = await Deno.open(path);
  const tar = new TarReader((name, size) => name === MTREE && size <= MAX_MTREE_BYTES);
  const options = { maxDecompressedBytes: MAX_DECOMPRESSED_BYTES, isLocal: true };
  for await (const chunk of decompress(file.readable, options)) {
    for (const { name, body } of tar.push(chunk)) {
      if (name === MTREE && body !== null) return body.slice();
    }
  }
  return null;
}
