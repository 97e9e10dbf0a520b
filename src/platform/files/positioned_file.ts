import { isDiskQuick, recordDiskCall } from "./disk_pace.ts";

/**
 * A file that several users read and write at any position. Calls are synchronous while the disk is
 * fast: they copy to and from the page cache in microseconds, whereas each call in the background
 * would wait for two threads. After a slow call, calls are made in the background for a while, so
 * that a busy disk delays only users of its files and not the whole daemon.
 */
export class PositionedFile implements Disposable {
  readonly #file: Deno.FsFile;
  readonly #now: () => number;
  /** Position of the descriptor; null if unknown. */
  #position: number | null = null;
  /** The latest call in the background; null if none is running. */
  #running: Promise<unknown> | null = null;

  /** `now` returns milliseconds of a monotonic clock. */
  constructor(file: Deno.FsFile, now: () => number = () => performance.now()) {
    this.#file = file;
    this.#now = now;
  }

  /** Reads into `buffer` from `position` on; returns the number of bytes, or null at the end. */
  read(position: number, buffer: Uint8Array): number | null | Promise<number | null> {
    const file = this.#file;
    return this.#call(position, () => file.readSync(buffer), () => file.read(buffer));
  }

  /** Writes bytes at `position`; returns how many the disk accepted. */
  write(position: number, bytes: Uint8Array): number | Promise<number> {
    const file = this.#file;
    return this.#call(position, () => file.writeSync(bytes), () => file.write(bytes));
  }

  async truncate(length: number): Promise<void> {
    await this.#running;
    await this.#file.truncate(length);
  }

  /** Waits until everything is on the disk. */
  async sync(): Promise<void> {
    await this.#running;
    await this.#file.sync();
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }

  #call<T extends number | null>(
    position: number,
    now: () => T,
    later: () => Promise<T>,
  ): T | Promise<T> {
    const begunAt = this.#now();
    if (this.#running === null && isDiskQuick(begunAt)) {
      try {
        this.#seek(position);
        const count = now();
        this.#position = position + (count ?? 0);
        return count;
      } finally {
        recordDiskCall(begunAt, this.#now());
      }
    }
    // One after another: they share the position of the descriptor.
    const before = this.#running ?? Promise.resolve();
    const call = before.then(() => {
      this.#seek(position);
      return later();
    });
    const ended: Promise<void> = call.then(() => {}, () => {}).then(() => {
      if (this.#running === ended) this.#running = null;
    });
    this.#running = ended;
    return call;
  }

  #seek(position: number): void {
    if (position !== this.#position) this.#file.seekSync(position, Deno.SeekMode.Start);
    this.#position = null;
  }
}
