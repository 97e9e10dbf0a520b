import type { StructuredPatch } from "diff";
import { PkgstashError, reasonOf } from "../errors.ts";
import { type SourceFile, sourceFile, type SourceTree } from "./source_tree.ts";

/** A path that stays within the tree on any machine. */
const PATH = /^(?!\/)(?!.*(?:^|\/)\.\.?(?:\/|$))[^\0\\]{1,512}$/;
const NO_FILE = "/dev/null";

/**
 * Applies unified diffs to the files of a tree, one after the other. Each must apply exactly, without
 * fuzz or offset: a patch that no longer applies needs a person.
 *
 * @throws PkgstashError `conflict` that names the patch that does not apply, and why.
 */
export async function patchedTree(
  tree: SourceTree,
  patches: readonly string[],
): Promise<SourceTree> {
  if (patches.length === 0) return tree;
  // Loaded on first use: few packages have patches, and it would delay every start.
  const diff = await import("diff");
  const files = new Map(tree);
  for (const [index, text] of patches.entries()) {
    const fail = (why: string) =>
      new PkgstashError(
        "conflict",
        `Cannot apply patch ${index + 1}: ${why}. Update it for these files, or remove it.`,
      );
    const diffs = fileDiffsOf(diff, text, fail);
    if (diffs.length === 0) throw fail("it is not a unified diff");
    for (const each of diffs) applyTo(diff, { files, patch: each, fail });
  }
  return files;
}

type Diff = typeof import("diff");
type Fail = (why: string) => PkgstashError;

function fileDiffsOf({ parsePatch }: Diff, text: string, fail: Fail): StructuredPatch[] {
  try {
    return parsePatch(text).filter(({ hunks }) => hunks.length > 0);
  } catch (error) {
    throw fail(`it is not a unified diff (${reasonOf(error)})`);
  }
}

function applyTo(
  { applyPatch }: Diff,
  { files, patch, fail }: {
    files: Map<string, SourceFile>;
    patch: StructuredPatch;
    fail: Fail;
  },
): void {
  const before = pathOf(patch.oldFileName);
  const after = pathOf(patch.newFileName);
  for (const path of [before, after]) {
    if (path !== null && !PATH.test(path)) throw fail(`it names ${JSON.stringify(path)}`);
  }
  if (before === null && after === null) throw fail("it names no file");
  const file = before === null ? null : files.get(before) ?? null;
  if (before !== null && file === null) throw fail(`${before} does not exist`);
  if (before === null && files.has(after!)) throw fail(`${after} already exists`);
  const text = file === null ? "" : textOf(file);
  if (text === null) throw fail(`${before} is not text`);
  const result = applyPatch(text, patch, { fuzzFactor: 0, autoConvertLineEndings: false });
  if (result === false) throw fail(`${before ?? after} differs from the file that it was made for`);
  if (before !== null && before !== after) files.delete(before);
  if (after === null) return;
  files.set(after, sourceFile(after, new TextEncoder().encode(result), file?.mode ?? "100644"));
}

/** The path that a diff names, without the first folder of `a/PATH` and `b/PATH`; null for no file. */
function pathOf(name: string | undefined): string | null {
  if (name === undefined || name === NO_FILE || name === "") return null;
  return name.replace(/^[ab]\//, "").replace(/^\.\//, "");
}

function textOf({ mode, content }: SourceFile): string | null {
  if (content === null || (mode !== "100644" && mode !== "100755")) return null;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(content);
  } catch {
    return null;
  }
}
