import type { Mirror } from "../mirrors/mirror.ts";
import type { Extents } from "./extents.ts";

/** Where the bytes of a run come from. */
export interface ByteSource {
  /** The mirror that is sending. */
  readonly mirror: Mirror;
  /** The next bytes, valid until the next call; null after the last one. */
  read(): Promise<Uint8Array | null>;
  close(): void;
}

/** Bytes of a file on their way into one of its holes. */
export class Run {
  readonly startedAt = performance.now();
  /** Position of the next byte. */
  position: number;
  /** Resolves when the run has ended, successfully or not. */
  done: Promise<void> = Promise.resolve();
  readonly #controller = new AbortController();
  #source: ByteSource | null = null;

  constructor(
    readonly start: number,
    /** Where it ends at the latest; may be infinite. */
    readonly end: number,
    /** The only mirror to ask; null for any. */
    readonly only: Mirror | null,
  ) {
    this.position = start;
  }

  /** The mirror that is sending; null before one does. */
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

  /** Ends the run here; what is missing is a hole like any other. */
  stop(): void {
    this.#controller.abort();
    this.#source?.close();
  }
}

/** Bytes of a file from `start` to `end`, which is excluded. */
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

  /** All of them, by position. */
  get inOrder(): Run[] {
    return [...this.#runs].sort((one, other) => one.position - other.position);
  }

  add(run: Run): void {
    this.#runs.add(run);
  }

  remove(run: Run): void {
    this.#runs.delete(run);
  }

  /** The run whose next byte is at `position`; null if there is none. */
  at(position: number): Run | null {
    for (const run of this.#runs) if (run.position === position) return run;
    return null;
  }

  /** Where a run will end: at existing bytes, at the start of another run, or at its limit. */
  endOf(run: Run): number {
    return Math.min(run.end, this.nextAfter(run.position));
  }

  /**
   * The first hole from `head` to `limit` that no run fills. Of a run without an end, only the next
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

  /** The position of the next byte from `position` on that is there or expected from another run. */
  nextAfter(position: number): number {
    const starts = [...this.#runs].map((run) => run.position).filter((start) => start > position);
    return Math.min(position + this.#extents.gapAt(position), ...starts);
  }
}
