import type { StructuredPatch } from "diff";
import { PkgstashError, reasonOf } from "../errors.ts";
import { type SourceFile, sourceFile, type SourceTree } from "./source_tree.ts";

/** A path that stays in the tree, on any machine. */
const PATH = /^(?!\/)(?!.*(?:^|\/)\.\.?(?:\/|$))[^\0\\]{1,512}$/;
const NO_FILE = "/dev/null";

/**
 * A tree with unified diffs applied to its files, one after the other. Each must fit exactly, with its
 * context where it says: a patch that no longer fits is for a person to look at.
 *
 * @throws PkgstashError `conflict` that says which patch does not fit, and where.
 */
export async function patchedTree(
  tree: SourceTree,
  patches: readonly string[],
): Promise<SourceTree> {
  if (patches.length === 0) return tree;
  // Loaded at first need: few packages have patches, and every start would wait for it.
  const diff = await import("diff");
  const files = new Map(tree);
  for (const [index, text] of patches.entries()) {
    const fail = (why: string) =>
      new PkgstashError(
        "conflict",
        `Cannot apply patch ${index + 1}: ${why}. Make it anew for these files, or remove it.`,
      );
    const diffs = fileDiffsOf(diff, text, fail);
    if (diffs.length === 0) throw fail("it is no unified diff");
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
    throw fail(`it is no unified diff (${reasonOf(error)})`);
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
  if (before !== null && file === null) throw fail(`there is no ${before}`);
  if (before === null && files.has(after!)) throw fail(`there is a ${after} already`);
  const text = file === null ? "" : textOf(file);
  if (text === null) throw fail(`${before} is no text`);
  const result = applyPatch(text, patch, { fuzzFactor: 0, autoConvertLineEndings: false });
  if (result === false) throw fail(`${before ?? after} is not what it was made for`);
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
