import { type FileMode, type SourceFile, sourceFile } from "../../src/building/source_tree.ts";

const encoder = new TextEncoder();

/** A file of a tree as a text, or as the data set writes files that are no ordinary texts. */
export type WrittenFile = string | {
  readonly mode?: FileMode;
  readonly text?: string;
  readonly commit?: string;
  readonly omitted?: string;
  readonly size?: number;
  readonly sha256?: string;
  /** Id of the blob, which stands for the content here. */
  readonly git?: string;
};

/** A package source of the files given by their paths. */
export function treeOf(files: Readonly<Record<string, WrittenFile>>): Map<string, SourceFile> {
  return new Map(Object.entries(files).map(([path, file]) => [path, fileOf(path, file)]));
}

function fileOf(path: string, file: WrittenFile): SourceFile {
  if (typeof file === "string") return sourceFile(path, encoder.encode(file));
  const { mode = "100644", text, commit, omitted, size = 0, sha256, git } = file;
  const content = omitted === undefined ? text ?? commit : undefined;
  if (content !== undefined) return sourceFile(path, encoder.encode(content), mode);
  return { path, mode, content: null, size, sha256: sha256 ?? git ?? `${size}` };
}
