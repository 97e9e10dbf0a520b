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

/** The message of anything thrown, and what was behind it if the message leaves that out. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { message, cause } = error;
  // An error of ours says it all; the runtime's "fetch failed" says nothing.
  if (error instanceof PkgstashError || !(cause instanceof Error)) return message;
  return `${message}: ${reasonOf(cause)}`;
}
