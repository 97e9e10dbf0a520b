import type { AcceptedBuild, Attribution } from "../accepted_build.ts";
import { type BuildSettings, settingsFaults } from "../build_settings.ts";
import type { Clock } from "../../async/clock.ts";
import { Turns } from "../../async/turns.ts";
import { PkgstashError, reasonOf } from "../../errors.ts";
import { eventLogger } from "../../platform/observability/logging.ts";
import { DAEMON } from "../../version.ts";
import type { PackageStore } from "../packages/package_store.ts";
import type {
  Candidate,
  DecidedSettings,
  DecisionRecord,
  WatchedPackage,
} from "../packages/watched_package.ts";
import type { Verdict } from "../review/fact.ts";
import type { SourceTree } from "../source_tree.ts";
import type { TreeStore } from "../trees.ts";
import { queuedBuild } from "./queued_build.ts";
import {
  type Approval,
  type ApprovalMember,
  approvalsOf,
  type Decided,
  isAboutSettings,
} from "./approvals.ts";
import { decide, type Decision, type DecisionRules } from "./decision.ts";
import { PatchFit } from "./patch_fit.ts";
import {
  acceptedAsCandidate,
  proposalReason,
  withApprovedSettings,
  withoutProposal,
  withProposal,
} from "./settings_proposal.ts";
import { Verdicts } from "./verdicts.ts";

const log = eventLogger("approvals");

export interface DecisionsOptions {
  readonly store: PackageStore;
  readonly trees: TreeStore;
  readonly clock: Clock;
  readonly rules: () => DecisionRules;
  readonly isGone: (watched: WatchedPackage) => boolean;
  /** Judges the change from an accepted tree to another. */
  readonly judge?: (accepted: SourceTree, candidate: SourceTree) => Verdict;
  /** The fault of a candidate's pins; null for none, undefined until they have been checked. */
  readonly pinFaultOf?: (watched: WatchedPackage, treeHash: string) => string | null | undefined;
  /** Queues an accepted tree; repeated calls do no harm. */
  readonly enqueue: (build: AcceptedBuild) => Promise<void>;
  /** Adds an automatic action to the audit log. */
  readonly record: (action: string, details: Readonly<Record<string, unknown>>) => Promise<void>;
}

/**
 * Accepts and rejects trees, by rule or for a person. An acceptance is on disk before the build is
 * queued; after a crash in between, the next start queues it.
 */
export class Decisions {
  readonly #options: DecisionsOptions;
  readonly #turns = new Turns();
  readonly #verdicts: Verdicts;
  readonly #patches: PatchFit;

  constructor(options: DecisionsOptions) {
    this.#options = options;
    this.#verdicts = new Verdicts(options);
    this.#patches = new PatchFit(options.trees);
  }

