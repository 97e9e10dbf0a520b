import type { Mirror } from "./mirror.ts";
import { isFull, type MirrorPool } from "./mirror_pool.ts";
import type { MirrorRequest } from "./mirror_request.ts";

/**
 * How many times faster than a slow transfer, or than any, another mirror must be to be worth a
 * try.
 */
const FASTER = 2;
const MUCH_FASTER = 4;
/** A transfer that will take longer than this makes an unknown mirror worth a try. */
const LONG_MS = 30_000;

/** Options for finding a mirror faster than a transfer's. */
export type RivalsRequest = Pick<
  MirrorRequest,
  "repository" | "fileName" | "prefersCurrent" | "only"
>;

/** The progress of a transfer. */
export interface TransferRate {
  bytesPerSecond: number;
  /** Estimated time for the rest. */
  remainingMs: number;
  /** Whether the rate was measured long enough to be reliable. */
  isSure: boolean;
}

/**
 * The mirrors worth trying beside the one that a transfer uses: those known to be much faster, and,
 * if its rate is reliable and the transfer is slow or long, those of unknown speed.
 */
export function rivalsIn(
  pool: MirrorPool,
  minimumBytesPerSecond: number,
  { request, rate }: { request: RivalsRequest; rate: TransferRate },
): Mirror[] {
  const { repository: { directory }, fileName, prefersCurrent, only } = request;
  const { bytesPerSecond, remainingMs, isSure } = rate;
  const isSlow = bytesPerSecond < minimumBytesPerSecond;
  // Concurrent transfers share the line.
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
