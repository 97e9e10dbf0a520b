import type { Config } from "../config/config.ts";
import type { Mirroring } from "../mirroring/mirroring.ts";
import type { Metrics } from "../platform/observability/metrics.ts";

/** What requests are answered from: the configuration in force and the doors of the wings. */
export interface Context {
  /** A reload replaces it, so it must be read again for each request. */
  readonly config: Config;
  readonly mirroring: Mirroring;
  readonly metrics: Metrics;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
}
