import type { Mirror } from "../mirrors/mirror.ts";
import type { Extents } from "./extents.ts";

/** Where the bytes of a run come from. */
export interface ByteSource {
  /** The mirror that sends. */
  readonly mirror: Mirror;
  /** The next bytes, which are gone with the next call; null after the last one. */
  read(): Promise<Uint8Array | null>;
  close(): void;
}

/** Bytes of a file on their way into one of its holes. */
export class Run {
  readonly startedAt = performance.now();
  /** Where the next byte goes. */
  position: number;
  /** Resolves when the run has ended, well or not. */
  done: Promise<void> = Promise.resolve();
  readonly #controller = new AbortController();
  #source: ByteSource | null = null;

  constructor(
    readonly start: number,
    /** Where it ends at the latest; may be infinite. */
    readonly end: number,
    /** The only mirror that is asked; null for any. */
    readonly only: Mirror | null,
  ) {
    this.position = start;
  }

  /** The mirror that sends; null before one does. */
  get mirror(): Mirror | null {
    return this.#source?.mirror ?? this.only;
  }

  /** Bytes per second so far. */
  get rate(): number {
    return (this.position - this.start) / Math.max(1, performance.now() - this.startedAt) * 1000;
  }

  /** Aborted when the run is stopped. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Reads from `source` from here on. */
  readFrom(source: ByteSource): void {
    this.#source = source;
    if (this.signal.aborted) source.close();
  }

  /** Ends the run where it is; what is missing is a hole like any other. */
  stop(): void {
    this.#controller.abort();
    this.#source?.close();
  }
}

/** Bytes of a file from `start` up to and without `end`. */
export interface Hole {
  start: number;
  end: number;
}

/** The runs of one file, and the holes that none of them fills. */
export class Runs {
  readonly #extents: Extents;
  readonly #runs = new Set<Run>();

  constructor(extents: Extents) {
    this.#extents = extents;
  }

  /** All of them, by their positions. */
  get inOrder(): Run[] {
    return [...this.#runs].sort((one, other) => one.position - other.position);
  }

  add(run: Run): void {
    this.#runs.add(run);
  }

  remove(run: Run): void {
    this.#runs.delete(run);
  }

  /** The run that writes at `position` next; null if there is none. */
  at(position: number): Run | null {
    for (const run of this.#runs) if (run.position === position) return run;
    return null;
  }

  /** Where a run will end: where bytes are, or where another run began, or where it should. */
  endOf(run: Run): number {
    return Math.min(run.end, this.nextAfter(run.position));
  }

  /**
   * The first hole from `head` to `limit` that nobody fills. Of a run without an end, only the next
   * `share` bytes count.
   */
  holeFrom(head: number, limit: number, share: (run: Run) => number): Hole | null {
    let start = head;
    for (let before = -1; before !== start;) {
      before = start;
      start = this.#extents.endOf(start);
      for (const run of this.#runs) {
        const isOpen = run.end === Infinity;
        const end = isOpen ? Math.min(run.position + share(run), this.endOf(run)) : run.end;
        if (run.position <= start && start < end) start = end;
      }
    }
    if (start >= limit) return null;
    return { start, end: Math.min(limit, this.nextAfter(start)) };
  }

  /** Where the next byte after `position` is, or will be by another run. */
  nextAfter(position: number): number {
    const starts = [...this.#runs].map((run) => run.position).filter((start) => start > position);
    return Math.min(position + this.#extents.gapAt(position), ...starts);
  }
}
