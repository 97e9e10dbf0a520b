import type { RepositoryFile, RepositoryTree } from "./repository.ts";

/** What a client asks for with a path such as `core@2026-11-20/os/x86_64`: what was served then. */
export type PublishedView =
  | {
    /** As it is written after the "@". */
    readonly text: string;
    /** Its day, minute or second, in milliseconds since the epoch; `end` is excluded. */
    readonly start: number;
    readonly end: number;
  }
  | { readonly text: string; readonly generation: number };

/** As a `PublishedView`, or what waits for signatures and was never published. */
export type View = PublishedView | { readonly text: string; readonly isWaiting: true };

/** A file, and of which time it is wanted. */
export interface ViewedFile {
  readonly file: RepositoryFile;
  /** Null if what is written after the "@" is no view. */
  readonly view: View | null;
}

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const DAY_MS = 24 * 60 * MINUTE_MS;

const GENERATION = /^[1-9]\d{0,14}$/;
const TIME = /^(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2})(:\d{2})?Z)?$/;

/** The view of what waits for signatures. */
export const WAITING = "waiting";

/** What views look like, for an error. */
export const VIEW_EXAMPLES = "a day such as 2026-11-20, or a time such as 2026-11-20T12:00Z";

/**
 * Reads a view: a day of UTC, a time of ISO 8601 in UTC to the minute or second, the number of a
 * generation, or `waiting`. A time means what was served at its end. Null for any other text.
 */
export function parseView(text: string): View | null {
  if (text === WAITING) return { text, isWaiting: true };
  if (GENERATION.test(text)) return { text, generation: Number(text) };
  const [, day, minute, second] = TIME.exec(text) ?? [];
  if (day === undefined) return null;
  const iso = `${day}T${minute ?? "00:00"}${second ?? ":00"}.000Z`;
  const start = Date.parse(iso);
  // Date.parse takes the 30th of February for the 2nd of March.
  if (Number.isNaN(start) || new Date(start).toISOString() !== iso) return null;
  const length = minute === undefined ? DAY_MS : second === undefined ? MINUTE_MS : SECOND_MS;
  return { text, start, end: start + length };
}

/**
 * The file of a repository at a decoded path that has a view after the repository's name, or after
 * the first directory where the path does not have the name; null if there can be none.
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

/** The layout of a view's paths, made of that of the repository: `$repo@2026-11-20/os/$arch`. */
export function viewLayout(layout: string, text: string): string {
  const segments = layout.split("/");
  const index = Math.max(0, segments.indexOf("$repo"));
  return segments.with(index, `${segments[index]}@${text}`).join("/");
}

function viewIndex({ directory, name }: RepositoryFile["repository"]): number {
  return Math.max(0, directory.split("/").indexOf(name));
}
