import type { Download } from "../downloads/download.ts";

/** The transfer of one member in the attempt that goes on, for those who want to follow it. */
export class TransferSlot {
  #awaited = Promise.withResolvers<Download | null>();
  #begun = false;

  /** The transfer once it has begun; null when it is over without one. */
  get transfer(): Promise<Download | null> {
    return this.#awaited.promise;
  }

  begin(download: Download): void {
    this.#begun = true;
    this.#awaited.resolve(download);
  }

  /** The attempt came to nothing; whoever asks from now on waits for the next. */
  reset(): void {
    if (!this.#begun) return;
    this.#begun = false;
    this.#awaited = Promise.withResolvers();
  }

  /** There will be no other. */
  end(): void {
    this.#awaited.resolve(null);
  }
}
