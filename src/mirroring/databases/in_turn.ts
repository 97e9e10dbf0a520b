import { Pace } from "./pace.ts";

/** How often to check attempts in flight. */
const WATCH_INTERVAL_MS = 50;
/** More would only share the line. */
const MAX_AT_ONCE = 2;

export interface InTurnOptions<C, R> {
  /** What to try, in order; `attempt` may append to it. */
  candidates: C[];
  /** Must end soon after its signal is aborted. */
  attempt: (candidate: C, pace: Pace, signal: AbortSignal) => Promise<R>;
  /** Called for an attempt abandoned because another one was faster. */
  onSlow: (candidate: C) => void;
  /** Time for a mirror to respond before the next one is asked as well. */
  raceTimeoutMs: number;
  /** Time in which an attempt should finish; the next one begins when it is going to miss it. */
  budgetMs: number;
  signal: AbortSignal;
}

/** The outcome of an attempt. */
export type Attempted<C, R> =
  | { candidate: C; result: R }
  | { candidate: C; error: unknown };

interface Running<C, R> {
  candidate: C;
  pace: Pace;
  controller: AbortController;
  ended: Promise<Attempted<C, R>>;
}

/**
 * Makes attempts one after another, and yields their outcomes. The next one also begins when those
 * in flight are late; they continue beside it, except that the slowest of three is abandoned.
 * Leaving the iteration cancels those in flight.
 */
export async function* inTurn<C, R>(options: InTurnOptions<C, R>): AsyncGenerator<Attempted<C, R>> {
  const { candidates, attempt, onSlow, signal } = options;
  const running = new Set<Running<C, R>>();
  const giveUp = (slow: Running<C, R>) => {
    running.delete(slow);
    slow.controller.abort();
    onSlow(slow.candidate);
  };
  const begin = (candidate: C) => {
    const pace = new Pace();
    const controller = new AbortController();
    const either = AbortSignal.any([signal, controller.signal]);
    const ended = attempt(candidate, pace, either).then(
      (result) => ({ candidate, result }),
      (error) => ({ candidate, error }),
    );
    running.add({ candidate, pace, controller, ended });
  };
  try {
    while (true) {
      signal.throwIfAborted();
      const [next] = candidates;
      const isLate = [...running].every(({ pace }) => pace.isLate(options));
      if (next !== undefined && isLate) {
        candidates.shift();
        if (running.size === MAX_AT_ONCE) giveUp(slowestOf(running));
        begin(next);
      }
      if (running.size === 0) return;
      const first = await firstToEnd(running, candidates.length > 0);
      if (first === null) continue;
      running.delete(first);
      yield await first.ended;
    }
  } finally {
    for (const one of running) {
      if (one.pace.isLate(options)) onSlow(one.candidate);
      one.controller.abort();
    }
  }
}

/** The attempt that ends first; null if none does before the next check. */
async function firstToEnd<C, R>(
  running: ReadonlySet<Running<C, R>>,
  isWatched: boolean,
): Promise<Running<C, R> | null> {
  const ends: Promise<Running<C, R> | null>[] = [...running].map((one) =>
    one.ended.then(() => one)
  );
  if (!isWatched) return await Promise.race(ends);
  const watch = Promise.withResolvers<null>();
  const timer = setTimeout(() => watch.resolve(null), WATCH_INTERVAL_MS);
  try {
    return await Promise.race([...ends, watch.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function slowestOf<C, R>(running: ReadonlySet<Running<C, R>>): Running<C, R> {
  return [...running].reduce((slowest, one) =>
    one.pace.remainingMs > slowest.pace.remainingMs ? one : slowest
  );
}
