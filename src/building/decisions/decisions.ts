import type { AcceptedBuild, Attribution } from "../accepted_build.ts";
import type { Clock } from "../../async/clock.ts";
import { Turns } from "../../async/turns.ts";
import { PkgstashError } from "../../errors.ts";
import { eventLogger } from "../../platform/observability/logging.ts";
import type { PackageStore } from "../packages/package_store.ts";
import { metadataOf } from "../packages/tree_metadata.ts";
import type { Candidate, DecisionRecord, WatchedPackage } from "../packages/watched_package.ts";
import type { Verdict } from "../review/fact.ts";
import type { SourceTree } from "../source_tree.ts";
import type { TreeStore } from "../trees.ts";
import { type Approval, approvalsOf } from "./approvals.ts";
import { decide, type Decision, type DecisionRules } from "./decision.ts";

const log = eventLogger("approvals");

/** Who accepts by rule, in the audit log and in the list of decisions. */
export const DAEMON = "pkgstash";
/** Verdicts that are remembered: each takes two trees from the disk. */
const MAX_REMEMBERED = 1_000;

export interface DecisionsOptions {
  readonly store: PackageStore;
  readonly trees: TreeStore;
  readonly clock: Clock;
  readonly rules: () => DecisionRules;
  readonly isGone: (watched: WatchedPackage) => boolean;
  /** Sorts what changed between an accepted tree and another. */
  readonly judge?: (accepted: SourceTree, candidate: SourceTree) => Verdict;
  /** Puts an accepted tree into the queue; a second time does no harm. */
  readonly enqueue: (build: AcceptedBuild) => Promise<void>;
  /** Adds to the audit log what no request asked for. */
  readonly record: (action: string, details: Readonly<Record<string, unknown>>) => Promise<void>;
}

/**
 * Accepts and rejects trees: by rule, or for a person. What was accepted is on disk before it is
 * queued, and is queued at the next start if a crash came between.
 */
export class Decisions {
  readonly #options: DecisionsOptions;
  readonly #turns = new Turns();
  readonly #verdicts = new Map<string, Verdict>();

  constructor(options: DecisionsOptions) {
    this.#options = options;
  }

