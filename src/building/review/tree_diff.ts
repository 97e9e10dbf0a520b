import { structuredPatch } from "diff";
import { TimeSlice } from "../../async/time_slice.ts";
import {
  contentDigest,
  isSameFile,
  type SourceFile,
  type SourceTree,
  textOf,
} from "../source_tree.ts";
import { madeVisible } from "../../formats/text/characters.ts";
import { describeFile } from "./file_changes.ts";

/** A line of a diff, with its kind, for colouring. */
export interface DiffLine {
  readonly kind: "file" | "note" | "hunk" | "removed" | "added" | "context";
  /** As in a unified diff, with its sign; without characters that control a terminal. */
  readonly text: string;
}

const CONTEXT_LINES = 3;
/** Maximum number of characters shown of a line. */
const MAX_LINE = 1000;
/** Maximum number of lines shown of a diff. */
const MAX_LINES = 20_000;
/** Texts with longer differences are shown one after the other. */
const MAX_COMPARED = 300_000;
/** Texts with more changed lines are shown one after the other. */
const MAX_EDITS = 1500;

/**
 * The difference between two package sources as a unified diff of all files, with modes, links, binary
 * files and renames. Without an old tree, all files are new.
 */
export async function diffTrees(
  before: SourceTree | null,
  after: SourceTree,
): Promise<DiffLine[]> {
  const slice = new TimeSlice();
  const old: SourceTree = before ?? new Map();
  const renamed = renamesBetween(old, after);
  const sources = new Set(renamed.values());
  const lines: DiffLine[] = [];
  for (const path of [...new Set([...old.keys(), ...after.keys()])].sort()) {
    if (sources.has(path) && !after.has(path)) continue;
    const from = renamed.get(path) ?? path;
    const room = MAX_LINES - lines.length;
    const file = diffFile(old.get(from) ?? null, after.get(path) ?? null);
    for (const line of file.slice(0, room)) lines.push(line);
    if (file.length > room) return [...lines, note("The rest is too long to show.")];
    if (slice.isOver) await slice.renew();
  }
  return lines;
}

/** Files that disappeared under one path and appeared with the same content under another. */
function renamesBetween(before: SourceTree, after: SourceTree): Map<string, string> {
  const gone = [...before.values()].filter(({ path }) => !after.has(path));
  const renames = new Map<string, string>();
  for (const file of after.values()) {
    if (before.has(file.path) || file.size === 0) continue;
    const index = gone.findIndex((each) => isSameFile({ ...each, mode: file.mode }, file));
    if (index >= 0) renames.set(file.path, gone.splice(index, 1)[0]!.path);
  }
  return renames;
}

function diffFile(before: SourceFile | null, after: SourceFile | null): DiffLine[] {
  if (
    before !== null && after !== null && before.path === after.path && isSameFile(before, after)
  ) return [];
  const lines = [
    fileLine(`--- ${before === null ? "/dev/null" : `a/${before.path}`}`),
    fileLine(`+++ ${after === null ? "/dev/null" : `b/${after.path}`}`),
  ];
  if (before !== null && after !== null && before.path !== after.path) {
    const isCase = before.path.toLowerCase() === after.path.toLowerCase();
    lines.push(note(isCase ? "Renamed; the names differ only in case." : "Renamed."));
  }
  if (before?.mode !== after?.mode) {
    lines.push(note(`Mode: ${modeText(before)} -> ${modeText(after)}`));
  }
  return [...lines, ...diffContent(before, after)];
}

const MODES = {
  "100644": "100644 (file)",
  "100755": "100755 (executable)",
  "120000": "120000 (symbolic link)",
  "160000": "160000 (submodule)",
} as const;

function modeText(file: SourceFile | null): string {
  return file === null ? "none" : MODES[file.mode];
}

