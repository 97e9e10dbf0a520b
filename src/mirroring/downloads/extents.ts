/** Bytes of a file from `start` on, up to and without `end`. */
interface Stretch {
  start: number;
  end: number;
}

/** Which bytes of a file have arrived: stretches that do not touch, in order. */
export class Extents {
  #stretches: Stretch[];

  /** With the first `prefix` bytes. */
  constructor(prefix = 0) {
    this.#stretches = prefix > 0 ? [{ start: 0, end: prefix }] : [];
  }

  /** How many bytes there are from the start without a hole. */
  get prefix(): number {
    return this.endOf(0);
  }

  /** Whether there is a hole. */
  get hasHoles(): boolean {
    return this.#stretches.length > 1 || this.#stretches.some(({ start }) => start > 0);
  }

  /** How many bytes there are. */
  get count(): number {
    return this.#stretches.reduce((sum, { start, end }) => sum + end - start, 0);
  }

  /** Adds the bytes from `start` to `end`. */
  add(start: number, end: number): void {
    if (start >= end) return;
    const added = { start, end };
    const apart: Stretch[] = [];
    for (const stretch of this.#stretches) {
      if (stretch.end < start || stretch.start > end) {
        apart.push(stretch);
        continue;
      }
      added.start = Math.min(added.start, stretch.start);
      added.end = Math.max(added.end, stretch.end);
    }
    this.#stretches = [...apart, added].sort((one, other) => one.start - other.start);
  }

  /** The end of the stretch that `position` is in or at the end of; `position` if there is none. */
  endOf(position: number): number {
    return this.#stretches.find(({ start, end }) => start <= position && position <= end)?.end ??
      position;
  }

  /** Where the last stretch before `position` ends; 0 if there is none. */
  endBefore(position: number): number {
    return this.#stretches.findLast(({ end }) => end <= position)?.end ?? 0;
  }

  /** How many bytes are missing from `position` to the next one that is there; may be infinite. */
  gapAt(position: number): number {
    const next = this.#stretches.find(({ end }) => end > position);
    return next === undefined ? Infinity : Math.max(0, next.start - position);
  }
}
