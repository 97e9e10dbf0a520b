import type { Receipt } from "./client.ts";

/** Something that had to be survived, and whether it was. */
export interface Trial {
  what: string;
  passed: boolean;
}

/** All that was measured and all that went wrong; the closing table is made from it alone. */
export class Ledger {
  /** Of requests to pkgstash. */
  readonly receipts: Receipt[] = [];
  readonly trials: Trial[] = [];
  /** What clients got and should not have got. */
  readonly faults: string[] = [];
  /** The same file by three ways. */
  readonly firstBytes: { direct?: Receipt; uncached?: Receipt; cached?: Receipt } = {};

  /** Notes what a client got; everything but the deliberate has to be right and complete. */
  receive(receipt: Receipt, expected: { cache: string; end: Receipt["end"] }): boolean {
    this.receipts.push(receipt);
    const { client, file, status, cache, end, isRight, reason } = receipt;
    const who = `${client}, ${file.label}:`;
    const faults: string[] = [];
    if (status !== 200) faults.push(`${who} answered with status ${status}`);
    else if (!isRight) faults.push(`${who} other bytes than the original's`);
    if (end !== expected.end) faults.push(`${who} ${end} (${reason}), was to be ${expected.end}`);
    if (cache !== expected.cache) faults.push(`${who} ${cache}, was to be ${expected.cache}`);
    this.faults.push(...faults);
    return faults.length === 0;
  }

  /** Notes that something was survived, or was not. */
  survive(passed: boolean, what: string): void {
    this.trials.push({ what, passed });
  }

  /** Whether every byte was right and everything was survived. */
  get isClean(): boolean {
    return this.faults.length === 0 && this.trials.every(({ passed }) => passed);
  }

  get served(): number {
    return this.receipts.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Bodies that came to their end with the right SHA-256. */
  get compared(): number {
    return this.receipts.filter(({ end, isRight }) => end === "complete" && isRight).length;
  }

  get clients(): number {
    return new Set(this.receipts.map(({ client }) => client)).size;
  }
}
