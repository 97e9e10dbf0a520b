import type { AcceptedBuild } from "../accepted_build.ts";
import { USUAL_SETTINGS } from "../build_settings.ts";
import { metadataOf } from "../packages/tree_metadata.ts";
import type { Accepted, WatchedPackage } from "../packages/watched_package.ts";
import { patchedTree } from "../patched_tree.ts";
import type { SourceTree } from "../source_tree.ts";
import type { TreeStore } from "../trees.ts";

/**
 * The build of the last accepted tree with the current settings; null if there is none, or if its
 * files are not kept.
 */
export async function acceptedBuild(
  watched: WatchedPackage,
  { trees, reason }: { trees: TreeStore; reason: string },
): Promise<AcceptedBuild | null> {
  const { accepted } = watched;
  const tree = accepted === null ? null : await trees.read(accepted.treeHash);
  if (accepted === null || tree === null) return null;
  return await queuedBuild(watched, accepted, { tree, reason });
}

/** The build of an accepted tree. */
export async function queuedBuild(
  { base, needs, settings: decided }: WatchedPackage,
  { treeHash, at, by, reason: approval }: Accepted,
  { tree, reason }: { tree: SourceTree; reason: string },
): Promise<AcceptedBuild> {
  const settings = { ...USUAL_SETTINGS, ...decided?.settings };
  // If patches do not apply, the queue holds the build.
  const built = await patchedTree(tree, settings.patches).catch(() => tree);
  const { names, architectures, version } = metadataOf(built);
  return {
    packageBase: base,
    packageNames: names,
    ...{ treeHash, version, architectures, needs, reason },
    approved: { at, by, reason: approval },
    settings,
  };
}
