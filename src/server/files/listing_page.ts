import { escape } from "@std/html/entities";
import { eventLoopTurn } from "../../async/event_loop_turn.ts";
import { Notifier } from "../../async/notifier.ts";
import { bytesText } from "../../config/quantities.ts";

/** Rows to make in one turn of the event loop: about 5 ms of work, and 100 kB of the page. */
const ROWS_PER_TURN = 500;

/** One row of a page. */
export interface Row {
  /** The text of the link and, percent-encoded, its target. */
  readonly name: string;
  /** Bytes. */
  readonly size?: number;
  /** Milliseconds since the epoch; 0 if unknown. */
  readonly modified?: number;
}

/** A page that lists a directory. It is made bit by bit, and sent to many clients meanwhile. */
export class ListingPage {
  /** Resolves once the page is complete. */
  readonly done: Promise<void>;
  readonly #begun = Promise.withResolvers<void>();
  readonly #chunks: Uint8Array<ArrayBuffer>[] = [];
  readonly #progress = new Notifier();
  #isDone = false;
  readonly #readers = new Set<object>();
  #failure: unknown = null;

  /** `directory` has no slash at either end. */
  constructor(directory: string, rows: Promise<readonly Row[]>) {
    this.done = this.#make(`/${directory}${directory === "" ? "" : "/"}`, rows);
    this.done.catch((error) => {
      this.#failure = error;
      this.#begun.reject(error);
      this.#progress.notify();
    });
    // Reported by `respond`.
    this.#begun.promise.catch(() => {});
  }

  /** The size so far, in bytes. */
  get bytes(): number {
    return this.#chunks.reduce((sum, { length }) => sum + length, 0);
  }

  /** Whether a client is still being sent the page. */
  get isRead(): boolean {
    return this.#readers.size > 0;
  }

  /** A response with the page, complete or not. */
  async respond(): Promise<Response> {
    await this.#begun.promise;
    return new Response(this.#stream(), {
      headers: {
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
        ...(this.#isDone ? { "content-length": `${this.bytes}` } : {}),
      },
    });
  }

  async #make(title: string, rows: Promise<readonly Row[]>): Promise<void> {
    const all = await rows;
    this.#add(headOf(title));
    this.#begun.resolve();
    for (let start = 0; start < all.length; start += ROWS_PER_TURN) {
      this.#add(all.slice(start, start + ROWS_PER_TURN).map(rowText).join(""));
      if (start + ROWS_PER_TURN < all.length) await eventLoopTurn();
    }
    this.#add("</table></body></html>\n");
    this.#isDone = true;
    this.#progress.notify();
  }

  #add(text: string): void {
    this.#chunks.push(new TextEncoder().encode(text));
    this.#progress.notify();
  }

  /** All clients share the chunks; each gets one when it has room for it. */
  #stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    let next = 0;
    const reader = {};
    this.#readers.add(reader);
    return new ReadableStream({
      pull: async (controller) => {
        for (;;) {
          const chunk = this.#chunks[next];
          if (chunk !== undefined) {
            next++;
            controller.enqueue(chunk);
            return;
          }
          if (this.#isDone || this.#failure !== null) break;
          await this.#progress.next;
        }
        this.#readers.delete(reader);
        if (this.#failure !== null) throw this.#failure;
        controller.close();
      },
      cancel: () => {
        this.#readers.delete(reader);
      },
    }, { highWaterMark: 0 });
  }
}

/** A relative link. Without the dot, "name-1:2.0" would be a URL with the scheme "name-1". */
function linkTo(name: string): string {
  return escape(`./${encodeURI(name).replace(/[?#]/g, encodeURIComponent)}`);
}

function rowText({ name, size, modified = 0 }: Row): string {
  const date = modified === 0
    ? ""
    : new Date(modified).toISOString().slice(0, 16).replace("T", " ");
  return `<tr><td><a href="${linkTo(name)}">${escape(name)}</a></td><td class="n">${
    size === undefined ? "" : bytesText(size)
  }</td><td>${date}</td></tr>\n`;
}

function headOf(title: string): string {
  return `<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>${escape(title)}</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem }
table { border-collapse: collapse; width: 100% }
td, th { padding: .1rem 1rem .1rem 0; text-align: left; overflow-wrap: anywhere }
.n { text-align: right; white-space: nowrap }
</style></head>
<body><h1>${escape(title)}</h1>
<table><tr><th>Name</th><th class="n">Size</th><th>Date (UTC)</th></tr>
`;
}
