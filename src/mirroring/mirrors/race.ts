import { PkgstashError, reasonOf } from "../../errors.ts";
import type { Mirror } from "./mirror.ts";
import { MirrorRefusal } from "./mirror_response.ts";

/** One mirror's failure, for the log and for the message when all have failed. */
export interface MirrorFailure {
  mirror: Mirror;
  error: unknown;
}

/**
 * No mirror could be used; `not_found` when that is what they say, `upstream_timeout` when none of
 * them said anything, otherwise `upstream`.
 */
export class NoMirrorError extends PkgstashError {
  constructor(what: string, readonly failures: readonly MirrorFailure[], missing: boolean) {
    const silent = failures.length > 0 && failures.every(isSilent);
    super(
      missing ? "not_found" : silent ? "upstream_timeout" : "upstream",
      `Cannot get ${what}: ` +
        (failures.length === 0
          ? "there is no mirror for it"
          : failures.map(({ mirror, error }) => `${mirror.name}: ${reasonOf(error)}`).join("; ")),
    );
  }
}

function isSilent({ error }: MirrorFailure): boolean {
  return error instanceof PkgstashError && error.kind === "upstream_timeout";
}

/** Whether a mirror works and said that it does not have the file. */
export function isMissing({ error }: MirrorFailure): boolean {
  return error instanceof MirrorRefusal && error.reason === "missing";
}

/** Whether a mirror works and has, or may have, another file than the one that was begun. */
export function isDifferent({ error }: MirrorFailure): boolean {
  return error instanceof MirrorRefusal && error.reason === "different";
}

export interface RaceOptions<T> {
  /** Milliseconds without an answer after which the next mirror is asked as well. */
  raceTimeoutMs: number;
  /** Milliseconds after which all are given up. */
  deadline: number;
  signal: AbortSignal;
  /** The next mirror to ask, given the failures so far; null when there is none. */
  next: (failures: readonly MirrorFailure[]) => Mirror | null;
  onFailure: (failure: MirrorFailure) => void;
  /** Whether, once there is none to ask, the failures say it all and silent mirrors need not be waited for. */
  settled: (failures: readonly MirrorFailure[]) => boolean;
  /** The error to end with when there is no mirror left. */
  exhausted: (failures: readonly MirrorFailure[]) => Error;
  /** Lets go of an answer that came when another had already won. */
  discard: (value: T) => void;
}

/**
 * Asks mirrors one after the other until one gives what is wanted: the next one as soon as one
 * fails, and beside a silent one after `raceTimeoutMs`. The first answer wins; the others are
 * aborted. `ask` must end by itself when its signal is aborted.
 */
export async function raceMirrors<T>(
  ask: (mirror: Mirror, controller: AbortController) => Promise<T>,
  { raceTimeoutMs, deadline, signal, next, onFailure, settled, exhausted, discard }: RaceOptions<T>,
): Promise<T> {
  signal.throwIfAborted();
  const failures: MirrorFailure[] = [];
  const running = new Map<Mirror, AbortController>();
  const late = new Set<Mirror>();
  const timers = new Map<Mirror, ReturnType<typeof setTimeout>>();
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  let over = false;

  const fail = (mirror: Mirror, error: unknown) => {
    const failure = { mirror, error };
    failures.push(failure);
    onFailure(failure);
  };
  const settle = (finish: () => void, winner?: Mirror) => {
    if (over) return;
    over = true;
    for (const timer of timers.values()) clearTimeout(timer);
    clearTimeout(overall);
    signal.removeEventListener("abort", abort);
    for (const [mirror, controller] of running) {
      if (mirror === winner) continue;
      if (winner !== undefined && late.has(mirror)) {
        fail(mirror, silent(raceTimeoutMs));
      }
      controller.abort();
    }
    finish();
  };
  const abort = () => settle(() => reject(signal.reason));
  const start = () => {
    const mirror = next(failures);
    if (mirror === null) {
      if (running.size === 0 || settled(failures)) settle(() => reject(exhausted(failures)));
      return;
    }
    const controller = new AbortController();
    running.set(mirror, controller);
    ask(mirror, controller).then(
      (value) => {
        if (over) discard(value);
        else settle(() => resolve(value), mirror);
      },
      (error) => {
        if (over) return;
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
  const overall = setTimeout(() => {
    for (const mirror of running.keys()) fail(mirror, silent(deadline));
    settle(() => reject(exhausted(failures)));
  }, deadline);
  signal.addEventListener("abort", abort);
  start();
  return await promise;
}

function silent(milliseconds: number): PkgstashError {
  return new PkgstashError("upstream_timeout", `no answer within ${milliseconds / 1000} s`);
}
