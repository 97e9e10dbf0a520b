import type { Download } from "../downloads/download.ts";

/** The download of one member in the current attempt of a refresh, for clients that follow it. */
export class TransferSlot {
  #awaited = Promise.withResolvers<Download | null>();
  #hasBegun = false;

  /** The download once it has begun; null when the refresh has ended without one. */
  get transfer(): Promise<Download | null> {
    return this.#awaited.promise;
  }

  begin(download: Download): void {
    this.#hasBegun = true;
    this.#awaited.resolve(download);
  }

  /** Ends an attempt that failed: clients that ask from now on wait for the next. */
  reset(): void {
    if (!this.#hasBegun) return;
    this.#hasBegun = false;
    this.#awaited = Promise.withResolvers();
  }

  /** Ends the refresh. */
  end(): void {
    this.#awaited.resolve(null);
  }
}
