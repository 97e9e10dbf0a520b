import type { Receipt } from "./client.ts";

/** A failure that the clients should not notice, and whether they did not. */
export interface Trial {
  what: string;
  passed: boolean;
}

/** Everything measured and everything that went wrong: the contents of the closing table. */
export class Ledger {
  /** One for each request to pkgstash. */
  readonly receipts: Receipt[] = [];
  readonly trials: Trial[] = [];
  /** Descriptions of wrong responses. */
  readonly faults: string[] = [];
  /** Three downloads of the same package. */
  readonly firstBytes: { direct?: Receipt; uncached?: Receipt; cached?: Receipt } = {};

  /** Records what a client received; returns false if that is not what was expected. */
  record(receipt: Receipt, expected: { cache: string; end: Receipt["end"] }): boolean {
    this.receipts.push(receipt);
    const { client, file, status, cache, end, isRight, reason } = receipt;
    const what = `${client}, ${file.label}:`;
    const faults: string[] = [];
    if (status !== 200) faults.push(`${what} status ${status}`);
    else if (!isRight) faults.push(`${what} wrong bytes`);
    if (end !== expected.end) faults.push(`${what} ${end} (${reason}), expected ${expected.end}`);
    if (cache !== expected.cache) faults.push(`${what} ${cache}, expected ${expected.cache}`);
    this.faults.push(...faults);
    return faults.length === 0;
  }

  /** Records whether a failure was survived. */
  recordTrial(passed: boolean, what: string): void {
    this.trials.push({ what, passed });
  }

  /** Whether every byte was right and every trial was survived. */
  get isClean(): boolean {
    return this.faults.length === 0 && this.trials.every(({ passed }) => passed);
  }

  get servedBytes(): number {
    return this.receipts.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** The number of complete files with the right SHA-256. */
  get compared(): number {
    return this.receipts.filter(({ end, isRight }) => end === "complete" && isRight).length;
  }

  get clients(): number {
    return new Set(this.receipts.map(({ client }) => client)).size;
  }
}