  /** Accepts everything that passes by rule now, and queues accepted trees that are not queued yet. */
  async settle(): Promise<void> {
    await this.#turns.run(async () => {
      for (const { base } of this.#options.store.list()) {
        // Accepting an older tree may let the next one pass, too.
        while (await this.#acceptByRule(base));
        // A fault of one package must not stop the others.
        await this.#enqueue(base).catch((error) =>
          log.error("cannot queue a build yet", { package: base, reason: reasonOf(error) })
        );
      }
    });
  }

  /** The current decision on a package. */
  async decisionOf(watched: WatchedPackage): Promise<Decision> {
    const { store, rules, isGone, clock } = this.#options;
    return decide({
      watched,
      verdicts: await this.#verdicts.of(watched),
      patchFaults: await this.#patchFaultsOf(watched),
      pinFaults: this.#pinFaultsOf(watched),
      rules: rules(),
      unacceptedNeeds: watched.needs.filter((base) => store.find(base)?.accepted === null),
      isGone: isGone(watched),
      now: clock.now(),
    });
  }

  /** Everything that needs a person or is cooling down, the oldest push first. */
  async approvals(): Promise<Approval[]> {
    const decided: Decided[] = [];
    for (const watched of this.#options.store.list()) {
      decided.push(...await this.#decidedOf(watched));
    }
    return approvalsOf(decided);
  }

  /**
   * Proposed settings are decided with a tree that needs a person, or else for the accepted tree. A
   * tree that is only cooling down is a separate matter.
   */
  async #decidedOf(watched: WatchedPackage): Promise<Decided[]> {
    const decision = await this.decisionOf(watched);
    const { proposed, hold } = watched;
    if (proposed === null || hold !== null) return [{ watched, decision, proposed: null }];
    const reason = proposalReason(watched, proposed);
    const askFor = async (candidate: Candidate, reasons: readonly string[]): Promise<Decided> => {
      const fault = await this.#patches.faultOf(candidate.treeHash, proposed.settings);
      const all = [...reasons, reason, ...fault === null ? [] : [fault]];
      return { watched, proposed, decision: { kind: "ask", candidate, reasons: all } };
    };
    if (decision.kind === "ask") {
      const inForce = (await this.#patchFaultsOf(watched)).get(decision.candidate.treeHash);
      return [
        await askFor(decision.candidate, decision.reasons.filter((each) => each !== inForce)),
      ];
    }
    const candidate = acceptedAsCandidate(watched);
    return [
      { watched, decision, proposed: null },
      ...candidate === null ? [] : [await askFor(candidate, [])],
    ];
  }

  /** @throws PkgstashError `not_found` if no such approval is pending, or if it is void. */
  async approval(id: string): Promise<Approval> {
    const found = (await this.approvals()).find((each) => each.id === id);
    if (found !== undefined) return found;
    throw new PkgstashError(
      "not_found",
      `Cannot find the approval ${id}: it is not pending, or what it covers has changed since. ` +
        "See pkgstash approvals.",
    );
  }

  /**
   * Proposes settings for a package, which need approval. Proposing the current settings withdraws an
   * earlier proposal.
   *
   * @throws PkgstashError `invalid_request` if the settings are not allowed, or if their patches do not
   * apply to the newest files.
   */
  async proposeSettings(base: string, { by, reason, settings }: {
    by: string;
    reason: string;
    settings: BuildSettings;
  }): Promise<void> {
    await this.#turns.run(async () => {
      const { store, clock } = this.#options;
      const watched = store.find(base);
      const tree = watched?.candidates.at(-1) ?? watched?.accepted ?? null;
      const fault = tree === null ? null : await this.#patches.faultOf(tree.treeHash, settings);
      const faults = [...settingsFaults(settings), ...fault === null ? [] : [fault]];
      if (faults.length > 0) {
        throw new PkgstashError(
          "invalid_request",
          `Cannot change how ${base} is built: ${faults.join("; ")}. Nothing was changed.`,
        );
      }
      const proposed = { at: clock.now(), by, reason, settings };
      await store.update(base, (now) => withProposal(now, proposed));
    });
  }

  /**
   * Accepts exactly the trees and settings of an approval; returns the approval.
   *
   * @throws PkgstashError `conflict` if patches do not apply.
   */
  async approve(id: string, { by, reason }: { by: string; reason: string }): Promise<Approval> {
    return await this.#turns.run(async () => {
      const approval = await this.approval(id);
      for (const member of approval.members) await this.#checkPatches(member);
      const attribution = { at: this.#options.clock.now(), by, reason };
      for (const { watched: { base }, candidate, proposed } of approval.members) {
        await this.#accept(base, candidate, { action: "approved", attribution, proposed });
      }
      for (const { watched } of approval.members) await this.#enqueue(watched.base);
      return approval;
    });
  }

  /** Skips the versions of an approval, or holds its packages; returns the approval. */
  async reject(
    id: string,
    { by, reason, hold }: { by: string; reason: string; hold: boolean },
  ): Promise<Approval> {
    return await this.#turns.run(async () => {
      const approval = await this.approval(id);
      const attribution = { at: this.#options.clock.now(), by, reason };
      for (const member of approval.members) {
        const { watched: { base }, candidate: { treeHash, version } } = member;
        await this.#options.store.update(base, (now) => {
          const watched = member.proposed === null ? now : withoutProposal(now, attribution);
          if (isAboutSettings(member) && !hold) return watched;
          return {
            ...watched,
            ...(hold
              ? { hold: attribution }
              : { skipped: [...watched.skipped.filter((each) => each !== version), version] }),
            decisions: [
              ...watched.decisions,
              { ...attribution, action: hold ? "held" : "skipped", treeHash, version },
            ],
          };
        });
      }
      return approval;
    });
  }

  /** Stops building a package until it is released, or releases it. */
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

  /** Overrides the configured cool-down for a package; null removes the override. */
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
    await this.#accept(base, candidate, {
      ...{ action: "accepted by rule", attribution, proposed: null },
    });
    await this.#options.record("Accept a package by rule", {
      package: base,
      version: candidate.version,
      tree: candidate.treeHash,
      reason,
    });
    log.info("accepted by rule", { package: base, version: candidate.version, reason });
    return true;
  }

  /**
   * Accepts a tree, if it is still a candidate, with its settings; or settings for the accepted tree.
   * Later candidates stay.
   */
  async #accept(
    base: string,
    { treeHash, version }: Candidate,
    { action, attribution, proposed }: {
      action: DecisionRecord["action"];
      attribution: Attribution;
      proposed: DecidedSettings | null;
    },
  ): Promise<void> {
    await this.#options.store.update(base, (now) => {
      const watched = proposed === null ? now : withApprovedSettings(now, proposed, attribution);
      const { accepted } = watched;
      if (accepted?.treeHash === treeHash) {
        return { ...watched, accepted: { ...accepted, isQueued: false } };
      }
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
      log.error("cannot queue a build: its accepted files are missing", { package: base });
      return;
    }
    const isNewWay = watched.settings !== null && watched.settings.at > accepted.at;
    const reason = isNewWay
      ? `its settings were changed: ${watched.settings.reason}`
      : accepted.reason;
    await enqueue(await queuedBuild(watched, accepted, { tree, reason }));
    const { treeHash } = accepted;
    await store.update(
      base,
      (now) =>
        now.accepted?.treeHash === treeHash
          ? { ...now, accepted: { ...now.accepted, isQueued: true } }
          : now,
    );
  }

  async #checkPatches({ watched, candidate, proposed }: ApprovalMember): Promise<void> {
    const { settings } = proposed ?? watched.settings ?? {};
    const fault = await this.#patches.faultOf(candidate.treeHash, settings);
    if (fault === null) return;
    throw new PkgstashError(
      "conflict",
      `Cannot approve ${watched.base}: ${fault}. See pkgstash aur settings ${watched.base}.`,
    );
  }

  #pinFaultsOf(watched: WatchedPackage): Map<string, string | null> {
    const { pinFaultOf = () => undefined } = this.#options;
    const faults = watched.candidates.map(({ treeHash }) =>
      [treeHash, pinFaultOf(watched, treeHash)] as const
    );
    return new Map(faults.filter((each): each is [string, string | null] => each[1] !== undefined));
  }

  async #patchFaultsOf({ settings, candidates }: WatchedPackage): Promise<Map<string, string>> {
    const faults = new Map<string, string>();
    for (const { treeHash } of candidates) {
      const fault = await this.#patches.faultOf(treeHash, settings?.settings);
      if (fault !== null) faults.set(treeHash, fault);
    }
    return faults;
  }
}

function voided(base: string): PkgstashError {
  return new PkgstashError(
    "conflict",
    `Cannot accept ${base}: its files have changed since. See pkgstash approvals.`,
  );
}
