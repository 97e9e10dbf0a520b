/** How much time mirrors get, and how slow they may be. */
export interface MirrorLimits {
  raceTimeoutMs: number;
  stallTimeoutMs: number;
  answerTimeoutMs: number;
  /** Below this rate of a transfer another mirror is tried; 0 if only a much faster one counts. */
  minimumBytesPerSecond: number;
  /** Files of at least this length come from several mirrors at once; 0 for none. */
  stripeThresholdBytes: number;
}
