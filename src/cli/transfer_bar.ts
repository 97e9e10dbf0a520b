import { LiveRegion } from "./live_region.ts";
import type { Screen } from "./output.ts";
import { barText, bytesText, rateText } from "./quantity.ts";
import { visible } from "./terminal_text.ts";

/** A bar for all files of a call, on the last line of a terminal; nothing if there is none. */
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

  /** Begins with so many bytes to come. */
  begin(total: number): void {
    this.#total = total;
    this.#startedAt = performance.now();
    this.#done = 0;
  }

  /** The bytes of a file as they come, counted. */
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

  /** Draws that so many bytes are done; `what` is said behind it. */
  show(done: number, what: string): void {
    this.#done = done;
    const rate = done / Math.max(0.001, (performance.now() - this.#startedAt) / 1000);
    const share = this.#total === 0 ? 1 : done / this.#total;
    this.#region?.draw([
      `${barText(share, this.#width)} ${bytesText(done)} of ${bytesText(this.#total)}, ` +
      `${rateText(rate)} ${visible(what)}`,
    ]);
  }

  /** Makes way for lines that stay. */
  clear(): void {
    this.#region?.draw([]);
  }
}
