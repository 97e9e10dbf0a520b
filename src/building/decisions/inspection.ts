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

/** Everything about the files that a person needs for a decision. */
export interface Inspection {
  /** Null for a first build. */
  readonly verdict: Verdict | null;
  /** What changed; for a first build, what is noteworthy. */
  readonly facts: readonly Fact[];
  readonly diff: readonly DiffLine[];
  /** The tree that it is compared with; null for none. */
  readonly comparedWith: string | null;
  /** From `.SRCINFO`. */
  readonly sources: readonly string[];
  readonly dependencies: readonly string[];
}

/** A file for display. */
export interface ReadableFile {
  readonly mode: string;
  readonly size: number;
  /** Null if the content is not known. */
  readonly sha256: string | null;
  /** Null if it is not text, or too long. */
  readonly text: string | null;
}

/** A file before and after; null on a side where it does not exist. */
export interface FilePair {
  readonly path: string;
  readonly before: ReadableFile | null;
  readonly after: ReadableFile | null;
  readonly isChanged: boolean;
}

/** Longer files are not shown as text. */
const MAX_TEXT_BYTES = 1024 * 1024;

/** Characters of differences that are kept: a page that follows a list asks twice a second. */
const MAX_KEPT_CHARACTERS = 8 * 1024 ** 2;

/** Inspections of the trees that await approval. Recent ones are kept, by the hashes of their trees. */
export class Inspections {
  readonly #trees: TreeStore;
  readonly #maxKept: number;
  readonly #kept = new Map<string, { inspection: Inspection; characters: number }>();
  #characters = 0;

  constructor(trees: TreeStore, maxKeptCharacters: number = MAX_KEPT_CHARACTERS) {
    this.#trees = trees;
    this.#maxKept = maxKeptCharacters;
  }

  /**
   * Compares a candidate with the accepted tree, or with one of `seen` that was a candidate before;
   * inspects it by itself the first time.
   */
  async of(member: ApprovalMember, seen: readonly string[]): Promise<Inspection> {
    const pair = pairOf(member, seen);
    const key = `${pair.comparedWith ?? ""} ${pair.treeHash}`;
    const kept = this.#kept.get(key);
    if (kept !== undefined) {
      this.#kept.delete(key);
      this.#kept.set(key, kept);
      return kept.inspection;
    }
    const { before, tree } = await readPair(this.#trees, pair);
    const inspection = await inspectTree(tree, before, pair.comparedWith);
    // A tree that is missing may be there again later.
    const isWhole = tree.size > 0 && (before === null) === (pair.comparedWith === null);
    if (isWhole) this.#keep(key, inspection);
    return inspection;
  }

  #keep(key: string, inspection: Inspection): void {
    const characters = inspection.diff.reduce((sum, { text }) => sum + text.length, 0);
    if (characters > this.#maxKept || this.#kept.has(key)) return;
    this.#kept.set(key, { inspection, characters });
    this.#characters += characters;
    for (const [oldest, { characters }] of this.#kept) {
      if (this.#characters <= this.#maxKept) break;
      this.#kept.delete(oldest);
      this.#characters -= characters;
    }
  }
}

async function inspectTree(
  tree: SourceTree,
  before: SourceTree | null,
  comparedWith: string | null,
): Promise<Inspection> {
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

/** All files of a candidate and those that it removes, by path. */
export async function filesOfMember(
  trees: TreeStore,
  member: ApprovalMember,
): Promise<FilePair[]> {
  const { before, tree } = await readPair(trees, pairOf(member, []));
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

/** The hashes of a candidate and of the tree that it is compared with; null for none. */
interface TreePair {
  readonly treeHash: string;
  readonly comparedWith: string | null;
}

/** A hash in `seen` counts only if that tree was a candidate of the same package. */
function pairOf(
  { watched: { accepted, candidates }, candidate: { treeHash } }: ApprovalMember,
  seen: readonly string[],
): TreePair {
  const known = candidates.find((each) =>
    each.treeHash !== treeHash && seen.includes(each.treeHash)
  );
  return { treeHash, comparedWith: known?.treeHash ?? accepted?.treeHash ?? null };
}

async function readPair(trees: TreeStore, { treeHash, comparedWith }: TreePair) {
  const tree: SourceTree = await trees.read(treeHash) ?? new Map();
  const before = comparedWith === null ? null : await trees.read(comparedWith);
  return { before, tree };
}

function sourcesOf(tree: SourceTree): string[] {
  const content = tree.get(".SRCINFO")?.content ?? new Uint8Array(0);
  const { base } = parseSrcinfo(new TextDecoder().decode(content));
  return base.lines.filter(({ key }) => /^source(?:_|$)/.test(key)).map(({ value }) => value);
}
