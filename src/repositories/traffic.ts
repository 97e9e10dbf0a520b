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

const counted = new WeakSet<Response>();

/** Marks a response whose body is counted as `Traffic` while it is sent, since it may end early. */
export function countedWhileSent(response: Response): Response {
  counted.add(response);
  return response;
}

export function isCountedWhileSent(response: Response): boolean {
  return counted.has(response);
}
