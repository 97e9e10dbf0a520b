import { rateOf, type Sample, sampleSince } from "../mirrors/throughput.ts";
import type { MirrorResponse } from "../mirrors/mirror_response.ts";
import type { Source } from "./mirror_search.ts";

/** How many times faster a second mirror must be: a similar rate is not worth a change. */
const FASTER = 2;
/** A trial ends when this much has arrived, or after this much waiting. */
const TRIAL_BYTES = 256 * 1024;
const TRIAL_MS = 2_000;

export interface ChallengeOptions {
  /** The slow body, and its rate in bytes per second. */
  slow: MirrorResponse;
  bytesPerSecond: number;
  /** Finds a mirror that can take over; ends when the signal is aborted. */
  find: (signal: AbortSignal) => Promise<Source>;
  /** Called with the failure of the second mirror. */
  onFailure: (source: Source, error: unknown) => void;
  /** Called when the second mirror has proved to be much faster. */
  onWon: () => void;
}

/**
 * A second mirror for the same bytes, beside a slow one. For a short trial, it sends ahead into
 * memory while the first one continues, and wins if it is much faster.
 */
export class Challenge {
  /** Whether the second mirror has proved to be much faster. */
  hasWon = false;
  /** Whether the trial has ended, either way. */
  isOver = false;
  readonly #options: ChallengeOptions;
  readonly #controller = new AbortController();
  readonly #before: Sample;
  readonly #outcome: Promise<Source | null>;
  #source: Source | null = null;
  #isWanted = false;

  constructor(options: ChallengeOptions) {
    this.#options = options;
    this.#before = options.slow.received;
    this.#outcome = this.#run().catch(() => null).finally(() => this.isOver = true);
  }

  /** The second mirror, even if slow, for a caller without another one; null if there is none. */
  async take(): Promise<Source | null> {
    this.#isWanted = true;
    return await this.#outcome;
  }

  /** Ends the trial, and closes the second mirror's body. */
  close(): void {
    this.#controller.abort();
    this.#source?.body.close();
  }

  async #run(): Promise<Source | null> {
    const { find, onFailure, onWon } = this.#options;
    const { signal } = this.#controller;
    const source = this.#source = await find(signal);
    const { body } = source;
    try {
      this.hasWon = await this.#isFaster(body);
    } catch (error) {
      body.close();
      if (!signal.aborted) onFailure(source, error);
      return null;
    }
    if (this.hasWon) onWon();
    else if (!this.#isWanted) body.close();
    return this.hasWon || this.#isWanted ? source : null;
  }

  async #isFaster(body: MirrorResponse): Promise<boolean> {
    const { slow, bytesPerSecond } = this.#options;
    const start = body.received;
    let sample = sampleSince(start, body.received);
    for (let peeked = 0; sample.bytes < TRIAL_BYTES && sample.waitedMs < TRIAL_MS;) {
      const { length } = await body.peek(peeked + 1);
      sample = sampleSince(start, body.received);
      if (this.#isWanted || length === peeked) break;
      peeked = length;
    }
    const meanwhile = sampleSince(this.#before, slow.received);
    const slowRate = Math.max(bytesPerSecond, meanwhile.waitedMs > 0 ? rateOf(meanwhile) : 0);
    return rateOf(sample) >= FASTER * slowRate;
  }
}
