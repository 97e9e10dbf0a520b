import { PkgstashError, reasonOf } from "../../errors.ts";
import type { Mirror } from "./mirror.ts";
import { MirrorRefusal } from "./mirror_response.ts";

/** One mirror's failure, for the log and for the error when all have failed. */
export interface MirrorFailure {
  mirror: Mirror;
  error: unknown;
}

/**
 * No mirror could be used. `not_found` if `missing`, `upstream_timeout` if no mirror responded in
 * time, otherwise `upstream`.
 */
export class NoMirrorError extends PkgstashError {
  constructor(fileName: string, readonly failures: readonly MirrorFailure[], missing: boolean) {
    const silent = failures.length > 0 && failures.every(isSilent);
    // A mirror may be asked twice.
    const reasons = new Set(
      failures.map(({ mirror, error }) => `${mirror.name}: ${reasonOf(error)}`),
    );
    super(
      missing ? "not_found" : silent ? "upstream_timeout" : "upstream",
      `Cannot get ${fileName}: ${[...reasons].join("; ") || "no mirror is available"}.`,
    );
  }
}

/** Whether the mirror did not respond in time. */
export function isSilent({ error }: Pick<MirrorFailure, "error">): boolean {
  return error instanceof PkgstashError && error.kind === "upstream_timeout";
}

/** Whether an error means that the file does not exist on the mirrors. */
export function isNotFound(error: unknown): boolean {
  return error instanceof PkgstashError && error.kind === "not_found";
}

/** Whether the mirror works and does not have the file. */
export function isMissing({ error }: MirrorFailure): boolean {
  return error instanceof MirrorRefusal && error.reason === "missing";
}

/** Whether the mirror works and has, or may have, another file than the one begun. */
export function isDifferent({ error }: MirrorFailure): boolean {
  return error instanceof MirrorRefusal && error.reason === "different";
}

/** Whether the mirror was unreachable or busy, so that it may be back in a moment. */
export function isAway({ error }: MirrorFailure): boolean {
  if (error instanceof MirrorRefusal) return error.reason === "busy";
  return !(error instanceof PkgstashError) || isSilent({ error });
}

export interface RaceOptions<T> {
  /** Time without a response after which the next mirror is asked too. */
  raceTimeoutMs: number;
  /** Time after which all mirrors are abandoned. */
  deadlineMs: number;
  signal: AbortSignal;
  /** The next mirror to ask after these failures; null if there is none. */
  next: (failures: readonly MirrorFailure[]) => Mirror | null;
  onFailure: (failure: MirrorFailure) => void;
  /**
   * Whether the failures suffice, so that silent mirrors need not be awaited once all were asked.
   */
  settled: (failures: readonly MirrorFailure[]) => boolean;
  /**
   * Whether to wait, once all mirrors were asked and failed like this, for one that has been silent
   * for `raceTimeoutMs`; by default yes.
   */
  isWorthWaiting?: (mirror: Mirror, failures: readonly MirrorFailure[]) => boolean;
  /** The error when no mirror is left. */
  exhausted: (failures: readonly MirrorFailure[]) => Error;
  /** Releases the response of a mirror that came too late. */
  discard: (value: T) => void;
}

/**
 * Asks mirrors one after another until `ask` succeeds with one: the next one as soon as one fails,
 * or has been silent for `raceTimeoutMs`. The first success wins, and the others are aborted. `ask`
 * must end by itself when its controller is aborted.
 */
export async function raceMirrors<T>(
  ask: (mirror: Mirror, controller: AbortController) => Promise<T>,
  options: RaceOptions<T>,
): Promise<T> {
  const { raceTimeoutMs, deadlineMs, signal } = options;
  signal.throwIfAborted();
  const failures: MirrorFailure[] = [];
  const running = new Map<Mirror, AbortController>();
  /** Mirrors that have been silent for `raceTimeoutMs`. */
  const late = new Set<Mirror>();
  const timers = new Map<Mirror, ReturnType<typeof setTimeout>>();
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  let isOver = false;

  const fail = (mirror: Mirror, error: unknown) => {
    const failure = { mirror, error };
    failures.push(failure);
    options.onFailure(failure);
  };
  const settle = (finish: () => void, winner?: Mirror) => {
    if (isOver) return;
    isOver = true;
    for (const timer of timers.values()) clearTimeout(timer);
    clearTimeout(overall);
    signal.removeEventListener("abort", abort);
    for (const [mirror, controller] of running) {
      if (mirror === winner) continue;
      if (winner !== undefined && late.has(mirror)) fail(mirror, silence(raceTimeoutMs));
      controller.abort();
    }
    finish();
  };
  const abort = () => settle(() => reject(signal.reason));
  const exhaust = () => settle(() => reject(options.exhausted(failures)));
  const giveUp = (silentMs: number) => {
    for (const mirror of running.keys()) fail(mirror, silence(silentMs));
    exhaust();
  };
  const isAwaited = (mirror: Mirror) =>
    !late.has(mirror) || options.isWorthWaiting?.(mirror, failures) !== false;
  const start = () => {
    const mirror = options.next(failures);
    if (mirror === null) {
      if (running.size === 0 || options.settled(failures)) exhaust();
      else if (!running.keys().some(isAwaited)) giveUp(raceTimeoutMs);
      return;
    }
    const controller = new AbortController();
    running.set(mirror, controller);
    ask(mirror, controller).then(
      (value) => {
        if (isOver) options.discard(value);
        else settle(() => resolve(value), mirror);
      },
      (error) => {
        if (isOver) return;
        running.delete(mirror);
        clearTimeout(timers.get(mirror));
        fail(mirror, error);
        start();
      },
    );
    timers.set(
      mirror,
      setTimeout(() => {
        late.add(mirror);
        start();
      }, raceTimeoutMs),
    );
  };
  const overall = setTimeout(() => giveUp(deadlineMs), deadlineMs);
  signal.addEventListener("abort", abort);
  start();
  return await promise;
}

function silence(milliseconds: number): PkgstashError {
  const seconds = Math.round(milliseconds / 10) / 100;
  return new PkgstashError("upstream_timeout", `no response within ${seconds} s`);
}
