import { deadline } from "@std/async/deadline";
import { Notifier } from "../../async/notifier.ts";
import { Turns } from "../../async/turns.ts";
import { isTimeout } from "../../errors.ts";
import type { MirrorPool } from "./mirror_pool.ts";

/** Starts transfers in order, each when a mirror in good standing has room for one more. */
export class TransferTurns {
  readonly #pool: Pick<MirrorPool, "isFull">;
  readonly #inTurn = new Turns();
  /** Wakes waiting transfers when another one ends. */
  readonly #ends = new Notifier();

  constructor(pool: Pick<MirrorPool, "isFull">) {
    this.#pool = pool;
  }

  /** Reports that a transfer has ended. */
  recordEnd(): void {
    this.#ends.notify();
  }

  /**
   * Calls `begin` in turn, when there is room or at `until`, in milliseconds of the monotonic
   * clock. The turn ends when the transfer is under way.
   */
  async run<T>(
    begin: () => Promise<T>,
    { until, signal }: { until: number; signal: AbortSignal },
  ): Promise<T> {
    const { begun } = await this.#inTurn.run(async () => {
      await this.#untilRoom(until, signal);
      return { begun: begin() };
    });
    return await begun;
  }

  async #untilRoom(until: number, signal: AbortSignal): Promise<void> {
    for (let remaining; this.#pool.isFull && (remaining = until - performance.now()) > 0;) {
      await deadline(this.#ends.next, remaining, { signal }).catch((error) => {
        if (!isTimeout(error)) throw error;
      });
    }
  }
}
