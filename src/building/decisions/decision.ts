import type { Candidate, WatchedPackage } from "../packages/watched_package.ts";
import type { Verdict } from "../review/fact.ts";

/** The configured rules for automatic decisions. */
export interface DecisionRules {
  readonly coolDownMs: number;
  readonly newMaintainerCoolDownMs: number;
  readonly approvePins: boolean;
  readonly approveHarmless: boolean;
}

export interface DecisionInput {
  readonly watched: WatchedPackage;
  /** The verdict on each candidate, compared with the accepted tree, by tree hash. */
  readonly verdicts: ReadonlyMap<string, Verdict>;
  readonly rules: DecisionRules;
  /** Why the package's patches do not apply to a candidate, by tree hash; only those with faults. */
  readonly patchFaults: ReadonlyMap<string, string>;
  /**
   * The fault of each candidate's pins, by tree hash: null for none, and no entry until a builder has
   * checked whether they are on a branch or tag of their repositories.
   */
  readonly pinFaults: ReadonlyMap<string, string | null>;
  /** Watched package bases that it needs and nobody has accepted yet. */
  readonly unacceptedNeeds: readonly string[];
  /** Whether its source no longer has the package. */
  readonly isGone: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** The decision on a package. Each reason is a sentence without a full stop. */
export type Decision =
  /** Nothing is new. */
  | { readonly kind: "settled" }
  | { readonly kind: "held"; readonly reason: string }
  | { readonly kind: "accept"; readonly candidate: Candidate; readonly reason: string }
  /** It passes automatically at that time, in milliseconds since the epoch; null if unknown. */
  | {
    readonly kind: "wait";
    readonly candidate: Candidate;
    readonly until: number | null;
    readonly reason: string;
  }
  | { readonly kind: "ask"; readonly candidate: Candidate; readonly reasons: readonly string[] };

/** Number of cool-downs after which an older tree that has cooled down is accepted. */
const COOL_DOWNS_OF_PATIENCE = 2;

/**
 * Decides about the candidates of a package. Everything that no rule allows needs a person:
 *
 * - First builds always do.
 * - Only allowed verdicts pass, and nothing passes after a change of maintainers, after the package was
 *   gone, or if its version was skipped.
 * - A tree passes once the cool-downs since its push and since the last change of maintainers are over.
 *   Each push restarts the cool-down. If pushes never pause, the newest tree whose own cool-down is
 *   over passes, provided that all later trees would pass as well: so an update may be late, but never
 *   early.
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
      reason: `it needs ${input.unacceptedNeeds.join(", ")}, which is not approved yet`,
    };
  }
  if (awaitsLook(input, newest)) {
    return {
      kind: "wait",
      candidate: newest,
      until: null,
      reason: "no builder has checked yet whether its pins are on a branch or tag",
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
      reason: `${verdictText(input, cooled)}; ${reason}, although newer pushes keep coming`,
    };
  }
  return { kind: "wait", candidate: newest, until: readyAt(newest), reason: waitText(input) };
}

/** Whether the pins of a tree must be checked before it may pass. */
function awaitsLook({ verdicts, pinFaults }: DecisionInput, { treeHash }: Candidate): boolean {
  return verdicts.get(treeHash) === "pin" && !pinFaults.has(treeHash);
}

/** Why a tree needs a person; empty if it does not. */
function reasonsToAsk(input: DecisionInput, candidate: Candidate): string[] {
  const { watched, isGone } = input;
  const { accepted, base, unmet } = watched;
  const reasons = unmet.length === 0
    ? []
    : [`no repository has ${unmet.join(", ")}, which it needs; try pkgstash aur add`];
  const patchFault = input.patchFaults.get(candidate.treeHash);
  if (patchFault !== undefined) reasons.push(patchFault);
  if (accepted === null) return [`${base} has never been built here`, ...reasons];
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
  if (isGone) reasons.push("the AUR no longer has it");
  if ((watched.returnedAt ?? -Infinity) >= accepted.at) {
    reasons.push("it had disappeared from the AUR and is back");
  }
  return reasons;
}

/** Compares the current maintainers as well, because an answer in between may have been missed. */
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

/** When the cool-down after the last change of maintainers ends. The first answer is no change. */
function calmSince({ watched: { maintainers }, rules }: DecisionInput): number {
  const latest = maintainers.length < 2 ? undefined : maintainers.at(-1);
  return latest === undefined ? -Infinity : latest.at + rules.newMaintainerCoolDownMs;
}

function waitText(input: DecisionInput): string {
  return calmSince(input) > input.now
    ? "the maintainers are new"
    : "the cool-down since the push is not over";
}

function verdictText({ verdicts }: DecisionInput, { treeHash }: Candidate): string {
  switch (verdicts.get(treeHash)) {
    case "pin":
      return "only versions, checksums and pins changed";
    case "harmless":
      return "the changes are provably harmless";
    default:
      return "only versions and checksums changed";
  }
}