  /** Accepts everything that passes by rule now, and queues what is accepted and not queued. */
  async settle(): Promise<void> {
    await this.#turns.run(async () => {
      for (const { base } of this.#options.store.list()) {
        // Accepting an older tree may let the next one pass, too.
        while (await this.#acceptByRule(base));
        await this.#enqueue(base);
      }
    });
  }

  /** What happens with a package now. */
  async decisionOf(watched: WatchedPackage): Promise<Decision> {
    const { store, rules, isGone, clock } = this.#options;
    return decide({
      watched,
      verdicts: await this.#verdictsOf(watched),
      rules: rules(),
      unacceptedNeeds: watched.needs.filter((base) => store.find(base)?.accepted === null),
      isGone: isGone(watched),
      now: clock.now(),
    });
  }

  /** What waits for a person or for time, the oldest push first. */
  async approvals(): Promise<Approval[]> {
    const decided = [];
    for (const watched of this.#options.store.list()) {
      decided.push({ watched, decision: await this.decisionOf(watched) });
    }
    return approvalsOf(decided);
  }

  /** @throws PkgstashError `not_found` if nothing of this id waits, or what did has changed. */
  async approval(id: string): Promise<Approval> {
    const found = (await this.approvals()).find((each) => each.id === id);
    if (found !== undefined) return found;
    throw new PkgstashError(
      "not_found",
      `Cannot find the approval ${id}: nothing of this id waits, or what it was about has changed ` +
        "since. See pkgstash approvals.",
    );
  }

  /** Accepts exactly the trees of an approval; returns it as it was. */
  async approve(id: string, { by, reason }: { by: string; reason: string }): Promise<Approval> {
    return await this.#turns.run(async () => {
      const approval = await this.approval(id);
      const attribution = { at: this.#options.clock.now(), by, reason };
      for (const { watched, candidate } of approval.members) {
        await this.#accept(watched.base, candidate, { action: "approved", attribution });
      }
      for (const { watched } of approval.members) await this.#enqueue(watched.base);
      return approval;
    });
  }

  /** Skips the versions of an approval, or holds its packages; returns it as it was. */
  async reject(
    id: string,
    { by, reason, hold }: { by: string; reason: string; hold: boolean },
  ): Promise<Approval> {
    return await this.#turns.run(async () => {
      const approval = await this.approval(id);
      const attribution = { at: this.#options.clock.now(), by, reason };
      for (const { watched: { base }, candidate: { treeHash, version } } of approval.members) {
        await this.#options.store.update(base, (watched) => ({
          ...watched,
          ...(hold
            ? { hold: attribution }
            : { skipped: [...watched.skipped.filter((each) => each !== version), version] }),
          decisions: [
            ...watched.decisions,
            { ...attribution, action: hold ? "held" : "skipped", treeHash, version },
          ],
        }));
      }
      return approval;
    });
  }

  /** Builds nothing of a package until it is released, or releases it. */
  async hold(base: string, { by, reason, isHeld }: {
    by: string;
    reason: string;
    isHeld: boolean;
  }): Promise<void> {
    const attribution = { at: this.#options.clock.now(), by, reason };
    await this.#change(base, { ...attribution, action: isHeld ? "held" : "released" }, {
      hold: isHeld ? attribution : null,
    });
  }

  /** Replaces the configured cool-down of a package; null ends that. */
  async setCoolDown(base: string, { by, reason, ms }: {
    by: string;
    reason: string;
    ms: number | null;
  }): Promise<void> {
    const attribution = { at: this.#options.clock.now(), by, reason };
    await this.#change(base, { ...attribution, action: "cool-down changed" }, {
      coolDown: ms === null ? null : { ...attribution, ms },
    });
  }

  async settled(): Promise<void> {
    await this.#turns.settled();
  }

  async #change(
    base: string,
    record: Omit<DecisionRecord, "treeHash" | "version">,
    change: Partial<WatchedPackage>,
  ): Promise<void> {
    await this.#turns.run(async () => {
      await this.#options.store.update(base, (watched) => ({
        ...watched,
        ...change,
        decisions: [...watched.decisions, { ...record, treeHash: null, version: null }],
      }));
    });
  }

  async #acceptByRule(base: string): Promise<boolean> {
    const watched = this.#options.store.find(base);
    if (watched === null) return false;
    const decision = await this.decisionOf(watched);
    if (decision.kind !== "accept") return false;
    const { candidate, reason } = decision;
    const attribution = { at: this.#options.clock.now(), by: DAEMON, reason };
    await this.#accept(base, candidate, { action: "accepted by rule", attribution });
    await this.#options.record("Accept a package by rule", {
      package: base,
      version: candidate.version,
      tree: candidate.treeHash,
      reason,
    });
    log.info("accepted by rule", { package: base, version: candidate.version, reason });
    return true;
  }

  /** Accepts one tree, if it still waits. What was pushed after it goes on waiting. */
  async #accept(
    base: string,
    { treeHash, version }: Candidate,
    { action, attribution }: { action: DecisionRecord["action"]; attribution: Attribution },
  ): Promise<void> {
    await this.#options.store.update(base, (watched) => {
      const at = watched.candidates.findIndex((each) => each.treeHash === treeHash);
      if (at < 0) throw voided(base);
      const { maintainer = null, coMaintainers = [] } = watched.maintainers.at(-1) ?? {};
      return {
        ...watched,
        candidates: watched.candidates.slice(at + 1),
        accepted: { ...attribution, treeHash, version, maintainer, coMaintainers, isQueued: false },
        decisions: [...watched.decisions, { ...attribution, action, treeHash, version }],
      };
    });
  }

  async #enqueue(base: string): Promise<void> {
    const { store, trees, enqueue } = this.#options;
    const watched = store.find(base);
    const accepted = watched?.accepted ?? null;
    if (watched === null || accepted === null || accepted.isQueued) return;
    const tree = await trees.read(accepted.treeHash);
    if (tree === null) {
      log.error("cannot queue a build, its accepted files are gone", { package: base });
      return;
    }
    const { names, architectures } = metadataOf(tree);
    const { treeHash, version, at, by, reason } = accepted;
    await enqueue({
      packageBase: base,
      packageNames: names,
      treeHash,
      version,
      architectures,
      needs: watched.needs,
      reason,
      approved: { at, by, reason },
    });
    await store.update(
      base,
      (now) =>
        now.accepted?.treeHash === treeHash
          ? { ...now, accepted: { ...now.accepted, isQueued: true } }
          : now,
    );
  }

  async #verdictsOf({ accepted, candidates }: WatchedPackage): Promise<Map<string, Verdict>> {
    const verdicts = new Map<string, Verdict>();
    if (accepted === null) return verdicts;
    for (const { treeHash } of candidates) {
      const key = `${accepted.treeHash} ${treeHash}`;
      const known = this.#verdicts.get(key);
      const verdict = known ?? await this.#judge(accepted.treeHash, treeHash);
      this.#verdicts.set(key, verdict);
      verdicts.set(treeHash, verdict);
    }
    for (const key of this.#verdicts.keys()) {
      if (this.#verdicts.size <= MAX_REMEMBERED) break;
      this.#verdicts.delete(key);
    }
    return verdicts;
  }

  /** What cannot be compared is for a person. */
  async #judge(acceptedHash: string, candidateHash: string): Promise<Verdict> {
    const { trees, judge = verdictOf } = this.#options;
    const accepted = await trees.read(acceptedHash);
    const candidate = await trees.read(candidateHash);
    if (accepted === null || candidate === null) return "review";
    return await judge(accepted, candidate);
  }
}

/** Loaded at first need: the parser of PKGBUILDs would delay every start. */
async function verdictOf(accepted: SourceTree, candidate: SourceTree): Promise<Verdict> {
  const { judge } = await import("../review/judge.ts");
  return judge(accepted, candidate).verdict;
}

function voided(base: string): PkgstashError {
  return new PkgstashError(
    "conflict",
    `Cannot accept ${base}: its files have changed since. See pkgstash approvals.`,
  );
}
