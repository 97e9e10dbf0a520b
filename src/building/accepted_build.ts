import type { BuildSettings } from "./build_settings.ts";

/** Who did something, when and why. */
export interface Attribution {
  /** In milliseconds since the epoch. */
  readonly at: number;
  readonly by: string;
  readonly reason: string;
}

/** An accepted tree to build: what decisions pass to the queue. */
export interface AcceptedBuild {
  readonly packageBase: string;
  /** The packages that it may make. */
  readonly packageNames: readonly string[];
  /** Hash of the accepted tree, which is kept as long as the queue needs it. */
  readonly treeHash: string;
  /** `[epoch:]pkgver-pkgrel` */
  readonly version: string;
  /** From its `.SRCINFO`; may include `any`. */
  readonly architectures: readonly string[];
  /** Package bases that must be published first. */
  readonly needs: readonly string[];
  /** Why it is built. */
  readonly reason: string;
  readonly approved: Attribution;
  readonly settings: BuildSettings;
}
