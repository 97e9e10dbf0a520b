/** How many of the latest to remember. */
const MAX_FINISHED = 20;
/** How many failed mirrors to name. */
export const MAX_FAILURES = 8;

/** A mirror that was tried and failed, lacked the file, or had another one. */
export interface FailedMirror {
  readonly mirror: string;
  readonly why: string;
  /** Whether it sent wrong bytes rather than none. */
  readonly isRefused: boolean;
}

/** A finished download. */
export interface FinishedDownload {
  /** Path below the server's root. */
  readonly key: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly endedAt: number;
  /** Bytes of the file at the end. */
  readonly bytes: number;
  /** Null if it never became known. */
  readonly size: number | null;
  /** The mirrors whose bytes arrived in this run, largest share first. */
  readonly sources: readonly { readonly mirror: string; readonly bytes: number }[];
  /** The first failed mirrors. */
  readonly failed: readonly FailedMirror[];
  /** Number of requests of clients that took part; 0 for a prefetch. */
  readonly clients: number;
  /** Why the file was not stored; null if it was. */
  readonly failure: string | null;
}

/** The latest finished downloads, for display. Not kept on disk. */
export class FinishedDownloads {
  readonly #finished: FinishedDownload[] = [];
  #listener: ((finished: FinishedDownload) => void) | null = null;

  /** Sends each further one to `listener`. */
  listen(listener: (finished: FinishedDownload) => void): void {
    this.#listener = listener;
  }

  add(finished: FinishedDownload): void {
    this.#finished.unshift(finished);
    this.#finished.length = Math.min(this.#finished.length, MAX_FINISHED);
    this.#listener?.(finished);
  }

  /** Latest first. */
  list(): readonly FinishedDownload[] {
    return this.#finished;
  }
}
