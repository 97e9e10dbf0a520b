import type { Mirror } from "../mirrors/mirror.ts";

/** Bytes of a file from `start` to `end`, which is excluded, and who sent them. */
export interface Origin {
  start: number;
  end: number;
  mirror: Mirror;
}

/** Which mirror sent which bytes of a file; nothing is known about bytes from an earlier run. */
export class Origins {
  readonly #origins: Origin[] = [];

  /** Records that `mirror` sent the bytes from `start` to `end`, each of which is recorded once. */
  add(start: number, end: number, mirror: Mirror): void {
    if (start >= end) return;
    const before = this.#origins.find((origin) => origin.mirror === mirror && origin.end === start);
    if (before === undefined) this.#origins.push({ start, end, mirror });
    else before.end = end;
  }

  /** Each mirror once, largest share first. */
  get mirrors(): Mirror[] {
    return this.#counts().map(([mirror]) => mirror);
  }

  /** The name of each mirror and its bytes, largest share first. */
  get bytes(): { mirror: string; bytes: number }[] {
    return this.#counts().map(([{ name }, bytes]) => ({ mirror: name, bytes }));
  }

  #counts(): [Mirror, number][] {
    const counts = new Map<Mirror, number>();
    for (const { mirror, start, end } of this.#origins) {
      counts.set(mirror, (counts.get(mirror) ?? 0) + end - start);
    }
    return [...counts].sort(([, one], [, other]) => other - one);
  }

  [Symbol.iterator](): Iterator<Origin> {
    return this.#origins[Symbol.iterator]();
  }
}
