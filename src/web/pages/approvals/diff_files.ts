import type { InspectedReport } from "../../../api/approvals.ts";

type DiffLine = InspectedReport["diff"][number];

/** A line of a file. Numbers start at 1. */
export interface NumberedLine {
  readonly number: number;
  readonly text: string;
}

/** Lines that belong together: unchanged ones, or removed lines and those that replace them. */
export type DiffBlock =
  | { readonly kind: "context"; readonly before: NumberedLine[]; readonly after: NumberedLine[] }
  | { readonly kind: "change"; readonly before: NumberedLine[]; readonly after: NumberedLine[] }
  /** A remark about the lines before it. */
  | { readonly kind: "note"; readonly text: string };

export interface DiffHunk {
  readonly title: string;
  readonly blocks: DiffBlock[];
}

/** One file of a diff. */
export interface DiffFile {
  /** Path before the change; null for a new file. */
  readonly before: string | null;
  /** Path after the change; null for a removed file. */
  readonly after: string | null;
  /** Remarks about the whole file, such as its mode, or that it is binary. */
  readonly notes: string[];
  readonly hunks: DiffHunk[];
  added: number;
  removed: number;
}

const RANGES = /^@@ -(\d+),(\d+) \+(\d+),(\d+) @@$/;

/** Splits a unified diff from the API into files with numbered lines, in reading order. */
export function filesOfDiff(lines: readonly DiffLine[]): DiffFile[] {
  const files: DiffFile[] = [];
  let before: string | null = null;
  let [oldNumber, newNumber] = [1, 1];
  for (const { kind, text } of lines) {
    if (kind === "file" && text.startsWith("--- ")) {
      before = pathIn(text);
      continue;
    }
    if (kind === "file") {
      files.push({ before, after: pathIn(text), notes: [], hunks: [], added: 0, removed: 0 });
      [oldNumber, newNumber] = [1, 1];
      continue;
    }
    const file = files.at(-1);
    if (file === undefined) continue;
    if (kind === "hunk") {
      const [, oldStart, oldCount, newStart, newCount] = RANGES.exec(text) ?? [];
      // An empty range gives the line before it.
      oldNumber = Number(oldStart ?? 1) + (oldCount === "0" ? 1 : 0);
      newNumber = Number(newStart ?? 1) + (newCount === "0" ? 1 : 0);
      file.hunks.push({ title: text, blocks: [] });
      continue;
    }
    if (kind === "note") {
      const said = text.replace(/^\\ /, "");
      const hunk = file.hunks.at(-1);
      if (hunk === undefined) {
        if (!USUAL_MODES.test(said)) file.notes.push(said);
      } else hunk.blocks.push({ kind: "note", text: said });
      continue;
    }
    const { blocks } = hunkOf(file);
    const content = text.slice(1);
    if (kind === "context") {
      const block = blockOf(blocks, "context");
      block.before.push({ number: oldNumber++, text: content });
      block.after.push({ number: newNumber++, text: content });
    } else if (kind === "removed") {
      const last = blocks.at(-1);
      // A removal after an addition starts another replacement.
      const block = last?.kind === "change" && last.after.length > 0
        ? newBlock(blocks, "change")
        : blockOf(blocks, "change");
      block.before.push({ number: oldNumber++, text: content });
      file.removed++;
    } else {
      blockOf(blocks, "change").after.push({ number: newNumber++, text: content });
      file.added++;
    }
  }
  return files.toSorted((one, other) => rankOf(one) - rankOf(other));
}

/** Reading order: first what runs, last the generated .SRCINFO. */
function rankOf({ before, after }: DiffFile): number {
  const path = after ?? before ?? "";
  return path === "PKGBUILD" ? 0 : path.endsWith(".install") ? 1 : path === ".SRCINFO" ? 3 : 2;
}

/** The mode of an ordinary new or removed file is not worth a line. */
const USUAL_MODES = /^Mode: (?:none -> 100644 \(file\)|100644 \(file\) -> none)$/;

function pathIn(text: string): string | null {
  const path = text.slice("--- ".length);
  return path === "/dev/null" ? null : path.slice("a/".length);
}

/** Files with little in common come as a whole, without a hunk header. */
function hunkOf({ hunks }: DiffFile): DiffHunk {
  const hunk = hunks.at(-1) ?? { title: "", blocks: [] };
  if (hunks.length === 0) hunks.push(hunk);
  return hunk;
}

function blockOf(blocks: DiffBlock[], kind: "context" | "change") {
  const last = blocks.at(-1);
  return last?.kind === kind ? last : newBlock(blocks, kind);
}

function newBlock(blocks: DiffBlock[], kind: "context" | "change") {
  const block = { kind, before: [], after: [] };
  blocks.push(block);
  return block as Extract<DiffBlock, { kind: "context" | "change" }>;
}
