import { createHash } from "node:crypto";
import { buildOrder } from "../packages/build_order.ts";
import { settingsHash } from "../build_settings.ts";
import type { Candidate, DecidedSettings, WatchedPackage } from "../packages/watched_package.ts";
import type { Decision } from "./decision.ts";

/** One package base in an approval. */
export interface ApprovalMember {
  readonly watched: WatchedPackage;
  /** For settings alone, the accepted tree. */
  readonly candidate: Candidate;
  /** Settings that are approved with it; null if they stay the same. */
  readonly proposed: DecidedSettings | null;
}

/** The decision about a package, and the settings proposed for it. */
export interface Decided {
  readonly watched: WatchedPackage;
  readonly decision: Decision;
  readonly proposed: DecidedSettings | null;
}

/** Trees that await one decision. */
export interface Approval {
  /**
   * Identifies exactly these trees, settings and maintainers. Any change makes this approval void, and
   * a new one with another ID replaces it.
   */
  readonly id: string;
  /** `settings` if only settings change. */
  readonly kind: "first" | "change" | "settings";
  /** In build order. */
  readonly members: readonly ApprovalMember[];
  /** Why it does not pass automatically now. */
  readonly reasons: readonly string[];
  /**
   * When it passes automatically, in milliseconds since the epoch; null if it does not, or if that is
   * unknown.
   */
  readonly passesAt: number | null;
  /** Whether it needs a person, rather than only cooling down. */
  readonly isAsked: boolean;
  /** The latest push, in milliseconds since the epoch. */
  readonly pushedAt: number;
}

/**
 * Derives the approvals from the decision on each package. First builds of a group are one approval,
 * and so are a change and the first builds that it needs.
 */
export function approvalsOf(decided: readonly Decided[]): Approval[] {
  const groups = new Map<string, { members: ApprovalMember[]; decisions: Decision[] }>();
  for (const { watched, decision, proposed } of decided) {
    if (decision.kind !== "ask" && decision.kind !== "wait") continue;
    const key = watched.accepted === null
      ? `group ${watched.group}`
      : watched.accepted.treeHash === decision.candidate.treeHash
      ? `settings ${watched.base}`
      : `base ${watched.base}`;
    const group = groups.get(key) ?? { members: [], decisions: [] };
    group.members.push({ watched, candidate: decision.candidate, proposed });
    group.decisions.push(decision);
    groups.set(key, group);
  }
  return joined([...groups.values()])
    .map(({ members, decisions }) => approvalOf(members, decisions))
    .sort((one, other) => one.pushedAt - other.pushedAt);
}

interface Group {
  readonly members: readonly ApprovalMember[];
  readonly decisions: readonly Decision[];
}

/** Joins groups if one needs the first build of another. */
function joined(groups: readonly Group[]): Group[] {
  let rest = [...groups];
  const result: Group[] = [];
  for (let group = rest.shift(); group !== undefined; group = rest.shift()) {
    let whole: Group = group;
    for (let found = true; found;) {
      const linked = rest.filter((other) => needsFirst(whole, other) || needsFirst(other, whole));
      found = linked.length > 0;
      rest = rest.filter((other) => !linked.includes(other));
      whole = {
        members: [whole, ...linked].flatMap(({ members }) => members),
        decisions: [whole, ...linked].flatMap(({ decisions }) => decisions),
      };
    }
    result.push(whole);
  }
  return result;
}

function needsFirst(one: Group, other: Group): boolean {
  const first = other.members.filter(({ watched }) => watched.accepted === null)
    .map(({ watched }) => watched.base);
  return one.members.some(({ watched }) => watched.needs.some((need) => first.includes(need)));
}

function approvalOf(members: readonly ApprovalMember[], decisions: readonly Decision[]): Approval {
  const byBase = new Map(members.map((member) => [member.watched.base, member]));
  const { order, cycles } = buildOrder(
    new Map(members.map(({ watched }) => [watched.base, watched.needs])),
  );
  const ordered = order.flatMap((base) => byBase.get(base) ?? []);
  const isAsked = decisions.some(({ kind }) => kind === "ask");
  const [only] = decisions;
  return {
    id: idOf(ordered),
    kind: ordered.some(({ watched }) => watched.accepted === null)
      ? "first"
      : ordered.every(isAboutSettings)
      ? "settings"
      : "change",
    members: ordered,
    reasons: [
      ...new Set(
        decisions.flatMap((decision) =>
          decision.kind === "ask"
            ? decision.reasons
            : decision.kind === "wait"
            ? [decision.reason]
            : []
        ),
      ),
      ...cycles.map((bases) =>
        `${bases.join(" and ")} need each other, so none of them can be built first`
      ),
    ],
    passesAt: decisions.length === 1 && only?.kind === "wait" ? only.until : null,
    isAsked,
    pushedAt: Math.max(...ordered.map(({ candidate }) => candidate.pushedAt)),
  };
}

const ID_LENGTH = 16;

/** Whether only its settings need a decision. */
export function isAboutSettings({ watched, candidate }: ApprovalMember): boolean {
  return watched.accepted?.treeHash === candidate.treeHash;
}

/** Covers everything that is shown and may change: trees, settings, maintainers. */
function idOf(members: readonly ApprovalMember[]): string {
  const facts = members.map(({ watched, candidate, proposed }) => [
    watched.base,
    watched.accepted?.treeHash ?? null,
    candidate.treeHash,
    watched.maintainers.at(-1)?.maintainer ?? null,
    watched.maintainers.at(-1)?.coMaintainers ?? [],
    ...[watched.settings, proposed].map((each) =>
      each === null ? null : settingsHash(each.settings)
    ),
  ]);
  return createHash("sha256").update(JSON.stringify(facts.sort())).digest("hex").slice(
    0,
    ID_LENGTH,
  );
}
