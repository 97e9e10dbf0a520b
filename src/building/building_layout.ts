import { join } from "@std/path";

/**
 * The part of `state_root` for AUR packages and builds. Every file is written completely and then
 * renamed, so a copy of this tree at any moment is a backup.
 *
 *     <state_root>/building/
 *       packages/BASE.json      one watched package base: its source, maintainers, accepted tree,
 *                               candidates, and every decision
 *       trees/HASH.json         the files of one package source, named by the hash that approvals
 *                               are bound to
 *       notices.json            undelivered messages
 *       libraries.json          the libraries that published packages are linked against
 *       sources.json            the last known commits of the repositories that packages follow
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

  /** `base` must be a valid name of a package base. */
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
