/** A fault put into the source on purpose, which the tests must notice. */
export interface Mutant {
  /** Below `src`. */
  readonly file: string;
  /** Text that the file has exactly once. */
  readonly find: string;
  readonly replace: string;
  /** What is broken by it, in one sentence. */
  readonly breaks: string;
  /**
   * The tests that must notice, below `tests/unit`; each is a file, or "file: name of a test". Name
   * the test where its whole file takes longer than a second.
   */
  readonly killedBy: readonly string[];
}

/** What `Mutant.killedBy` says: a file below `tests/unit`, and the name of its test unless it means all. */
export function fileAndName(test: string): { file: string; name: string | null } {
  const [file = "", ...name] = test.split(": ");
  return { file, name: name.length === 0 ? null : name.join(": ") };
}

/** The text with the mutant in it. */
export function mutated(text: string, { file, find, replace }: Mutant): string {
  const parts = text.split(find);
  if (parts.length !== 2) {
    throw new Error(
      `Cannot make a mutant of src/${file}: it has the text ${JSON.stringify(find)} ` +
        `${parts.length - 1} times. Bring the list in tests/mutants up to date.`,
    );
  }
  return parts.join(replace);
}
