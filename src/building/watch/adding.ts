import type { Clock } from "../../async/clock.ts";
import { PkgstashError, reasonOf } from "../../errors.ts";
import type { PackageStore } from "../packages/package_store.ts";
import { metadataOf } from "../packages/tree_metadata.ts";
import { newPackage, type Source, type WatchedPackage } from "../packages/watched_package.ts";
import { observe } from "./aur_changes.ts";
import type { SourceTree } from "../source_tree.ts";
import type { DependencyPlan, PlannedPackage } from "./dependency_plan.ts";
import type { Watcher } from "./watcher.ts";

/** The result of adding packages. */
export interface Added {
  readonly plan: DependencyPlan;
  /** Why some files could not be fetched yet; null if all were. The next check retries. */
  readonly failure: string | null;
}

/**
 * Watches the packages of a plan. Packages that depend on each other form a group, so that their first
 * builds are decided together.
 */
export async function addPlanned(
  plan: DependencyPlan,
  { store, watcher, clock, by }: {
    store: PackageStore;
    watcher: Pick<Watcher, "take">;
    clock: Clock;
    by: string;
  },
): Promise<Added> {
  const now = clock.now();
  const groups = groupsOf(plan.packages);
  for (const planned of plan.packages) {
    await store.add(watchedOf(planned, { now, by, group: groups.get(planned.base) ?? "" }));
  }
  for (const base of plan.watched) {
    await store.update(
      base,
      (watched) => watched.isDependency ? { ...watched, isDependency: false } : watched,
    );
  }
  let failure: string | null = null;
  for (const { base } of plan.packages) {
    try {
      await watcher.take(base);
    } catch (error) {
      if (error instanceof PkgstashError && error.kind === "storage") throw error;
      failure = reasonOf(error);
      break;
    }
  }
  return { plan, failure };
}

/**
 * Watches a package source outside the AUR, or receives its next state; returns the name of its
 * package base.
 *
 * @throws PkgstashError `content` if the files are rejected, `conflict` if the package base is watched
 * at another source.
 */
export async function addSource(
  source: Source,
  { tree, mark, by, store, watcher, clock }: {
    tree: SourceTree;
    /** Identifies this state of the source. */
    mark: string;
    by: string;
    store: PackageStore;
    watcher: Pick<Watcher, "receive">;
    clock: Clock;
  },
): Promise<string> {
  const { base, names } = metadataOf(tree);
  const known = store.find(base);
  if (known !== null && JSON.stringify(known.source) !== JSON.stringify(source)) {
    const what = source.kind === "git" ? source.url : "a folder";
    throw new PkgstashError(
      "conflict",
      `Cannot watch ${base} from ${what}: it is already watched from another source. Remove it first.`,
    );
  }
  if (known === null) {
    const added = { at: clock.now(), by };
    const group = crypto.randomUUID();
    await store.add(
      newPackage({ base, names, source, added, group, isDependency: false, needs: [] }),
    );
  }
  await watcher.receive(base, tree, mark);
  return base;
}

function watchedOf(
  { base, names, info, isDependency, needs }: PlannedPackage,
  { now, by, group }: { now: number; by: string; group: string },
): WatchedPackage {
  const watched = newPackage({
    base,
    names,
    source: { kind: "aur" },
    added: { at: now, by },
    group,
    isDependency,
    needs,
  });
  const record = {
    at: now,
    by,
    reason: "",
    action: "added",
    treeHash: null,
    version: null,
  } as const;
  return {
    ...observe(watched, new Map([[info.name, info]]), now),
    decisions: [record],
  };
}

/** A group for each set of packages that need each other, directly or not. */
function groupsOf(packages: readonly PlannedPackage[]): Map<string, string> {
  const groups = new Map(packages.map(({ base }) => [base, crypto.randomUUID()]));
  for (const { base, needs } of packages) {
    for (const need of needs) {
      const from = groups.get(need);
      const to = groups.get(base);
      if (from === undefined || to === undefined) continue;
      for (const [each, group] of groups) if (group === from) groups.set(each, to);
    }
  }
  return groups;
}
