import { MAX_LOG_PART_BYTES } from "../api/builder.ts";
import { type Clock, SYSTEM_CLOCK } from "../async/clock.ts";
import { Notifier } from "../async/notifier.ts";
import type { DaemonClient } from "./daemon_client.ts";
import { DaemonError } from "./daemon_client.ts";
import { LogText } from "./log_text.ts";

const RETRY_MS = 2_000;
/** How long the end of a log may take to arrive once the job has ended. */
const FINISH_TIMEOUT_MS = 60_000;

const END_NOTE = new TextEncoder().encode(
  "\n==> The log ends here: it is longer than allowed.\n",
);

/**
 * The log of one job. All of it is on disk, up to its cap, and goes to the daemon as fast as that
 * takes it; so a build never waits for the network, and a daemon that lost the end gets it again.
 */
export class JobLog {
  readonly #file: Deno.FsFile;
  readonly #text = new LogText();
  readonly #changes = new Notifier();
  readonly #maxBytes: number;
  readonly #stop = new AbortController();
  readonly #sending: Promise<void>;
  #size = 0;
  #isFull = false;
  #hasEnded = false;

  /** `path` is a new file. */
  constructor(
    path: string,
    { client, job, maxBytes, clock = SYSTEM_CLOCK }: {
      readonly client: Pick<DaemonClient, "appendLog">;
      readonly job: string;
      readonly maxBytes: number;
      readonly clock?: Clock;
    },
  ) {
    this.#file = Deno.openSync(path, { read: true, write: true, createNew: true, mode: 0o600 });
    this.#maxBytes = Math.max(0, maxBytes - END_NOTE.length);
    this.#sending = this.#send(client, job, clock);
  }

  /** Adds what a build printed. */
  readonly add = (bytes: Uint8Array): void => {
    this.#append(this.#text.add(bytes));
  };

  /** Adds a line of the builder's own. */
  note(line: string): void {
    this.#append(`${this.#text.finish()}==> pkgstash-builder: ${line}\n`);
  }

  /** Sends the rest, for as long as that gets on, and closes the log. */
  async finish(): Promise<void> {
    this.#append(this.#text.finish());
    this.#hasEnded = true;
    this.#changes.notify();
    const timer = setTimeout(() => this.#stop.abort(), FINISH_TIMEOUT_MS);
    await this.#sending;
    clearTimeout(timer);
    this.#file.close();
  }

  /** Closes the log at once: nobody wants the rest. */
  async drop(): Promise<void> {
    this.#hasEnded = true;
    this.#stop.abort();
    this.#changes.notify();
    await this.#sending;
    this.#file.close();
  }

  #append(text: string): void {
    if (text === "" || this.#isFull || this.#hasEnded) return;
    let bytes = new TextEncoder().encode(text);
    if (this.#size + bytes.length > this.#maxBytes) {
      this.#isFull = true;
      const note = new TextEncoder().encode(
        `\n==> The log ends here: it is longer than allowed.\n`,
      );
      const room = Math.max(0, this.#maxBytes - this.#size - note.length);
      bytes = new Uint8Array([...bytes.subarray(0, room), ...note]);
    }
    this.#file.seekSync(this.#size, Deno.SeekMode.Start);
    for (let written = 0; written < bytes.length;) {
      written += this.#file.writeSync(bytes.subarray(written));
    }
    this.#size += bytes.length;
    this.#changes.notify();
  }

  async #send(
    client: Pick<DaemonClient, "appendLog">,
    job: string,
    clock: Clock,
  ): Promise<void> {
    let offset = 0;
    while (!this.#stop.signal.aborted) {
      if (offset >= this.#size) {
        if (this.#hasEnded) return;
        await this.#changes.next;
        continue;
      }
      try {
        const answer = await client.appendLog(job, offset, this.#part(offset));
        if (answer.full) return;
        offset = answer.next_offset;
      } catch (error) {
        if (!(error instanceof DaemonError) || error.kind !== "unreachable") return;
        await clock.sleep(RETRY_MS, this.#stop.signal);
      }
    }
  }

  #part(offset: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(Math.min(MAX_LOG_PART_BYTES, this.#size - offset));
    this.#file.seekSync(offset, Deno.SeekMode.Start);
    const read = this.#file.readSync(bytes) ?? 0;
    return bytes.subarray(0, read);
  }
}
