import type { Candidate, WatchedPackage } from "../packages/watched_package.ts";
import type { Verdict } from "../review/fact.ts";

/** What decides without a person, from the configuration. */
export interface DecisionRules {
  readonly coolDownMs: number;
  readonly newMaintainerCoolDownMs: number;
  readonly approvePins: boolean;
  readonly approveHarmless: boolean;
}

export interface DecisionInput {
  readonly watched: WatchedPackage;
  /** The verdict on each candidate against the accepted tree, by its hash. */
  readonly verdicts: ReadonlyMap<string, Verdict>;
  readonly rules: DecisionRules;
  /** Why its own patches do not fit to a candidate, by the hash of that; without those that they fit. */
  readonly patchFaults: ReadonlyMap<string, string>;
  /**
   * What is wrong with the pins of a candidate, by its hash: null for nothing, and none if nobody has
   * looked yet whether they are on a branch or tag of their repositories.
   */
  readonly pinFaults: ReadonlyMap<string, string | null>;
  /** Watched package bases that it needs and that were never accepted. */
  readonly unacceptedNeeds: readonly string[];
  /** Whether the source has told that the package is gone. */
  readonly isGone: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** What happens with a package now. Each reason is a sentence without its full stop. */
export type Decision =
  /** There is nothing new. */
  | { readonly kind: "settled" }
  | { readonly kind: "held"; readonly reason: string }
  | { readonly kind: "accept"; readonly candidate: Candidate; readonly reason: string }
  /** It passes by itself at that time, in milliseconds since the epoch; null if nobody knows when. */
  | {
    readonly kind: "wait";
    readonly candidate: Candidate;
    readonly until: number | null;
    readonly reason: string;
  }
  | { readonly kind: "ask"; readonly candidate: Candidate; readonly reasons: readonly string[] };

/** Restarts of the cool-down before an older tree that has cooled down is taken. */
const COOL_DOWNS_OF_PATIENCE = 2;

/**
 * Decides what to do with the trees of a package that were not accepted. Everything that is not
 * plainly allowed waits for a person:
 *
 * - A first build always does.
 * - Only verdicts that the rules name pass, and nothing after the maintainers changed, the package was
 *   gone, or the version was skipped.
 * - What passes has cooled down since its push, and since a new maintainer came. Each push starts that
 *   anew. Where pushes never pause, the newest tree that has itself cooled down passes, if all that
 *   came after it are no more than it is: so the latest tree may be late, but no tree is early.
 */
export function decide(input: DecisionInput): Decision {
  const { watched, now } = input;
  const { hold, accepted } = watched;
  const candidates = watched.candidates.filter(({ version }) => !isSkipped(watched, version));
  const newest = watched.candidates.at(-1);
  if (newest === undefined || isSkipped(watched, newest.version)) return { kind: "settled" };
  if (hold !== null) return { kind: "held", reason: `held by ${hold.by}: ${hold.reason}` };
  const reasons = reasonsToAsk(input, newest);
  if (accepted === null || reasons.length > 0) return { kind: "ask", candidate: newest, reasons };
  if (input.unacceptedNeeds.length > 0) {
    return {
      kind: "wait",
      candidate: newest,
      until: null,
      reason: `it needs ${input.unacceptedNeeds.join(", ")}, which nobody has approved yet`,
    };
  }
  if (awaitsLook(input, newest)) {
    return {
      kind: "wait",
      candidate: newest,
      until: null,
      reason: "no builder has looked yet whether its pins are on a branch or tag",
    };
  }
  const { coolDownMs, reason } = coolDownOf(input);
  const calmAt = calmSince(input);
  const readyAt = (candidate: Candidate) => Math.max(candidate.pushedAt + coolDownMs, calmAt);
  if (readyAt(newest) <= now) {
    return {
      kind: "accept",
      candidate: newest,
      reason: `${verdictText(input, newest)}; ${reason}`,
    };
  }
  const [oldest = newest] = candidates;
  const isRestless = now - oldest.pushedAt >= COOL_DOWNS_OF_PATIENCE * coolDownMs;
  const cooled = candidates.findLast((each) => readyAt(each) <= now && !awaitsLook(input, each));
  const allPass = candidates.every((each) => passes(input, each));
  if (isRestless && cooled !== undefined && allPass) {
    return {
      kind: "accept",
      candidate: cooled,
      reason: `${verdictText(input, cooled)}; ${reason}, and newer pushes keep coming`,
    };
  }
  return { kind: "wait", candidate: newest, until: readyAt(newest), reason: waitText(input) };
}

/** Whether a tree passes only once it is known where its pins are. */
function awaitsLook({ verdicts, pinFaults }: DecisionInput, { treeHash }: Candidate): boolean {
  return verdicts.get(treeHash) === "pin" && !pinFaults.has(treeHash);
}

/** Why a person must look at a tree; empty if nobody need. */
function reasonsToAsk(input: DecisionInput, candidate: Candidate): string[] {
  const { watched, isGone } = input;
  const { accepted, base, unmet } = watched;
  const reasons = unmet.length === 0
    ? []
    : [`no repository has ${unmet.join(", ")} that it needs: pkgstash aur add may help`];
  const patchFault = input.patchFaults.get(candidate.treeHash);
  if (patchFault !== undefined) reasons.push(patchFault);
  if (accepted === null) return [`${base} was never built here`, ...reasons];
  if (patchFault === undefined && !passes(input, candidate)) {
    const verdict = input.verdicts.get(candidate.treeHash);
    reasons.push(
      verdict === "pin"
        ? input.pinFaults.get(candidate.treeHash) ??
          "a pinned commit or tag changed, and approve_pins is off"
        : verdict === "harmless"
        ? "more than versions and checksums changed, and approve_harmless is off"
        : "more than versions and checksums changed",
    );
  }
  if (watched.maintainers.some(({ at }) => at > accepted.at) || maintainersDiffer(watched)) {
    reasons.push("the maintainers changed since the last approval");
  }
  if (isGone) reasons.push("it is gone from the AUR");
  if ((watched.returnedAt ?? -Infinity) >= accepted.at) {
    reasons.push("it was gone from the AUR and came back");
  }
  return reasons;
}

/** What is in force now is compared as well: an old answer may have been lost. */
function maintainersDiffer({ accepted, maintainers }: WatchedPackage): boolean {
  const last = maintainers.at(-1);
  if (accepted === null || last === undefined) return false;
  return accepted.maintainer !== last.maintainer ||
    accepted.coMaintainers.join(" ") !== last.coMaintainers.join(" ");
}

function passes(
  { verdicts, rules, patchFaults, pinFaults }: DecisionInput,
  { treeHash }: Candidate,
): boolean {
  if (patchFaults.has(treeHash)) return false;
  switch (verdicts.get(treeHash)) {
    case "bump":
      return true;
    case "pin":
      return rules.approvePins && typeof pinFaults.get(treeHash) !== "string";
    case "harmless":
      return rules.approveHarmless;
    default:
      return false;
  }
}

function isSkipped({ skipped }: WatchedPackage, version: string): boolean {
  return skipped.includes(version);
}

function coolDownOf(
  { watched: { coolDown }, rules }: DecisionInput,
): { coolDownMs: number; reason: string } {
  return coolDown === null
    ? { coolDownMs: rules.coolDownMs, reason: "the cool-down has passed" }
    : {
      coolDownMs: coolDown.ms,
      reason: `the cool-down that ${coolDown.by} set has passed (${coolDown.reason})`,
    };
}

/** When the cool-down after the latest change of maintainers ends. The first answer is no change. */
function calmSince({ watched: { maintainers }, rules }: DecisionInput): number {
  const latest = maintainers.length < 2 ? undefined : maintainers.at(-1);
  return latest === undefined ? -Infinity : latest.at + rules.newMaintainerCoolDownMs;
}

function waitText(input: DecisionInput): string {
  return calmSince(input) > input.now
    ? "the maintainers are new"
    : "the cool-down since its push is not over";
}

function verdictText({ verdicts }: DecisionInput, { treeHash }: Candidate): string {
  switch (verdicts.get(treeHash)) {
    case "pin":
      return "only versions, checksums and pins changed";
    case "harmless":
      return "what changed is harmless by proof";
    default:
      return "only versions and checksums changed";
  }
}
