/** How many of the latest are remembered. */
const MAX_FINISHED = 20;
/** How many mirrors that failed are named. */
export const MAX_FAILURES = 8;

/** A mirror that was tried and failed, lacked the file, or had another one. */
export interface FailedMirror {
  readonly mirror: string;
  readonly why: string;
  /** Whether it sent wrong bytes, and not just none. */
  readonly isRefused: boolean;
}

/** A download that has ended. */
export interface FinishedDownload {
  /** Path below the server's root. */
  readonly key: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly endedAt: number;
  /** Bytes of the file that were there at the end. */
  readonly bytes: number;
  /** Null if it never became known. */
  readonly size: number | null;
  /** Who sent what came now, the one that sent most first. */
  readonly sources: readonly { readonly mirror: string; readonly bytes: number }[];
  /** The first mirrors that failed. */
  readonly failed: readonly FailedMirror[];
  /** How many requests of clients took part; 0 for a prefetch. */
  readonly clients: number;
  /** Why the file was not stored; null if it was. */
  readonly failure: string | null;
}

/** The latest downloads that have ended, for people who look. They are not kept on disk. */
export class FinishedDownloads {
  readonly #finished: FinishedDownload[] = [];
  #listener: ((finished: FinishedDownload) => void) | null = null;

  /** Tells `listener` of each from now on. */
  listen(listener: (finished: FinishedDownload) => void): void {
    this.#listener = listener;
  }

  add(finished: FinishedDownload): void {
    this.#finished.unshift(finished);
    this.#finished.length = Math.min(this.#finished.length, MAX_FINISHED);
    this.#listener?.(finished);
  }

  /** The latest first. */
  list(): readonly FinishedDownload[] {
    return this.#finished;
  }
}
