/**
 * The closed set of error kinds. HTTP responses, exit codes and the log each map every kind with a
 * `Record<ErrorKind, ...>`, so a new kind does not compile until all of them handle it.
 */
export type ErrorKind =
  /** The configuration has problems; the administrator can fix them. */
  | "invalid_config"
  /** The client's request is invalid. */
  | "invalid_request"
  /** The file or thing does not exist, here or on any mirror. */
  | "not_found"
  /** No mirror delivered what was needed. */
  | "upstream"
  /** No mirror responded in time. */
  | "upstream_timeout"
  /** The content is wrong: a damaged archive, a wrong checksum. */
  | "content"
  /** The disk failed, is full, or is not writable. */
  | "storage"
  /** The current state does not allow this: something else holds, pins or is doing it. */
  | "conflict"
  /** The request has no token, or the wrong one. */
  | "unauthorized"
  /** Nobody may make the request at present. */
  | "forbidden";

/**
 * An error of pkgstash itself, with a message for people in one form:
 * `Cannot <do> <what>: <why>. <What to do>.`
 */
export class PkgstashError extends Error {
  override readonly name = "PkgstashError";

  constructor(readonly kind: ErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
  }
}

/**
 * Turns a fault in content that a client sent into a fault of its request; other errors are
 * returned unchanged.
 */
export function asFaultOfRequest(error: unknown, prefix = ""): unknown {
  if (!(error instanceof PkgstashError) || error.kind !== "content") return error;
  return new PkgstashError("invalid_request", prefix + error.message, { cause: error });
}

/**
 * The reason for anything thrown, for use in a sentence: the message without its full stop,
 * followed by its cause if the message omits it.
 */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const message = error.message.replace(/\.$/, "");
  const connection = CONNECTION_FAILURE.exec(message)?.[1];
  if (connection !== undefined) return connection;
  // Our messages include their cause; the runtime's do not ("fetch failed").
  if (error instanceof PkgstashError || !(error.cause instanceof Error)) return message;
  const cause = reasonOf(error.cause);
  return message === "fetch failed" ? cause : `${message}: ${cause}`;
}

/**
 * How `fetch` reports what went wrong with a connection: behind the URL, which the caller names, and
 * whose query may grant access.
 */
const CONNECTION_FAILURE =
  /^error sending request (?:for url \(.+?\)|from \S+ for \S+ \(\S+\)): (?:client error \(\w+\): )?(.+)$/s;

/** Whether too many files are open, in this process or in the system (EMFILE, ENFILE). */
export function isOutOfFiles(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return /\(os error (?:23|24)\)/.test(error.message) || isOutOfFiles(error.cause);
}

/** Whether a `deadline`, or the time of an `AbortSignal.timeout`, has passed. */
export function isTimeout(error: unknown): boolean {
  return error instanceof DOMException && error.name === "TimeoutError";
}
