/** A fault put into the source on purpose, which the tests must notice. */
export interface Mutant {
  /** Below `src`. */
  readonly file: string;
  /** Text that the file has exactly once. */
  readonly find: string;
  readonly replace: string;
  /** What is broken by it, in one sentence. */
  readonly breaks: string;
  /** The tests that must notice, below `tests/unit`; each is a file, or "file: name of a test". */
  readonly killedBy: readonly string[];
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
