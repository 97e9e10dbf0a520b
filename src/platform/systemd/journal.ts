import { fstatSync } from "node:fs";

/**
 * Device and inode of the journal's socket, if the standard output is connected to it
 * (systemd.exec(5)).
 */
export const JOURNAL_VARIABLE = "JOURNAL_STREAM";

const STDOUT = 1;

/**
 * Whether a file descriptor, by default the standard output, leads to the journal. The variable
 * alone proves nothing: programs inherit it even if their output goes elsewhere.
 */
export function isJournal(
  get: (name: string) => string | undefined,
  descriptor = STDOUT,
): boolean {
  const expected = get(JOURNAL_VARIABLE);
  if (expected === undefined) return false;
  try {
    const { dev, ino } = fstatSync(descriptor, { bigint: true });
    return expected === `${dev}:${ino}`;
  } catch {
    // A closed output does not lead to the journal.
    return false;
  }
}
