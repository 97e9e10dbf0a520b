import { eventLogger } from "../../platform/observability/logging.ts";
import type { Mirror } from "../mirrors/mirror.ts";
import { MAX_STRIPED_MIRRORS, type StripedRequest, type Striping } from "../mirrors/striping.ts";
import { type Sample, sampleSince } from "../mirrors/throughput.ts";
import type { Extents } from "./extents.ts";
import type { Hole, Run, Runs } from "./runs.ts";

const log = eventLogger("download");

const MEGABYTE = 1024 * 1024;
/**
 * Lengths of a stripe: short enough to be given to another mirror, long enough to be worth a
 * request.
 */
const MIN_STRIPE_BYTES = MEGABYTE;
const MAX_STRIPE_BYTES = 4 * MEGABYTE;
/** How long a stripe should take: a reader may wait that long for it. */
const STRIPE_MS = 250;
/**
 * How far stripes may be ahead of a reader: bytes beyond a hole are lost if the daemon is killed.
 */
const WINDOW_BYTES = 32 * MEGABYTE;

/** Interval between two checks of a file's progress. */
const LOOK_MS = 100;
/** How long the first mirror has to reach its full rate. */
const WATCH_MS = 200;
/** A remainder that would arrive sooner than this is not worth further connections. */
const WORTH_MS = 1_000;
/**
 * Minimum share of the time spent waiting for bytes; below it, the disk or processor is too slow.
 */
const MIN_WAITING = 0.5;
/** When to measure the rate with several mirrors, in time since their start. */
const SETTLED_MS = 300;
const MEASURED_MS = 1_300;
/** How many times as fast as one mirror several must be. */
const GAIN = 1.25;
/** A run is not judged before this time. */
const MIN_RUN_MS = 500;
/** How many times sooner another mirror must finish the rest of a run, including the request. */
const SOONER = 2;
const REQUEST_MS = 100;

export interface StripesOptions {
  striping: Striping;
  request: StripedRequest;
  size: number;
  extents: Extents;
  runs: Runs;
  /** What the first mirror has sent, and how long that was waited for. */
  first: { mirror: Mirror; received: Sample };
  /** Starts fetching a hole from a mirror. */
  begin: (hole: Hole, mirror: Mirror) => void;
}

/**
 * Decides which mirrors send which stretches of a file side by side: each free mirror gets the next
 * stretch that a reader will want. This begins when one mirror turns out to be the bottleneck, and
 * ends if several are no faster. The rest of a slow run goes to a mirror that will finish it
 * sooner.
 */
export class Stripes implements Disposable {
  readonly #options: StripesOptions;
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #startedAt = performance.now();
  /** Mirrors that failed, were too slow or have another file. */
  readonly #out = new Set<Mirror>();
  /** Rate of one mirror, in bytes per second, and when others were added; null before. */
  #alone: { rate: number; until: number } | null = null;
  /** The first mirror at the last check. */
  #seen: Sample & { at: number };
  #settled: { count: number; at: number } | null = null;
  #isMeasured = false;
  #isOver = false;

  constructor(options: StripesOptions) {
    this.#options = options;
    this.#seen = { ...options.first.received, at: this.#startedAt };
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
    const { bytesPerSecond } = options.first.mirror.health;
    if (bytesPerSecond !== null) this.#beginIfWorth(bytesPerSecond);
  }

  /** Where a run that begins at `position` should end, so that others can have what follows. */
  endOf(position: number): number {
    return this.#isActive ? position + MAX_STRIPE_BYTES : Infinity;
  }

  /** Accepts no more stripes from a mirror. */
  leave(mirror: Mirror): void {
    this.#out.add(mirror);
  }

