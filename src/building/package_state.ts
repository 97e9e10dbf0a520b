import type { WatchedPackage } from "./packages/watched_package.ts";
import type { Build, BuildState } from "./queue/build.ts";
import type { Decision } from "./decisions/decision.ts";

/** The state of a package in a word. */
export type PackageState =
  | "current"
  | "cooling"
  | "approval"
  | "held"
  | "problem"
  | "gone"
  | "building"
  | "build_held"
  | "build_failed"
  | "skipped";

/** In this order: states that need a person come first. */
const OF_BUILDS: readonly [PackageState, readonly BuildState[]][] = [
  ["build_held", ["held"]],
  ["build_failed", ["failed"]],
  ["building", ["waiting", "leased", "uploading"]],
];

/**
 * The state of a package: the first of these that applies to it. `builds` are those of its package
 * base, the latest first.
 */
export function stateOf(
  watched: WatchedPackage,
  { decision, isGone, builds }: {
    readonly decision: Decision;
    readonly isGone: boolean;
    readonly builds: readonly Build[];
  },
): PackageState {
  const { hold, problem, proposed } = watched;
  if (hold !== null) return "held";
  if (isGone) return "gone";
  if (problem !== null) return "problem";
  if (decision.kind === "ask" || proposed !== null) return "approval";
  if (decision.kind === "wait") return "cooling";
  const states = statesOfBuilds(watched, builds);
  const found = OF_BUILDS.find(([, of]) => of.some((state) => states.has(state)));
  if (found !== undefined) return found[0];
  return watched.candidates.length > 0 ? "skipped" : "current";
}

/** The states of the latest build of the accepted files for each architecture. */
function statesOfBuilds(
  { accepted }: WatchedPackage,
  builds: readonly Build[],
): Set<BuildState> {
  const latest = new Map<string, BuildState>();
  for (const { treeHash, architecture, state } of builds) {
    if (treeHash === accepted?.treeHash && !latest.has(architecture)) {
      latest.set(architecture, state);
    }
  }
  return new Set(latest.values());
}
