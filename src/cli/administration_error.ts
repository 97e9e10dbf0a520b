import type { ExitCode } from "./exit_code.ts";

/** Why the daemon could not be asked, or what it did not do; the message says what to do. */
export class AdministrationError extends Error {
  override readonly name = "AdministrationError";

  constructor(readonly exitCode: ExitCode, message: string, options?: ErrorOptions) {
    super(message, options);
  }
}
