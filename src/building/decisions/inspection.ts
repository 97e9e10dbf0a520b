import { parseSrcinfo } from "../../formats/pacman/srcinfo.ts";
import { metadataOf } from "../packages/tree_metadata.ts";
import type { Fact, Verdict } from "../review/fact.ts";
import { inspect } from "../review/first_look.ts";
import { judge } from "../review/judge.ts";
import { type DiffLine, diffTrees } from "../review/tree_diff.ts";
import type { SourceTree } from "../source_tree.ts";
import type { TreeStore } from "../trees.ts";
import type { ApprovalMember } from "./approvals.ts";

/** Everything in the files that a person needs to decide. */
export interface Inspection {
  /** Null for a first build. */
  readonly verdict: Verdict | null;
  /** What changed; of a first build, what is worth a look. */
  readonly facts: readonly Fact[];
  readonly diff: readonly DiffLine[];
  /** As `.SRCINFO` has them. */
  readonly sources: readonly string[];
  readonly dependencies: readonly string[];
}

/** Compares a tree that waits with the accepted one, or looks at it by itself the first time. */
export async function inspectMember(
  trees: TreeStore,
  { watched: { accepted }, candidate }: ApprovalMember,
): Promise<Inspection> {
  const tree: SourceTree = await trees.read(candidate.treeHash) ?? new Map();
  const before = accepted === null ? null : await trees.read(accepted.treeHash);
  const judgement = before === null ? null : judge(before, tree);
  return {
    verdict: judgement?.verdict ?? null,
    facts: judgement?.facts ?? await inspect(tree),
    diff: await diffTrees(before, tree),
    sources: sourcesOf(tree),
    dependencies: metadataOf(tree).dependencies,
  };
}

function sourcesOf(tree: SourceTree): string[] {
  const content = tree.get(".SRCINFO")?.content ?? new Uint8Array(0);
  const { base } = parseSrcinfo(new TextDecoder().decode(content));
  return base.lines.filter(({ key }) => /^source(?:_|$)/.test(key)).map(({ value }) => value);
}
