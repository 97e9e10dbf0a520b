import type { RepositoryFile, RepositoryTree } from "./repository.ts";

/** What a path such as `core@2026-11-20/os/x86_64` selects: the files as served at that time. */
export type PublishedView =
  | {
    /** The text after the "@". */
    readonly text: string;
    /** Its day, minute or second, in milliseconds since the epoch; `end` is excluded. */
    readonly start: number;
    readonly end: number;
  }
  | { readonly text: string; readonly generation: number };

/** A `PublishedView`, or the change that awaits signatures and was never published. */
export type View = PublishedView | { readonly text: string; readonly isWaiting: true };

/** A file, and the time for which it is wanted. */
export interface ViewedFile {
  readonly file: RepositoryFile;
  /** Null if the text after the "@" is not a view. */
  readonly view: View | null;
}

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const DAY_MS = 24 * 60 * MINUTE_MS;

const GENERATION = /^[1-9]\d{0,14}$/;
const TIME = /^(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2})(:\d{2})?Z)?$/;

/** The view of the change that awaits signatures. */
export const WAITING = "waiting";

/** What views look like, for error messages. */
export const VIEW_EXAMPLES = "a day such as 2026-11-20, or a time such as 2026-11-20T12:00Z";

/**
 * Reads a view: a day in UTC, an ISO 8601 time in UTC to the minute or second, the number of a
 * generation, or `waiting`. A time selects what was served at its end. Null for any other text.
 */
export function parseView(text: string): View | null {
  if (text === WAITING) return { text, isWaiting: true };
  if (GENERATION.test(text)) return { text, generation: Number(text) };
  const [, day, minute, second] = TIME.exec(text) ?? [];
  if (day === undefined) return null;
  const iso = `${day}T${minute ?? "00:00"}${second ?? ":00"}.000Z`;
  const start = Date.parse(iso);
  // Date.parse takes February 30 for March 2.
  if (Number.isNaN(start) || new Date(start).toISOString() !== iso) return null;
  const length = minute === undefined ? DAY_MS : second === undefined ? MINUTE_MS : SECOND_MS;
  return { text, start, end: start + length };
}

/**
 * The file of a repository at a decoded path that contains a view after the repository's name, or
 * after the first directory if the path does not contain the name; null if there can be none.
 */
export function viewedFileAt(path: string, tree: RepositoryTree): ViewedFile | null {
  const segments = path.split("/");
  for (const [index, segment] of segments.slice(0, -1).entries()) {
    const at = segment.lastIndexOf("@");
    if (at < 1) continue;
    const file = tree.fileAt(segments.with(index, segment.slice(0, at)).join("/"));
    if (file === null || index !== viewIndex(file.repository)) continue;
    return { file, view: parseView(segment.slice(at + 1)) };
  }
  return null;
}

/** The layout of a view's paths, derived from the repository's: `$repo@2026-11-20/os/$arch`. */
export function viewLayout(layout: string, text: string): string {
  const segments = layout.split("/");
  const index = Math.max(0, segments.indexOf("$repo"));
  return segments.with(index, `${segments[index]}@${text}`).join("/");
}

function viewIndex({ directory, name }: RepositoryFile["repository"]): number {
  return Math.max(0, directory.split("/").indexOf(name));
}
