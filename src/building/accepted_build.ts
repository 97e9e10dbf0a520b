import type { BuildSettings } from "./build_settings.ts";

/** Who did something, when and why. */
export interface Attribution {
  /** In milliseconds since the epoch. */
  readonly at: number;
  readonly by: string;
  readonly reason: string;
}

/** A tree that was accepted, to be built: what decisions hand to the queue. */
export interface AcceptedBuild {
  readonly packageBase: string;
  /** The packages that it may make. */
  readonly packageNames: readonly string[];
  /** Of the accepted tree, which must be kept as long as the queue needs it. */
  readonly treeHash: string;
  /** `[epoch:]pkgver-pkgrel` */
  readonly version: string;
  /** As its `.SRCINFO` has them, `any` among them. */
  readonly architectures: readonly string[];
  /** Package bases that must be published first. */
  readonly needs: readonly string[];
  /** Why it is built, in words. */
  readonly reason: string;
  readonly approved: Attribution;
  readonly settings: BuildSettings;
}
