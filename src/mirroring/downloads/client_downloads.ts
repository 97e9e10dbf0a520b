import type { Download } from "./download.ts";

/** The downloads in flight that clients wait for: those on nobody's request make way for them. */
export class ClientDownloads {
  readonly #inFlight = new Set<Download>();
  readonly #joined = new WeakMap<Download, number>();
  #change = Promise.withResolvers<void>();

  /** Notes that a client takes part in a download. It counts to the end, even if the client leaves. */
  joined(download: Download): void {
    const requests = this.requestsFor(download);
    this.#joined.set(download, requests + 1);
    if (requests > 0) return;
    this.#inFlight.add(download);
    this.#changed();
    const remove = () => {
      this.#inFlight.delete(download);
      this.#changed();
    };
    download.done.then(remove, remove);
  }

  /** Whether a client has taken part in a download, even if that has ended. */
  has(download: Download): boolean {
    return this.#joined.has(download);
  }

  /** How many requests of clients have taken part in a download so far. */
  requestsFor(download: Download): number {
    return this.#joined.get(download) ?? 0;
  }

  /** How many are in flight. */
  get count(): number {
    return this.#inFlight.size;
  }

  /** Resolves when a client joins a download next, or one that clients wait for ends. */
  get change(): Promise<void> {
    return this.#change.promise;
  }

  #changed(): void {
    const { resolve } = this.#change;
    this.#change = Promise.withResolvers<void>();
    resolve();
  }
}
