/**
 * The file exists, but no program of this user can read it: no permission, a damaged disk or file
 * system, a directory or a loop of links in its place, or a file in place of its directory.
 */
const CODES: ReadonlySet<unknown> = new Set([
  "EACCES",
  "EPERM",
  "EIO",
  "EUCLEAN",
  "EISDIR",
  "ENOTDIR",
  "ELOOP",
]);

/**
 * Whether an error is the file's own; false for those of this process, such as too many open files.
 */
export function isUnreadable(error: unknown): boolean {
  return error instanceof Error && CODES.has((error as { code?: unknown }).code);
}
