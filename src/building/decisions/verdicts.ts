import type { WatchedPackage } from "../packages/watched_package.ts";
import type { Verdict } from "../review/fact.ts";
import type { SourceTree } from "../source_tree.ts";
import type { TreeStore } from "../trees.ts";

/** Number of verdicts to keep: each requires reading two trees from disk. */
const MAX_REMEMBERED = 1_000;

/** Judges the change from an accepted tree to another. */
export type Judge = (
  accepted: SourceTree,
  candidate: SourceTree,
) => Verdict | Promise<Verdict>;

/** The verdicts on candidates, compared with the accepted trees. */
export class Verdicts {
  readonly #trees: TreeStore;
  readonly #judgeTrees: Judge;
  readonly #known = new Map<string, Verdict>();

  constructor({ trees, judge = verdictOf }: { trees: TreeStore; judge?: Judge }) {
    this.#trees = trees;
    this.#judgeTrees = judge;
  }

  /** The verdicts on all candidates of a package, by tree hash; none before the first acceptance. */
  async of({ accepted, candidates }: WatchedPackage): Promise<Map<string, Verdict>> {
    const verdicts = new Map<string, Verdict>();
    if (accepted === null) return verdicts;
    for (const { treeHash } of candidates) {
      const key = `${accepted.treeHash} ${treeHash}`;
      const known = this.#known.get(key);
      const verdict = known ?? await this.#judge(accepted.treeHash, treeHash);
      this.#known.set(key, verdict);
      verdicts.set(treeHash, verdict);
    }
    for (const key of this.#known.keys()) {
      if (this.#known.size <= MAX_REMEMBERED) break;
      this.#known.delete(key);
    }
    return verdicts;
  }

  /** Trees that cannot be compared need a person. */
  async #judge(acceptedHash: string, candidateHash: string): Promise<Verdict> {
    const accepted = await this.#trees.read(acceptedHash);
    const candidate = await this.#trees.read(candidateHash);
    if (accepted === null || candidate === null) return "review";
    return await this.#judgeTrees(accepted, candidate);
  }
}

/** Loaded on first use: the PKGBUILD parser would delay every start. */
async function verdictOf(accepted: SourceTree, candidate: SourceTree): Promise<Verdict> {
  const { judge } = await import("../review/judge.ts");
  return judge(accepted, candidate).verdict;
}
