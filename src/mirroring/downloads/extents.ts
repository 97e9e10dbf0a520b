/** Bytes of a file from `start` to `end`, which is excluded. */
interface Stretch {
  start: number;
  end: number;
}

/** Which bytes of a file have arrived: separate stretches, in order. */
export class Extents {
  #stretches: Stretch[];

  /** Starts with the first `prefix` bytes. */
  constructor(prefix = 0) {
    this.#stretches = prefix > 0 ? [{ start: 0, end: prefix }] : [];
  }

  /** Number of bytes from the start to the first hole. */
  get prefix(): number {
    return this.endOf(0);
  }

  /** Whether there is a hole. */
  get hasHoles(): boolean {
    return this.#stretches.length > 1 || this.#stretches.some(({ start }) => start > 0);
  }

  /** Number of bytes in total. */
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

  /** The end of the stretch that contains or ends at `position`; `position` if there is none. */
  endOf(position: number): number {
    return this.#stretches.find(({ start, end }) => start <= position && position <= end)?.end ??
      position;
  }

  /** The end of the last stretch before `position`; 0 if there is none. */
  endBefore(position: number): number {
    return this.#stretches.findLast(({ end }) => end <= position)?.end ?? 0;
  }

  /** Number of bytes missing from `position` to the next stretch; may be infinite. */
  gapAt(position: number): number {
    const next = this.#stretches.find(({ end }) => end > position);
    return next === undefined ? Infinity : Math.max(0, next.start - position);
  }
}
