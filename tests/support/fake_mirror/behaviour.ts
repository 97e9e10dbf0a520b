/**
 * A place where the fake mirror waits for the test. One gate may hold many responses; once released
 * it stays open.
 */
export class Gate {
  readonly #reached = Promise.withResolvers<void>();
  readonly #released = Promise.withResolvers<void>();

  /** Resolves when the first response has come to the gate (what precedes it has been written). */
  get reached(): Promise<void> {
    return this.#reached.promise;
  }

  /** Lets everything that waits, and everything that will come, pass. */
  release(): void {
    this.#released.resolve();
  }

  /** Called by the mirror: says that a response is here, and resolves when it may go on. */
  pass(): Promise<void> {
    this.#reached.resolve();
    return this.#released.promise;
  }
}

/**
 * One way to answer otherwise than a good mirror. Byte counts are of the response's body, so after
 * `Range: bytes=100-` the first body byte is number 0. Several may be combined in one list.
 */
export type Behaviour =
  /** Nothing wrong; on a path it takes precedence over what "*" says. */
  | { kind: "correct" }
  /** A short text with this status, whatever was asked. */
  | { kind: "status"; code: number; headers?: Record<string, string> }
  /** 200 and a page for people, without validators, as a captive portal answers. */
  | { kind: "html" }
  /** 200 and `Content-Length: 0`, with the file's validators. */
  | { kind: "empty" }
  /**
   * `Content-Length` is off by `difference`. When it is too large the connection closes after the
   * last byte there is; when too small, the body is cut to fit and looks complete.
   */
  | { kind: "wrongLength"; difference: number }
  /** Chunked, no Content-Length. */
  | { kind: "noLength" }
  /** Neither Content-Length nor chunks: the end of the connection is the end of the body. */
  | { kind: "closeDelimited" }
  /** Silence before the status line: `milliseconds`, or until the gate opens, or without end. */
  | { kind: "hangBeforeHeaders"; milliseconds?: number; gate?: Gate }
  /** The body trickles: `bytesPerSecond`, in steps of 50 ms unless told otherwise. */
  | { kind: "slow"; bytesPerSecond: number; stepMilliseconds?: number }
  /** After so many body bytes nothing more comes, and the connection stays open. */
  | { kind: "stallAfter"; bytes: number }
  /** After so many body bytes the connection closes. */
  | { kind: "cutAfter"; bytes: number }
  /** After so many body bytes the response waits for the gate, then goes on. */
  | { kind: "gate"; gate: Gate; bytes: number }
  /** The whole file with 200 to a request with Range. */
  | { kind: "ignoreRange" }
  /** The range, whatever If-Range says. */
  | { kind: "ignoreIfRange" }
  /** 206 with this Content-Range, or with a first byte that is one too far. */
  | { kind: "wrongContentRange"; contentRange?: string }
  /** No Last-Modified, no ETag; conditional requests never match. */
  | { kind: "noValidators" }
  /** The connection closes once the request is read, without a byte of answer. */
  | { kind: "refuse" }
  /** Sends the client elsewhere, with 302 unless told otherwise. */
  | { kind: "redirect"; url: string; code?: 301 | 302 | 303 | 307 | 308 }
  /** Labels the unchanged bytes with a Content-Encoding. */
  | { kind: "contentEncoding"; label: string };

/** Behaviours of one path: those for a number of requests, in order, then the lasting one. */
export class BehaviourQueue {
  readonly #numbered: { behaviours: readonly Behaviour[]; left: number }[] = [];
  #lasting: readonly Behaviour[] | undefined;

  add(behaviours: readonly Behaviour[], times: number | undefined): void {
    if (times === undefined) this.#lasting = behaviours;
    else if (times > 0) this.#numbered.push({ behaviours, left: times });
  }

  /** What the next request meets; undefined when nothing was ordered. */
  take(): readonly Behaviour[] | undefined {
    const first = this.#numbered[0];
    if (first === undefined) return this.#lasting;
    first.left -= 1;
    if (first.left === 0) this.#numbered.shift();
    return first.behaviours;
  }
}
