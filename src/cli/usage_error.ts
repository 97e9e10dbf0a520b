import { closestString } from "@std/text/closest-string";

/** A command line that is not understood; the message says what to type instead. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** `unknown option "--confg", did you mean "--config"?`, for one word of several. */
export function unknown(what: string, found: string, known: readonly string[]): UsageError {
  return new UsageError(
    known.length === 0
      ? `Unknown ${what} "${found}".`
      : `Unknown ${what} "${found}", did you mean "${closestString(found, known)}"?`,
  );
}
