/** Waiting lines beyond this number are lost: the reader is too slow, or has stopped. */
const MAX_WAITING_CHARACTERS = 1024 * 1024;
/** Maximum bytes of one write, which also limits what a failed one loses. */
const MAX_WRITE_CHARACTERS = 64 * 1024;
/** How long a patient line waits for others. */
const PATIENCE_MS = 100;

/** Where lines go, such as the standard output. */
export interface LineOutput {
  /** Writes some of the bytes, at least one, and returns how many. */
  write(bytes: Uint8Array): Promise<number>;
}

/**
 * Writes lines in the background, so that nobody waits for the reader of the output. If it stops
 * reading, lines wait, up to a limit; further ones are lost and counted. Lines that cannot be
 * written, because the reader is gone or the disk is full, are lost too: a daemon must not fail
 * because of its log.
 */
export class LineQueue {
  readonly #output: LineOutput;
  readonly #onLost: (count: number) => void;
  readonly #encoder = new TextEncoder();
  /** With their line feeds. Encoded together, which is cheaper than one by one. */
  #waiting: string[] = [];
  #waitingCharacters = 0;
  #lost = 0;
  /** Whether the last write ended in the middle of a line. */
  #isTorn = false;
  #writing: Promise<void> | null = null;
  /** Whether a line that is not patient waits. */
  #isUrgent = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `onLost` gets the number of lost lines once there is room again. It may add one. */
  constructor(output: LineOutput, onLost: (count: number) => void) {
    this.#output = output;
    this.#onLost = onLost;
  }

  /** Queues a line, given without its line feed. Never blocks and never throws. */
  add(line: string): void {
    this.#isUrgent = true;
    this.addPatient(line);
  }

  /** Like `add`, for one of many lines that are written together a moment later. */
  addPatient(line: string): void {
    const length = line.length + 1;
    if (this.#waitingCharacters + length > MAX_WAITING_CHARACTERS) this.#lost++;
    else {
      this.#waiting.push(`${line}\n`);
      this.#waitingCharacters += length;
    }
    this.#writeSoon();
  }

  /** Resolves when every queued line has been written or lost. */
  async flushed(): Promise<void> {
    this.#isUrgent = this.#waiting.length > 0;
    this.#writeSoon();
    while (this.#writing !== null) await this.#writing;
  }

  get #isDue(): boolean {
    return this.#waiting.length > 0 &&
      (this.#isUrgent || this.#waitingCharacters >= MAX_WRITE_CHARACTERS);
  }

  #writeSoon(): void {
    if (this.#writing !== null) return;
    if (this.#isDue) this.#writing = this.#writeAll();
    else if (this.#waiting.length > 0) {
      this.#timer ??= setTimeout(() => {
        this.#isUrgent = true;
        this.#writeSoon();
      }, PATIENCE_MS);
    }
  }

  async #writeAll(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    try {
      // Lines queued in the same turn go out in one write.
      await Promise.resolve();
      while (this.#isDue) {
        const batch = this.#takeBatch();
        if (this.#waiting.length === 0) this.#isUrgent = false;
        await this.#write(batch);
        if (this.#lost === 0 || this.#waiting.length > 0) continue;
        const lost = this.#lost;
        this.#lost = 0;
        this.#onLost(lost);
      }
    } finally {
      // In the same turn as the last check of the queue: otherwise a line added in between would
      // wait until the next one is added.
      this.#writing = null;
      this.#writeSoon();
    }
  }

  #takeBatch(): string {
    let count = 0;
    let characters = 0;
    do characters += this.#waiting[count++]?.length ?? 0; while (
      count < this.#waiting.length && characters < MAX_WRITE_CHARACTERS
    );
    const batch = this.#waiting.slice(0, count);
    this.#waiting = this.#waiting.slice(count);
    this.#waitingCharacters -= characters;
    return batch.join("");
  }

  async #write(lines: string): Promise<void> {
    // A line must not continue a partial one.
    const bytes = this.#encoder.encode(this.#isTorn ? `\n${lines}` : lines);
    let written = 0;
    try {
      while (written < bytes.length) {
        written += await this.#output.write(bytes.subarray(written));
      }
      this.#isTorn = false;
    } catch {
      if (written > 0) this.#isTorn = bytes[written - 1] !== LINE_FEED;
    }
  }
}

const LINE_FEED = 0x0a;
