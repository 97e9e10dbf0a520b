import { createHash } from "node:crypto";
import { PkgstashError } from "../errors.ts";

/** Modes as git writes them: a file, an executable file, a symbolic link, a submodule. */
export type FileMode = "100644" | "100755" | "120000" | "160000";

/** One file of a package source. */
export interface SourceFile {
  /** Relative to the tree, with `/` between folders. */
  readonly path: string;
  readonly mode: FileMode;
  /**
   * The bytes; of a link, its target; of a submodule, the ID of its commit. Null if unknown: the file
   * is too large, or nobody named the commit of the submodule.
   */
  readonly content: Uint8Array | null;
  /** Size of the whole content in bytes. */
  readonly size: number;
  /** SHA-256 of the whole content in hexadecimal digits; needed only if `content` is null. */
  readonly sha256?: string;
}

/** All files of a package source by path: what a person or a rule accepts or rejects. */
export type SourceTree = ReadonlyMap<string, SourceFile>;

/** A file with its content. */
export function sourceFile(
  path: string,
  content: Uint8Array,
  mode: FileMode = "100644",
): SourceFile {
  return { path, mode, content, size: content.length };
}

/** The text of a file, with any byte order mark; null if unknown, not UTF-8, or with a NUL. */
export function textOf({ content }: SourceFile): string | null {
  if (content === null || content.includes(0)) return null;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(content);
  } catch {
    return null;
  }
}

/** SHA-256 of a file's content in hexadecimal digits; null if neither content nor digest is known. */
export function contentDigest({ content, sha256 }: SourceFile): string | null {
  if (content === null) return sha256 ?? null;
  return createHash("sha256").update(content).digest("hex");
}

/** Whether two files are known to have the same mode and bytes. */
export function isSameFile(one: SourceFile, other: SourceFile): boolean {
  if (one.mode !== other.mode || one.size !== other.size) return false;
  const digest = contentDigest(one);
  return digest !== null && digest === contentDigest(other);
}

/**
 * SHA-256 of a tree in hexadecimal digits, over paths, modes, sizes and bytes. Trees with the same
 * hash are identical, so approvals are bound to it.
 * @throws {PkgstashError} of kind "content" if the content of a file is unknown.
 */
export function treeHash(tree: SourceTree): Promise<string> {
  const hash = createHash("sha256");
  for (const path of [...tree.keys()].sort()) {
    const file = tree.get(path)!;
    const digest = contentDigest(file);
    if (digest === null) {
      return Promise.reject(
        new PkgstashError(
          "content",
          `Cannot identify the package source: the content of ${path} is not known.`,
        ),
      );
    }
    // No path contains a NUL, so different trees never have the same text.
    hash.update(`${file.mode} ${file.size} ${digest} ${path}\0`);
  }
  return Promise.resolve(hash.digest("hex"));
}
