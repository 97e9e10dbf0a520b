import { Notifier } from "../../async/notifier.ts";
import type { Download } from "./download.ts";
import { RateMeter } from "./rate_meter.ts";

/** A client that reads a download, until disposed. */
export interface DownloadReader extends Disposable {
  /** Its IP address. */
  readonly address: string;
  /** Number of bytes taken. */
  readonly bytes: number;
  /** Bytes per second over the last few seconds. */
  readonly rate: number;
  /** Counts bytes taken. */
  add(count: number): void;
}

/** The downloads in flight that clients wait for. Prefetching makes way for them. */
export class ClientDownloads {
  /** When a client last requested each, in milliseconds of the monotonic clock. */
  readonly #inFlight = new Map<Download, number>();
  readonly #requests = new WeakMap<Download, number>();
  readonly #readers = new WeakMap<Download, Set<DownloadReader>>();
  readonly #changes = new Notifier();
  readonly #now: () => number;

  /** `now` returns milliseconds of a monotonic clock. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Counts a client that wants a download. It counts until the end, even if the client leaves. */
  addClient(download: Download): void {
    const requests = this.requestsFor(download);
    this.#requests.set(download, requests + 1);
    if (requests > 0 && !this.#inFlight.has(download)) return;
    this.#inFlight.set(download, this.#now());
    this.#changes.notify();
    if (requests > 0) return;
    const remove = () => {
      this.#inFlight.delete(download);
      this.#changes.notify();
    };
    download.done.then(remove, remove);
  }

  /** Measures how fast a client at `address` reads a download. */
  addReader(download: Download, address: string): DownloadReader {
    const readers = this.#readers.get(download) ?? new Set();
    this.#readers.set(download, readers);
    const meter = new RateMeter(this.#now);
    let bytes = 0;
    const reader: DownloadReader = {
      address,
      get bytes() {
        return bytes;
      },
      get rate() {
        return meter.rate;
      },
      add: (count) => {
        bytes += count;
        meter.add(count);
      },
      [Symbol.dispose]: () => readers.delete(reader),
    };
    readers.add(reader);
    return reader;
  }

  /** The client that takes the fewest bytes per second of a download; null if nobody reads it. */
  slowestReader(download: Download): DownloadReader | null {
    let slowest: DownloadReader | null = null;
    for (const reader of this.#readers.get(download) ?? []) {
      if (slowest === null || reader.rate < slowest.rate) slowest = reader;
    }
    return slowest;
  }

  /** Whether a client wanted a download, even if it has ended. */
  has(download: Download): boolean {
    return this.#requests.has(download);
  }

  /** How many requests of clients a download has served or is serving. */
  requestsFor(download: Download): number {
    return this.#requests.get(download) ?? 0;
  }

  /** How many downloads for clients are in flight. */
  get count(): number {
    return this.#inFlight.size;
  }

  /**
   * When a client last requested one of the downloads in flight, in milliseconds of the monotonic
   * clock; -Infinity if there are none.
   */
  get lastAskedAt(): number {
    return Math.max(-Infinity, ...this.#inFlight.values());
  }

  /** Resolves when a client requests a download, or one for clients ends. */
  get change(): Promise<void> {
    return this.#changes.next;
  }
}
