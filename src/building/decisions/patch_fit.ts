import { reasonOf } from "../../errors.ts";
import { type BuildSettings, settingsHash } from "../build_settings.ts";
import { metadataOf } from "../packages/tree_metadata.ts";
import { patchedTree } from "../patched_tree.ts";
import type { TreeStore } from "../trees.ts";

/** Number of results to keep: each requires reading a tree from disk. */
const MAX_REMEMBERED = 1_000;

/** Checks whether the patches of settings apply to trees. */
export class PatchFit {
  readonly #trees: TreeStore;
  readonly #known = new Map<string, string | null>();

  constructor(trees: TreeStore) {
    this.#trees = trees;
  }

  /** Why the patches do not apply to the files, in a sentence without a full stop; null if they do. */
  async faultOf(treeHash: string, settings: BuildSettings | undefined): Promise<string | null> {
    if (settings === undefined || settings.patches.length === 0) return null;
    const key = `${treeHash} ${settingsHash(settings)}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const tree = await this.#trees.read(treeHash);
    if (tree === null) return "its files are no longer kept";
    let fault: string | null = null;
    try {
      const patched = metadataOf(await patchedTree(tree, settings.patches));
      const { base } = metadataOf(tree);
      if (patched.base !== base) fault = `its patches turn ${base} into ${patched.base}`;
    } catch (error) {
      fault = reasonOf(error).replace(/\.$/, "");
    }
    this.#known.set(key, fault);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= MAX_REMEMBERED) break;
      this.#known.delete(oldest);
    }
    return fault;
  }
}
