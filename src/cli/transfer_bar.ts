import { LiveRegion } from "./live_region.ts";
import type { Screen } from "./output.ts";
import { barText, bytesText, rateText } from "./quantity.ts";
import { visible } from "./terminal_text.ts";

/**
 * A progress bar for all files of a command, on the last line of a terminal. Without a terminal, it
 * does nothing.
 */
export class TransferBar {
  readonly #region: LiveRegion | null;
  readonly #width: number;
  #total = 0;
  #startedAt = performance.now();
  #done = 0;

  constructor(screen: Screen | undefined) {
    this.#region = screen === undefined ? null : new LiveRegion(screen);
    this.#width = Math.min(30, Math.max(10, (screen?.columns ?? 80) - 60));
  }

  /** Starts at zero of `total` bytes. */
  begin(total: number): void {
    this.#total = total;
    this.#startedAt = performance.now();
    this.#done = 0;
  }

  /** Counts the bytes of a file as they pass through. */
  follow(
    name: string,
    bytes: ReadableStream<Uint8Array<ArrayBuffer>>,
  ): ReadableStream<Uint8Array<ArrayBuffer>> {
    return bytes.pipeThrough(
      new TransformStream({
        transform: (chunk, controller) => {
          this.show(this.#done + chunk.length, name);
          controller.enqueue(chunk);
        },
      }),
    );
  }

  /** Draws the bar at `done` bytes, followed by `what`. */
  show(done: number, what: string): void {
    this.#done = done;
    const rate = done / Math.max(0.001, (performance.now() - this.#startedAt) / 1000);
    const share = this.#total === 0 ? 1 : done / this.#total;
    this.#region?.draw([
      `${barText(share, this.#width)} ${bytesText(done)} of ${bytesText(this.#total)}, ` +
      `${rateText(rate)} ${visible(what)}`,
    ]);
  }

  /** Clears the bar before lines are printed. */
  clear(): void {
    this.#region?.draw([]);
  }
}
