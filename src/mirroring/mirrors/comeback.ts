import { isAway, isMissing, isSilent, type MirrorFailure, type NoMirrorError } from "./race.ts";

/** The share of the answer timeout for which mirrors that have all failed are awaited. */
export const COMEBACK_SHARE = 1 / 3;
/** Pause before they are asked again; each further one is twice as long. */
export const FIRST_PAUSE_MS = 500;
/** Failures in a row up to which a mirror is believed to be away only for a moment. */
const JUST_FAILED = 2;

/**
 * When to ask again after all mirrors have failed, in milliseconds from now: after `pauseMs` if one of
 * them was well until now, or when one has said that it will be back. Infinite if that is in vain.
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