function diffContent(before: SourceFile | null, after: SourceFile | null): DiffLine[] {
  const [old, now] = [before, after].map((file) => file === null ? "" : textOf(file));
  if (old === null || now === null || old === undefined || now === undefined) {
    return [note(`Not text: ${contentText(before)} -> ${contentText(after)}`)];
  }
  const part = differingPart(old, now);
  const isLarge = part.old.length + part.now.length > MAX_COMPARED;
  const patch = isLarge
    ? undefined
    : structuredPatch("", "", part.old, part.now, undefined, undefined, {
      context: CONTEXT_LINES,
      maxEditLength: MAX_EDITS,
    });
  if (patch === undefined) {
    return [
      note("The texts have little in common; both are shown in full."),
      ...wholeText("removed", "-", part.old),
      ...wholeText("added", "+", part.now),
    ];
  }
  return patch.hunks.flatMap(({ oldStart, oldLines, newStart, newLines, lines }) => [
    shown(
      "hunk",
      `@@ -${range(oldStart + part.skipped, oldLines)} ` +
        `+${range(newStart + part.skipped, newLines)} @@`,
    ),
    ...lines.map((line) => shown(kindOfLine(line), line)),
  ]);
}

/**
 * The lines from the first to the last difference, with context. Otherwise, a file of millions of
 * lines with few differences would take seconds.
 */
function differingPart(
  old: string,
  now: string,
): { readonly old: string; readonly now: string; readonly skipped: number } {
  const shorter = Math.min(old.length, now.length);
  let start = 0;
  while (start < shorter && old.charCodeAt(start) === now.charCodeAt(start)) start++;
  let end = 0;
  const room = shorter - start;
  while (
    end < room &&
    old.charCodeAt(old.length - 1 - end) === now.charCodeAt(now.length - 1 - end)
  ) end++;
  for (let lines = 0; lines <= CONTEXT_LINES && start > 0; lines++) {
    start = start < 2 ? 0 : old.lastIndexOf("\n", start - 2) + 1;
  }
  let tail = old.length - end;
  for (let lines = 0; lines <= CONTEXT_LINES && tail < old.length; lines++) {
    const lineEnd = old.indexOf("\n", tail);
    tail = lineEnd < 0 ? old.length : lineEnd + 1;
  }
  return {
    old: old.slice(start, tail),
    now: now.slice(start, now.length - (old.length - tail)),
    skipped: lineFeedsIn(old, start),
  };
}

function lineFeedsIn(text: string, end: number): number {
  let count = 0;
  for (let at = text.indexOf("\n"); at >= 0 && at < end; at = text.indexOf("\n", at + 1)) count++;
  return count;
}

/** A text line by line, up to half of the limit; the other text gets the other half. */
function wholeText(kind: "removed" | "added", sign: string, text: string): DiffLine[] {
  const lines: DiffLine[] = [];
  for (let start = 0; start < text.length;) {
    if (lines.length >= MAX_LINES / 2) {
      return [...lines, note(`Too many lines were ${kind} to show all.`)];
    }
    const end = text.indexOf("\n", start);
    const lineEnd = end < 0 ? text.length : end;
    lines.push(shown(kind, `${sign}${text.slice(start, lineEnd)}`));
    start = lineEnd + 1;
  }
  return lines;
}

/** An empty range is named by the line before it. */
function range(start: number, count: number): string {
  return `${count === 0 ? start - 1 : start},${count}`;
}

function kindOfLine(line: string): DiffLine["kind"] {
  if (line.startsWith("-")) return "removed";
  if (line.startsWith("+")) return "added";
  return line.startsWith("\\") ? "note" : "context";
}

function contentText(file: SourceFile | null): string {
  if (file === null) return "none";
  const digest = contentDigest(file);
  return `${describeFile(file)}, ${digest === null ? "unknown content" : `SHA-256 ${digest}`}`;
}

function fileLine(text: string): DiffLine {
  return shown("file", text);
}

function note(text: string): DiffLine {
  return shown("note", text.startsWith("\\") ? text : `\\ ${text}`);
}

function shown(kind: DiffLine["kind"], text: string): DiffLine {
  const cut = text.length > MAX_LINE
    ? `${text.slice(0, MAX_LINE)} [${text.length - MAX_LINE} more characters]`
    : text;
  // A path may contain a line feed.
  return { kind, text: madeVisible(cut).replace(/\n/g, "<U+000A>") };
}
