import type { KeyTableValues } from "./key_tables.ts";
import type { OwnRepositoryConfig } from "./own_repositories.ts";
import type { UPSTREAM_KEYS, ValuesOf } from "./schema.ts";
import type { SETTINGS } from "./settings.ts";

/** Repositories with common mirrors, and their paths on the mirrors and on this server. */
export interface UpstreamConfig extends ValuesOf<typeof UPSTREAM_KEYS> {
  /** Unique; "arch" for the main upstream, otherwise the name of its table. */
  readonly name: string;
  /** The content of the file `credentials`, by lower-case name; secret. */
  readonly secretHeaders: Readonly<Record<string, string>>;
}

/**
 * The effective configuration: plain data, checked, with every default filled in. Paths are
 * absolute.
 */
export interface Config extends ValuesOf<typeof SETTINGS>, KeyTableValues {
  /** The content of the file `secrets` of `[notify]`, by key. */
  readonly notifySecrets: Readonly<Record<string, string>>;
  /** Bearer token of the administrative API, a secret; null if none is set. */
  readonly token: string | null;
  /** The first is the main one, "arch". */
  readonly upstreams: readonly UpstreamConfig[];
  /** Own repositories described in the file; more may have been created. */
  readonly ownRepositories: readonly OwnRepositoryConfig[];
}
