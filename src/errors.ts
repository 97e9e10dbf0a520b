/**
 * What went wrong, as a closed set: every surface maps each kind to its own answer, and a new kind
 * does not compile until each of them has decided.
 */
export type ErrorKind =
  | "invalid_config"
  | "invalid_request"
  | "not_found"
  | "upstream"
  | "upstream_timeout"
  | "content"
  | "storage"
  | "conflict"
  | "unauthorized"
  | "forbidden";

/** An error of pkgstash's own: what was being done, with what, why it failed. */
export class PkgstashError extends Error {
  override readonly name = "PkgstashError";

  constructor(readonly kind: ErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
  }
}

/** The message of anything thrown, for a log line or for a longer message around it. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
