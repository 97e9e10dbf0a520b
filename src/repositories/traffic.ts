/** To whom bytes of a file go. */
export interface Delivery {
  /** The address of the client. */
  readonly client: string;
  /** The directory of the repository. */
  readonly directory: string;
  /** Whether no mirror had to send the bytes for this request. */
  readonly isSaved: boolean;
}

/** Where bytes of files are counted while they move. */
export interface Traffic {
  addBytesServed(count: number, delivery: Delivery): void;
  /** `directory` is that of the repository. */
  addBytesFetched(count: number, directory: string): void;
}

/** What is known of a body while it is sent, and after. */
export interface SentBody {
  /** How many bytes have left: what a client that went away did not ask for is not among them. */
  readonly sent: () => number;
  /** Whether they are counted as `Traffic` on their way. */
  readonly isCounted: boolean;
}

const bodies = new WeakMap<Response, SentBody>();

/** Makes known how many bytes of a body have left. */
export function withSentBytes(response: Response, sent: () => number): Response {
  bodies.set(response, { sent, isCounted: false });
  return response;
}

/** As `withSentBytes`, of a body that is counted as `Traffic` while it is sent. */
export function countedWhileSent(response: Response, sent: () => number): Response {
  bodies.set(response, { sent, isCounted: true });
  return response;
}

/** Null if the body is sent in one piece, or by a way that does not tell. */
export function sentBodyOf(response: Response): SentBody | null {
  return bodies.get(response) ?? null;
}
