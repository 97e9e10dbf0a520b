import { join } from "@std/path";

/**
 * The part of `state_root` that belongs to builds. Every file is written whole and then renamed, so a
 * copy of this tree at any moment is a backup.
 *
 *     <state_root>/building/
 *       packages/BASE.json      one watched package base: where it comes from, who maintained it,
 *                               what was accepted, what waits, and every decision
 *       trees/HASH.json         the files of one package source, by the hash that approvals are
 *                               bound to
 *       notices.json            messages that are still to be delivered
 *       libraries.json          which libraries published packages were linked with
 *       sources.json            what the sources were that packages follow, when last looked at
 *       queue/                  builds; see queue/queue_layout.ts
 */
export class BuildingLayout {
  readonly root: string;

  constructor(stateRoot: string) {
    this.root = join(stateRoot, "building");
  }

  get packages(): string {
    return join(this.root, "packages");
  }

  /** `base` must be a name of a package base. */
  package(base: string): string {
    return join(this.packages, `${base}.json`);
  }

  get trees(): string {
    return join(this.root, "trees");
  }

  /** `hash` must be the hash of a tree. */
  tree(hash: string): string {
    return join(this.trees, `${hash}.json`);
  }

  get queue(): string {
    return join(this.root, "queue");
  }

  get notices(): string {
    return join(this.root, "notices.json");
  }

  get sources(): string {
    return join(this.root, "sources.json");
  }

  get libraries(): string {
    return join(this.root, "libraries.json");
  }
}
