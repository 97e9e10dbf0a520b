import { isAway, isMissing, isSilent, type MirrorFailure, type NoMirrorError } from "./race.ts";

/** The share of the answer timeout for which to wait for mirrors that have all failed. */
export const COMEBACK_SHARE = 1 / 3;
/** Pause before they are asked again; each further pause is twice as long. */
export const FIRST_PAUSE_MS = 500;
/** Failures in a row up to which a mirror is assumed to be away only for a moment. */
const JUST_FAILED = 2;

/**
 * When to ask again after all mirrors have failed, in milliseconds from now: after `pauseMs` if one
 * of them worked until now, or when one has announced its return. Infinite if there is no point.
 */
export function comebackMs({ kind, failures }: NoMirrorError, pauseMs: number): number {
  if (kind === "not_found") return Infinity;
  // One that hangs has had its time where others lack the file.
  const awaited = failures.some(isMissing)
    ? failures.filter((failure) => !isSilent(failure))
    : failures;
  return Math.min(...awaited.map((failure) => backInMs(failure, pauseMs)));
}

function backInMs(failure: MirrorFailure, pauseMs: number): number {
  const { leftAloneMs, failures } = failure.mirror.health;
  if (leftAloneMs > 0) return Math.max(pauseMs, Math.ceil(leftAloneMs));
  return isAway(failure) && failures <= JUST_FAILED ? pauseMs : Infinity;
}
