import { PkgstashError, reasonOf } from "../errors.ts";
import { removeIfPresent, statIfPresent, writeFileDurably } from "../platform/files/durable.ts";
import { filesIfPresent } from "../platform/files/plain_directory.ts";
import type { BuildingLayout } from "./building_layout.ts";
import { type FileMode, type SourceFile, type SourceTree, treeHash } from "./source_tree.ts";

/** A file on disk; text is stored as text, so that administrators can read it. */
interface StoredFile {
  readonly path: string;
  readonly mode: FileMode;
  readonly size: number;
  readonly text?: string;
  readonly base64?: string;
  readonly sha256?: string;
}

const HASH = /^[0-9a-f]{64}$/;

/** Package sources on disk, by hash. */
export class TreeStore {
  readonly #layout: BuildingLayout;

  constructor(layout: BuildingLayout) {
    this.#layout = layout;
  }

  /** Stores a tree; returns its hash. */
  async put(tree: SourceTree): Promise<string> {
    const hash = await treeHash(tree);
    const path = this.#layout.tree(hash);
    if (await statIfPresent(path) !== null) return hash;
    const files = [...tree.values()].map(storedFile);
    try {
      await writeFileDurably(path, `${JSON.stringify({ files }, null, 2)}\n`, { mode: 0o600 });
    } catch (error) {
      throw new PkgstashError(
        "storage",
        `Cannot store a package source in ${path}: ${reasonOf(error)}. ` +
          "Check that the disk is not full and that this user may write there.",
        { cause: error },
      );
    }
    return hash;
  }

  /**
   * The tree with this hash, or null if it is not kept.
   *
   * @throws PkgstashError `storage` if the file is damaged: content that does not match its hash was
   * never accepted.
   */
  async read(hash: string): Promise<SourceTree | null> {
    if (!HASH.test(hash)) return null;
    const path = this.#layout.tree(hash);
    let tree: SourceTree;
    try {
      const { files } = JSON.parse(await Deno.readTextFile(path)) as { files: StoredFile[] };
      tree = new Map(files.map((file) => [file.path, sourceFileOf(file)]));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return null;
      throw damaged(path, reasonOf(error));
    }
    if (await treeHash(tree) !== hash) throw damaged(path, "its content has changed");
    return tree;
  }

  /** Removes all other trees. */
  async keepOnly(hashes: ReadonlySet<string>): Promise<void> {
    for (const { name } of await filesIfPresent(this.#layout.trees)) {
      const hash = name.replace(/\.json$/, "");
      if (HASH.test(hash) && !hashes.has(hash)) await removeIfPresent(this.#layout.tree(hash));
    }
  }
}

function storedFile({ path, mode, size, content, sha256 }: SourceFile): StoredFile {
  if (content === null) return { path, mode, size, ...(sha256 === undefined ? {} : { sha256 }) };
  const text = textOf(content);
  return text === null
    ? { path, mode, size, base64: content.toBase64() }
    : { path, mode, size, text };
}

function sourceFileOf({ path, mode, size, text, base64, sha256 }: StoredFile): SourceFile {
  const content = text !== undefined
    ? new TextEncoder().encode(text)
    : base64 !== undefined
    ? Uint8Array.fromBase64(base64)
    : null;
  return { path, mode, size, content, ...(sha256 === undefined ? {} : { sha256 }) };
}

/** The bytes decoded as UTF-8; null if they are not UTF-8. */
function textOf(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

function damaged(path: string, reason: string): PkgstashError {
  return new PkgstashError(
    "storage",
    `Cannot read the package source ${path}: ${reason}. Restore the file from a backup, ` +
      "or remove it and check the package again.",
  );
}
