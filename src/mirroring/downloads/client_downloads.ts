import { Notifier } from "../../async/notifier.ts";
import type { Download } from "./download.ts";

/** The downloads in flight that clients wait for. Prefetching makes way for them. */
export class ClientDownloads {
  readonly #inFlight = new Set<Download>();
  readonly #requests = new WeakMap<Download, number>();
  readonly #changes = new Notifier();

  /** Counts a client that wants a download. It counts to the end, even if the client leaves. */
  addClient(download: Download): void {
    const requests = this.requestsFor(download);
    this.#requests.set(download, requests + 1);
    if (requests > 0) return;
    this.#inFlight.add(download);
    this.#changes.notify();
    const remove = () => {
      this.#inFlight.delete(download);
      this.#changes.notify();
    };
    download.done.then(remove, remove);
  }

  /** Whether a client wanted a download, even if that has ended. */
  has(download: Download): boolean {
    return this.#requests.has(download);
  }

  /** How many requests of clients a download has served or still serves. */
  requestsFor(download: Download): number {
    return this.#requests.get(download) ?? 0;
  }

  /** How many downloads for clients are in flight. */
  get count(): number {
    return this.#inFlight.size;
  }

  /** Resolves when a download for clients begins or ends. */
  get change(): Promise<void> {
    return this.#changes.next;
  }
}
