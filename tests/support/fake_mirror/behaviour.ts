/**
 * Where the fake mirror waits for the test. A gate may hold many responses, and stays open once it
 * has been released.
 */
export class Gate {
  readonly #reached = Promise.withResolvers<void>();
  readonly #released = Promise.withResolvers<void>();

  /** Resolves when the first response is at the gate; what comes before it has been written. */
  get reached(): Promise<void> {
    return this.#reached.promise;
  }

  /** Lets all responses pass, those that wait and those to come. */
  release(): void {
    this.#released.resolve();
  }

  /** Called by the mirror when a response is at the gate; resolves when it may continue. */
  pass(): Promise<void> {
    this.#reached.resolve();
    return this.#released.promise;
  }
}

/**
 * A way in which a response differs from a good mirror's. Offsets are in the response's body, so
 * after `Range: bytes=100-` the first byte has offset 0. A list combines several.
 */
export type Behaviour =
  /** No difference; for a path, it overrides "*". */
  | { kind: "correct" }
  /** A short text with this status, for any request. */
  | { kind: "status"; code: number; headers?: Record<string, string> }
  /** Further headers. */
  | { kind: "headers"; headers: Record<string, string> }
  /** 200 and a web page without validators, like a captive portal's. */
  | { kind: "html" }
  /** 200 and `Content-Length: 0`, with the file's validators. */
  | { kind: "empty" }
  /**
   * `Content-Length` is off by `difference`. If it is too large, the connection closes after the
   * last byte of the file; if too small, the body is truncated and looks complete.
   */
  | { kind: "wrongLength"; difference: number }
  /** Chunked, without Content-Length. */
  | { kind: "noLength" }
  /** Neither Content-Length nor chunks: the body ends with the connection. */
  | { kind: "closeDelimited" }
  /** Silence before the status line, for `milliseconds`, until the gate opens, or forever. */
  | { kind: "hangBeforeHeaders"; milliseconds?: number; gate?: Gate }
  /** The status line and the headers arrive byte by byte, one in `milliseconds`. */
  | { kind: "slowHeaders"; milliseconds: number }
  /** The body arrives at `bytesPerSecond`, in steps of `stepMilliseconds` (50). */
  | { kind: "slow"; bytesPerSecond: number; stepMilliseconds?: number }
  /** Nothing is sent after this many body bytes; the connection stays open. */
  | { kind: "stallAfter"; bytes: number }
  /** The connection closes after this many body bytes. */
  | { kind: "cutAfter"; bytes: number }
  /** The response waits for the gate after this many body bytes. */
  | { kind: "gate"; gate: Gate; bytes: number }
  /** 200 and the whole file for a request with Range. */
  | { kind: "ignoreRange" }
  /** The range, even if If-Range does not match. */
  | { kind: "ignoreIfRange" }
  /** 206 with this Content-Range; by default, its start is off by one. */
  | { kind: "wrongContentRange"; contentRange?: string }
  /** No Last-Modified, no ETag; conditional requests never match. */
  | { kind: "noValidators" }
  /** The connection closes after the request, without a response. */
  | { kind: "refuse" }
  /** Redirects the client, with 302 by default. */
  | { kind: "redirect"; url: string; code?: 301 | 302 | 303 | 307 | 308 }
  /** A Content-Encoding header, although the bytes are unchanged. */
  | { kind: "contentEncoding"; label: string }
  /** A Content-Type header, although the bytes are unchanged. */
  | { kind: "contentType"; label: string };

/** The behaviours ordered for a path: those for a number of requests, in order, then the lasting. */
export class BehaviourQueue {
  readonly #numbered: { behaviours: readonly Behaviour[]; left: number }[] = [];
  #lasting: readonly Behaviour[] | undefined;

  add(behaviours: readonly Behaviour[], times: number | undefined): void {
    if (times === undefined) this.#lasting = behaviours;
    else if (times > 0) this.#numbered.push({ behaviours, left: times });
  }

  /** Takes the behaviours for the next request; undefined if none are ordered. */
  take(): readonly Behaviour[] | undefined {
    const first = this.#numbered[0];
    if (first === undefined) return this.#lasting;
    first.left -= 1;
    if (first.left === 0) this.#numbered.shift();
    return first.behaviours;
  }
}
