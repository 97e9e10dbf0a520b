/** What the program tells its caller; 0 to 2 are as in bash(1). */
export const EXIT_CODE = {
  ok: 0,
  failure: 1,
  usage: 2,
  unreachable: 3,
  refused: 4,
  unsupported: 5,
} as const;

export type ExitCode = typeof EXIT_CODE[keyof typeof EXIT_CODE];

/** What each of them means, for help. */
export const EXIT_CODE_MEANINGS: readonly (readonly [ExitCode, string])[] = [
  [EXIT_CODE.ok, "Done"],
  [EXIT_CODE.failure, "Failed; the reason is on the standard error"],
  [EXIT_CODE.usage, "The command line was not understood"],
  [EXIT_CODE.unreachable, "The daemon cannot be reached"],
  [EXIT_CODE.refused, "There is no token, or the daemon does not accept it"],
  [EXIT_CODE.unsupported, "What answers is an older pkgstash, or none at all"],
];
