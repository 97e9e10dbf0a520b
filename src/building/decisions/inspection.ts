import { parseSrcinfo } from "../../formats/pacman/srcinfo.ts";
import { metadataOf } from "../packages/tree_metadata.ts";
import type { Fact, Verdict } from "../review/fact.ts";
import { inspect } from "../review/first_look.ts";
import { judge } from "../review/judge.ts";
import { type DiffLine, diffTrees } from "../review/tree_diff.ts";
import {
  contentDigest,
  isSameFile,
  type SourceFile,
  type SourceTree,
  textOf,
} from "../source_tree.ts";
import type { TreeStore } from "../trees.ts";
import type { ApprovalMember } from "./approvals.ts";

/** Everything in the files that a person needs to decide. */
export interface Inspection {
  /** Null for a first build. */
  readonly verdict: Verdict | null;
  /** What changed; of a first build, what is worth a look. */
  readonly facts: readonly Fact[];
  readonly diff: readonly DiffLine[];
  /** The tree that it is compared with; null for none. */
  readonly comparedWith: string | null;
  /** As `.SRCINFO` has them. */
  readonly sources: readonly string[];
  readonly dependencies: readonly string[];
}

/** A file as a person reads it. */
export interface ReadableFile {
  readonly mode: string;
  readonly size: number;
  /** Null if the content is not known. */
  readonly sha256: string | null;
  /** Null if it is not a text, or too long. */
  readonly text: string | null;
}

/** A file before and after, as far as it is there. */
export interface FilePair {
  readonly path: string;
  readonly before: ReadableFile | null;
  readonly after: ReadableFile | null;
  readonly isChanged: boolean;
}

/** Longer files are not shown as text. */
const MAX_TEXT_BYTES = 1024 * 1024;

/**
 * Compares a tree that waits with the accepted one, or with one of `seen` that waited before; or looks
 * at it by itself the first time.
 */
export async function inspectMember(
  trees: TreeStore,
  member: ApprovalMember,
  seen: readonly string[],
): Promise<Inspection> {
  const { before, tree, comparedWith } = await treesOf(trees, member, seen);
  const judgement = before === null ? null : judge(before, tree);
  return {
    verdict: judgement?.verdict ?? null,
    facts: judgement?.facts ?? await inspect(tree),
    diff: await diffTrees(before, tree),
    comparedWith: before === null ? null : comparedWith,
    sources: sourcesOf(tree),
    dependencies: metadataOf(tree).dependencies,
  };
}

/** All files of a tree that waits, and those that are gone, by their paths. */
export async function filesOfMember(
  trees: TreeStore,
  member: ApprovalMember,
): Promise<FilePair[]> {
  const { before, tree } = await treesOf(trees, member, []);
  const old: SourceTree = before ?? new Map();
  return [...new Set([...old.keys(), ...tree.keys()])].sort().map((path) => {
    const [before, after] = [old.get(path), tree.get(path)];
    const isSame = before !== undefined && after !== undefined && isSameFile(before, after);
    return { path, before: readable(before), after: readable(after), isChanged: !isSame };
  });
}

function readable(file: SourceFile | undefined): ReadableFile | null {
  if (file === undefined) return null;
  const { mode, size } = file;
  const text = size > MAX_TEXT_BYTES ? null : textOf(file);
  return { mode, size, sha256: contentDigest(file), text };
}

/** A hash in `seen` counts only if that tree waited for the same package. */
async function treesOf(
  trees: TreeStore,
  { watched: { accepted, candidates }, candidate }: ApprovalMember,
  seen: readonly string[],
) {
  const known = candidates.find(({ treeHash }) =>
    treeHash !== candidate.treeHash && seen.includes(treeHash)
  );
  const comparedWith = known?.treeHash ?? accepted?.treeHash ?? null;
  const tree: SourceTree = await trees.read(candidate.treeHash) ?? new Map();
  const before = comparedWith === null ? null : await trees.read(comparedWith);
  return { before, tree, comparedWith };
}

function sourcesOf(tree: SourceTree): string[] {
  const content = tree.get(".SRCINFO")?.content ?? new Uint8Array(0);
  const { base } = parseSrcinfo(new TextDecoder().decode(content));
  return base.lines.filter(({ key }) => /^source(?:_|$)/.test(key)).map(({ value }) => value);
}
