import { similarName } from "../config/similar_name.ts";

/** The exit codes of the program; 0 to 2 are as in bash(1). */
export const EXIT_CODE = {
  ok: 0,
  failure: 1,
  usage: 2,
  unreachable: 3,
  refused: 4,
  unsupported: 5,
} as const;

export type ExitCode = typeof EXIT_CODE[keyof typeof EXIT_CODE];

/** What each exit code means, for help. */
export const EXIT_CODE_MEANINGS: readonly (readonly [ExitCode, string])[] = [
  [EXIT_CODE.ok, "Success"],
  [EXIT_CODE.failure, "Failure; standard error states the reason"],
  [EXIT_CODE.usage, "Usage error"],
  [EXIT_CODE.unreachable, "The daemon cannot be reached"],
  [EXIT_CODE.refused, "No token found, or the daemon rejects it"],
  [EXIT_CODE.unsupported, "The server is a different version of pkgstash, or not pkgstash"],
];

/** A command that failed. The message says why and what to do. */
export class AdministrationError extends Error {
  override readonly name = "AdministrationError";
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** An invalid command line. The message says what to type instead. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  /** The command whose help to suggest; null for the program's. */
  readonly command: string | null;

  constructor(message: string, command: string | null = null) {
    super(message);
    this.command = command;
  }
}

/**
 * `Unknown option "--confg" of serve, did you mean "--config"?`; lists all known words if none is
 * similar. `owner` is the command or option in which the word is unknown; null if it is the
 * program.
 */
export function unknown(
  what: string,
  found: string,
  known: readonly string[],
  owner: string | null = null,
): UsageError {
  const where = owner === null ? "" : ` of ${owner}`;
  return new UsageError(`Unknown ${what} "${found}"${where}${adviceFor(found, known)}`);
}

function adviceFor(found: string, known: readonly string[]): string {
  if (known.length === 0) return ".";
  const similar = similarName(found, known);
  return similar === null
    ? `, expected one of ${known.join(", ")}.`
    : `, did you mean "${similar}"?`;
}
