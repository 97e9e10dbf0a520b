/** How many there are. */
const COUNT = 4;
const BYTES_PER_SECOND = 20e6;

/** What the worker is told. */
export interface SlowMirrorsOrder {
  readonly target: number;
  readonly count: number;
  readonly bytesPerSecond: number;
}

/**
 * Four mirrors with the files of another one, each of which sends 20 MB/s in all, however many
 * connections there are. nginx limits each answer, and lets the first second of it through at once:
 * ranges of a few megabytes would not be limited at all.
 */
export class SlowMirrors implements Disposable {
  readonly ports: readonly [number, ...number[]];
  readonly #worker: Worker;

  private constructor(worker: Worker, ports: readonly [number, ...number[]]) {
    this.#worker = worker;
    this.ports = ports;
  }

  /** Starts them in a thread of their own, in front of the mirror on this port. */
  static async start(target: number): Promise<SlowMirrors> {
    const worker = new Worker(import.meta.resolve("./slow_mirrors_worker.ts"), { type: "module" });
    const ports = await new Promise<[number, ...number[]]>((resolve) => {
      worker.onmessage = ({ data }) => resolve(data);
      const order: SlowMirrorsOrder = { target, count: COUNT, bytesPerSecond: BYTES_PER_SECOND };
      worker.postMessage(order);
    });
    return new SlowMirrors(worker, ports);
  }

  [Symbol.dispose](): void {
    this.#worker.terminate();
  }
}
