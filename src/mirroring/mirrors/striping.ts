import type { Mirror } from "./mirror.ts";
import { FAST, type MirrorPool } from "./mirror_pool.ts";
import type { MirrorRequest } from "./mirror_request.ts";

/** How many mirrors send stretches of one file side by side. */
export const MAX_STRIPED_MIRRORS = 4;
/** A mirror with more transfers than this has clients of its own to serve. */
const MAX_TRANSFERS = 3;
/** A mirror this many times slower than the best would only be waited for. */
const MUCH_SLOWER = 4;
/** How long to assume that several mirrors are no faster than one: lines change. */
const NO_GAIN_MS = 600_000;

/** The request for a file to be striped. */
export type StripedRequest = Pick<MirrorRequest, "repository" | "fileName" | "only">;

/** Decides whether files are fetched from several mirrors at once, and from which. */
export class Striping {
  /** Minimum length of such a file, in bytes; 0 for none. */
  thresholdBytes: number;
  readonly #pool: MirrorPool;
  readonly #now: () => number;
  #pausedUntil = -Infinity;

  /** `now` returns milliseconds of a monotonic clock. */
  constructor(
    pool: MirrorPool,
    thresholdBytes: number,
    now: () => number = () => performance.now(),
  ) {
    this.#pool = pool;
    this.thresholdBytes = thresholdBytes;
    this.#now = now;
  }

  /** Whether a file of this length may come from several mirrors. */
  allows(size: number): boolean {
    return this.thresholdBytes > 0 && size >= this.thresholdBytes &&
      this.#now() >= this.#pausedUntil;
  }

  /** Records that several mirrors were no faster than one: the line is full, or this machine is. */
  recordNoGain(): void {
    this.#pausedUntil = this.#now() + NO_GAIN_MS;
  }

  /** The mirrors that may send a stretch now, in the order in which to ask them. */
  mirrors({ repository: { directory }, fileName, only }: StripedRequest): Mirror[] {
    const { ready } = this.#pool.candidates(directory, { directory, fileName });
    const best = Math.min(FAST, Math.max(...ready.map(({ health }) => health.bytesPerSecond ?? 0)));
    return ready.filter((mirror) => {
      const { bytesPerSecond, inFlight } = mirror.health;
      return inFlight < MAX_TRANSFERS && only?.includes(mirror) !== false &&
        (bytesPerSecond ?? best) * MUCH_SLOWER >= best;
    });
  }
}
