import type { WatchedPackage } from "../packages/watched_package.ts";
import type { Decision } from "./decision.ts";

/** How a package stands. */
export type PackageState = "current" | "cooling" | "approval" | "held" | "problem" | "gone";

/** How a package stands, in a word: the first of these that is true of it. */
export function stateOf(
  { hold, problem, proposed }: WatchedPackage,
  { decision, isGone }: { decision: Decision; isGone: boolean },
): PackageState {
  if (hold !== null) return "held";
  if (isGone) return "gone";
  if (problem !== null) return "problem";
  return decision.kind === "ask" || proposed !== null
    ? "approval"
    : decision.kind === "wait"
    ? "cooling"
    : "current";
}
