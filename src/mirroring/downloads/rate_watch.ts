import type { MirrorResponse } from "../mirrors/mirror_response.ts";
import { type Sample, sampleSince } from "../mirrors/throughput.ts";

/** Time of waiting for a mirror from one look at its rate to the next. */
const LOOK_MS = 1_000;
/** The looks of one stretch. */
const LOOKS = 3;

/** Looks at the rate of a body now and then, over one stretch of waiting after another. */
export class RateWatch {
  readonly #body: MirrorResponse;
  #start: Sample;
  #lookMs = LOOK_MS;
  #looks = 0;

  constructor(body: MirrorResponse) {
    this.#body = body;
    this.#start = body.received;
  }

  /**
   * What has come in this stretch, and whether that is all of it; null if the next look is not due
   * yet. The longer a stretch, the surer its rate.
   */
  look(): { sample: Sample; isWhole: boolean } | null {
    const sample = sampleSince(this.#start, this.#body.received);
    if (sample.waitedMs < (this.#looks + 1) * this.#lookMs) return null;
    this.#looks = Math.floor(sample.waitedMs / this.#lookMs);
    const isWhole = this.#looks >= LOOKS;
    if (isWhole) this.#restart();
    return { sample, isWhole };
  }

  /** Looks half as often from now on. */
  slowDown(): void {
    this.#lookMs *= 2;
    this.#restart();
  }

  #restart(): void {
    this.#start = this.#body.received;
    this.#looks = 0;
  }
}