  /** Assigns work to each free mirror. */
  plan(): void {
    if (!this.#isActive) return;
    const { extents, runs, begin } = this.#options;
    for (const mirror of this.#freeMirrors()) {
      const front = runs.at(extents.prefix);
      const hole = this.#takenOver(mirror, front === null ? [] : [front]) ??
        this.#nextHole(mirror) ?? this.#takenOver(mirror, runs.inOrder);
      if (hole === null) return;
      begin(hole, mirror);
    }
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    clearInterval(this.#timer);
  }

  get #isActive(): boolean {
    return this.#alone !== null && !this.#isOver;
  }

  #look(): void {
    const now = performance.now();
    if (this.#alone === null) {
      const before = this.#seen;
      const elapsedMs = now - before.at;
      this.#seen = { ...this.#options.first.received, at: now };
      const { bytes, waitedMs } = sampleSince(before, this.#seen);
      if (now - this.#startedAt < WATCH_MS || waitedMs < elapsedMs * MIN_WAITING) return;
      return this.#beginIfWorth(bytes / elapsedMs * 1000);
    }
    if (!this.#isMeasured) this.#measure(now, this.#alone);
    this.plan();
  }

  #beginIfWorth(rate: number): void {
    const { size, extents } = this.#options;
    if ((size - extents.count) / Math.max(1, rate) * 1000 < WORTH_MS) return;
    if (this.#freeMirrors().length === 0) return;
    this.#alone = { rate, until: performance.now() };
    log.debug("fetching from several mirrors", {
      file: this.#options.request.fileName,
      bytes_per_second: Math.round(rate),
    });
    this.plan();
  }

  /** Ends striping if several mirrors are not faster than one. */
  #measure(now: number, alone: { rate: number; until: number }): void {
    const { extents: { count }, striping } = this.#options;
    const activeMs = now - alone.until;
    if (this.#settled === null && activeMs >= SETTLED_MS) this.#settled = { count, at: now };
    if (this.#settled === null || activeMs < MEASURED_MS) return;
    this.#isMeasured = true;
    const rate = (count - this.#settled.count) / (now - this.#settled.at) * 1000;
    if (rate >= GAIN * alone.rate) return;
    log.info("several mirrors are no faster than one", {
      file: this.#options.request.fileName,
      bytes_per_second: Math.round(rate),
      alone: Math.round(alone.rate),
    });
    striping.recordNoGain();
    this.#isOver = true;
  }

  /** The mirrors that may send another stripe now. */
  #freeMirrors(): Mirror[] {
    const { striping, request, runs } = this.#options;
    const busy = new Set(runs.inOrder.map(({ mirror }) => mirror));
    return striping.mirrors(request)
      .filter((mirror) => !busy.has(mirror) && !this.#out.has(mirror))
      .slice(0, Math.max(0, MAX_STRIPED_MIRRORS - busy.size));
  }

  /** The next stripe for a mirror, before all others where readers wait. */
  #nextHole(mirror: Mirror): Hole | null {
    const { extents, runs, size } = this.#options;
    const length = this.#lengthFor(mirror);
    const readers = runs.inOrder.filter(({ end }) => end === Infinity);
    for (const head of [extents.prefix, ...readers.map(({ position }) => position)]) {
      const hole = runs.holeFrom(
        head,
        Math.min(size, head + WINDOW_BYTES),
        (run) => lengthAt(run.rate),
      );
      if (hole !== null) return { ...hole, end: Math.min(hole.end, hole.start + length) };
    }
    return null;
  }

  /** Shorter for slow mirrors, and towards the end, so that all mirrors have something to do. */
  #lengthFor({ health: { bytesPerSecond } }: Mirror): number {
    const { extents, size } = this.#options;
    const share = Math.floor((size - extents.count) / (2 * MAX_STRIPED_MIRRORS));
    return Math.max(MIN_STRIPE_BYTES, Math.min(share, lengthAt(bytesPerSecond ?? 0)));
  }

  /** The rest of the first of these runs that `mirror` would finish much sooner, taken from it. */
  #takenOver(mirror: Mirror, from: readonly Run[]): Hole | null {
    const { runs } = this.#options;
    const { bytesPerSecond } = mirror.health;
    if (bytesPerSecond === null) return null;
    const victim = from.find((run) => {
      if (performance.now() - run.startedAt < MIN_RUN_MS) return false;
      const left = runs.endOf(run) - run.position;
      const soonMs = left / bytesPerSecond * 1000 + REQUEST_MS;
      return left > 0 && left / Math.max(1, run.rate) * 1000 > SOONER * soonMs;
    });
    if (victim === undefined) return null;
    const { position: start } = victim;
    const end = Math.min(runs.endOf(victim), start + MAX_STRIPE_BYTES, this.#options.size);
    if (victim.mirror !== null) this.#out.add(victim.mirror);
    runs.remove(victim);
    victim.stop();
    return { start, end };
  }
}

/** The length of a stripe for a mirror with this rate, in bytes. */
function lengthAt(bytesPerSecond: number): number {
  const length = Math.floor(bytesPerSecond * STRIPE_MS / 1000);
  return Math.max(MIN_STRIPE_BYTES, Math.min(MAX_STRIPE_BYTES, length));
}
