import { MAX_LOG_PART_BYTES } from "../api/builder.ts";
import { type Clock, SYSTEM_CLOCK } from "../async/clock.ts";
import { Notifier } from "../async/notifier.ts";
import type { DaemonClient } from "./daemon_client.ts";
import { DaemonError } from "./daemon_client.ts";
import { LINE_FEED, LogTail } from "./log_tail.ts";
import { LogText } from "./log_text.ts";

const RETRY_MS = 2_000;
/** Time limit for sending the rest of a log once the job has ended. */
const FINISH_TIMEOUT_MS = 60_000;

/** Share of the limit for the end of the log, which explains a failure. */
const TAIL_SHARE = 1 / 4;
/** The end is kept in memory. */
const MAX_TAIL_BYTES = 1024 * 1024;
/** Room for the two lines about the omitted part. */
const NOTE_BYTES = 256;

/**
 * The log of one job. It is on disk and is sent as fast as the daemon accepts it. So a build never
 * waits for the network, and a daemon that lost the end gets it again. Of a log above the limit, the
 * beginning and the end are kept; the end is sent once the job has ended.
 */
export class JobLog {
  readonly #file: Deno.FsFile;
  readonly #text = new LogText();
  readonly #changes = new Notifier();
  /** Bytes of the beginning to keep. */
  readonly #headBytes: number;
  readonly #tail: LogTail;
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
    const tailBytes = Math.min(MAX_TAIL_BYTES, Math.floor(maxBytes * TAIL_SHARE));
    this.#tail = new LogTail(tailBytes);
    this.#headBytes = Math.max(0, maxBytes - tailBytes - NOTE_BYTES);
    this.#sending = this.#send(client, job, clock);
  }

  /** Adds output of the build. */
  readonly add = (bytes: Uint8Array): void => {
    this.#append(this.#text.add(bytes));
  };

  /** Adds a line of the builder's own. */
  note(line: string): void {
    this.#append(`${this.#text.finish()}==> pkgstash-builder: ${line}\n`);
  }

  /** Sends the rest, as long as that makes progress, and closes the log. */
  async finish(): Promise<void> {
    this.#append(this.#text.finish());
    this.#write(this.#tail.take());
    this.#hasEnded = true;
    this.#changes.notify();
    const timer = setTimeout(() => this.#stop.abort(), FINISH_TIMEOUT_MS);
    await this.#sending;
    clearTimeout(timer);
    this.#file.close();
  }

  /** Closes the log without sending the rest. */
  async drop(): Promise<void> {
    this.#hasEnded = true;
    this.#stop.abort();
    this.#changes.notify();
    await this.#sending;
    this.#file.close();
  }

  #append(text: string): void {
    if (text === "" || this.#hasEnded) return;
    const bytes = new TextEncoder().encode(text);
    if (this.#isFull) return this.#tail.add(bytes);
    const room = this.#headBytes - this.#size;
    if (bytes.length <= room) return this.#write(bytes);
    this.#isFull = true;
    const lineEnd = bytes.subarray(0, room).lastIndexOf(LINE_FEED) + 1;
    this.#write(bytes.subarray(0, lineEnd));
    this.#write(new TextEncoder().encode(
      "==> The log is above the limit: only its end follows, once the job has ended.\n",
    ));
    this.#tail.add(bytes.subarray(lineEnd));
  }

  #write(bytes: Uint8Array): void {
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
