import { percentile } from "./statistics.ts";

/** How long a subject took to answer small requests while something else went on. */
export interface ProbeFigures {
  readonly longestMs: number;
  /** What 99 of 100 did not exceed. */
  readonly ms99: number;
}

/**
 * Asks for a small file every 5 ms and takes the time until the answer is there: the longest is how
 * long the subject did nothing for anybody. It runs in a thread of its own, so that what this process does
 * beside it is not measured.
 */
export class Probe {
  readonly #worker: Worker;

  private constructor(worker: Worker) {
    this.#worker = worker;
  }

  /** Resolves once the first answer has come. */
  static async start(port: number, path: string): Promise<Probe> {
    const worker = new Worker(import.meta.resolve("./probe_worker.ts"), { type: "module" });
    const probe = new Probe(worker);
    worker.postMessage({ port, path });
    await probe.#answer();
    return probe;
  }

  /** Ends it. */
  async stop(): Promise<ProbeFigures> {
    this.#worker.postMessage("stop");
    try {
      const times = await this.#answer();
      return { longestMs: Math.max(...times), ms99: percentile(times, 99) };
    } finally {
      this.#worker.terminate();
    }
  }

  #answer(): Promise<readonly number[]> {
    return new Promise((resolve, reject) => {
      this.#worker.onmessage = ({ data }) => {
        if (Array.isArray(data)) resolve(data);
        else {
          this.#worker.terminate();
          reject(new Error(`The probe failed: ${data}`));
        }
      };
    });
  }
}
