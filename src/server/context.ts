import type { Administration } from "../administration/administration.ts";
import type { Building } from "../building/building.ts";
import type { Config } from "../config/config.ts";
import type { History } from "../history/history.ts";
import type { Mirroring } from "../mirroring/mirroring.ts";
import type { Metrics } from "../platform/observability/metrics.ts";
import type { Publishing } from "../publishing/publishing.ts";
import type { AccessRules } from "./access_rules.ts";
import type { OpenStreams } from "./admin/open_streams.ts";
import type { Sessions } from "./admin/sessions.ts";

/** Where the configuration in force comes from. */
export interface Provenance {
  /** The source of each value, by full key. */
  readonly origins: ReadonlyMap<string, string>;
  /** The configuration file; null if there is none. */
  readonly file: string | null;
  /** When it was read, in milliseconds since the epoch. */
  readonly readAt: number;
  /** Why a later one is not in force; null if there was none. */
  readonly failure: string | null;
}

/** What requests are answered from: the configuration in force and the doors of the wings. */
export interface Context {
  /** Replaced on reload, so it must be read again for each request. */
  readonly config: Config;
  readonly provenance: Provenance;
  /** Derived from the configuration in force. */
  readonly access: AccessRules;
  readonly mirroring: Mirroring;
  readonly administration: Administration;
  readonly publishing: Publishing;
  readonly building: Building;
  readonly metrics: Metrics;
  readonly history: History;
  /** State of the web admin: sessions, and the pages being kept current. */
  readonly sessions: Sessions;
  readonly streams: OpenStreams;
  /** `Date.now()`, and `performance.now()`, which changes of the clock do not affect. */
  readonly startedAt: { readonly wall: number; readonly monotonic: number };
}
