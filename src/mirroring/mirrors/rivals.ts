import type { Mirror } from "./mirror.ts";
import { isFull, type MirrorPool } from "./mirror_pool.ts";
import type { MirrorRequest } from "./mirror_request.ts";

/** How many times faster another mirror must be to be worth a try: than a slow transfer, than any. */
const FASTER = 2;
const MUCH_FASTER = 4;
/** A transfer that will take longer than this is worth a try of a mirror that nothing is known of. */
const LONG_MS = 30_000;

/** What a transfer asks for when it looks for a faster mirror. */
export type RivalsRequest = Pick<
  MirrorRequest,
  "repository" | "fileName" | "prefersCurrent" | "only"
>;

/** How a transfer gets on. */
export interface TransferRate {
  bytesPerSecond: number;
  /** Time that the rest will take. */
  remainingMs: number;
  /** Whether the rate was seen for long enough to be no accident. */
  isSure: boolean;
}

/**
 * The mirrors that are worth a try beside the one that a transfer gets its bytes from: those that
 * were seen to be much faster, and, if its rate is sure, those that nothing is known of where the
 * transfer is slow or long.
 */
export function rivalsIn(
  pool: MirrorPool,
  minimumBytesPerSecond: number,
  { request, rate }: { request: RivalsRequest; rate: TransferRate },
): Mirror[] {
  const { repository: { directory }, fileName, prefersCurrent, only } = request;
  const { bytesPerSecond, remainingMs, isSure } = rate;
  const isSlow = bytesPerSecond < minimumBytesPerSecond;
  // Transfers side by side share the line.
  const inFlight = pool.mirrors.reduce((sum, { health }) => sum + health.inFlight, 0);
  const share = bytesPerSecond * Math.max(1, inFlight);
  const { ready } = pool.candidates(prefersCurrent === true ? directory : null, {
    directory,
    fileName,
  });
  return ready.filter((mirror) => {
    if (isFull(mirror) || only?.includes(mirror) === false) return false;
    const known = mirror.health.bytesPerSecond;
    if (known === null) return isSure && (isSlow || remainingMs > LONG_MS);
    return known > share * (isSlow && isSure ? FASTER : MUCH_FASTER);
  });
}
