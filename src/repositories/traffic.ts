/** Where bytes of a file go. */
export interface Delivery {
  /** The client's address. */
  readonly client: string;
  /** The repository's directory. */
  readonly directory: string;
  /** Whether the request was served without a mirror. */
  readonly isSaved: boolean;
}

/** Counts the bytes of files while they are sent. */
export interface Traffic {
  addBytesServed(count: number, delivery: Delivery): void;
  /** `directory` is the repository's. */
  addBytesFetched(count: number, directory: string): void;
}

/** What is known about a body during and after sending. */
export interface SentBody {
  /**
   * How many bytes have been sent: a client that disconnects does not count those that it did not
   * request.
   */
  readonly sent: () => number;
  /** Whether they are counted as `Traffic` while they are sent. */
  readonly isCounted: boolean;
}

const bodies = new WeakMap<Response, SentBody>();

/** Reports how many bytes of a body have been sent. */
export function withSentBytes(response: Response, sent: () => number): Response {
  bodies.set(response, { sent, isCounted: false });
  return response;
}

/** Like `withSentBytes`, for a body that is counted as `Traffic` while it is sent. */
export function countedWhileSent(response: Response, sent: () => number): Response {
  bodies.set(response, { sent, isCounted: true });
  return response;
}

/** Null if the body is sent in one piece, or in a way that does not report progress. */
export function sentBodyOf(response: Response): SentBody | null {
  return bodies.get(response) ?? null;
}
