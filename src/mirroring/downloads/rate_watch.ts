import type { MirrorResponse } from "../mirrors/mirror_response.ts";
import { type Sample, sampleSince } from "../mirrors/throughput.ts";

/** Time spent waiting for a mirror between two checks of its rate. */
const LOOK_MS = 1_000;
/** Checks per stretch. */
const LOOKS = 3;

/** Checks the rate of a body now and then, over one stretch of waiting after another. */
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
   * What has arrived in this stretch, and whether the stretch is complete; null if the next check
   * is not due yet. The longer a stretch, the more certain its rate.
   */
  look(): { sample: Sample; isWhole: boolean } | null {
    const sample = sampleSince(this.#start, this.#body.received);
    if (sample.waitedMs < (this.#looks + 1) * this.#lookMs) return null;
    this.#looks = Math.floor(sample.waitedMs / this.#lookMs);
    const isWhole = this.#looks >= LOOKS;
    if (isWhole) this.#restart();
    return { sample, isWhole };
  }

  /** Checks half as often from now on. */
  slowDown(): void {
    this.#lookMs *= 2;
    this.#restart();
  }

  #restart(): void {
    this.#start = this.#body.received;
    this.#looks = 0;
  }
}
