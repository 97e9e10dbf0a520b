import {
  ADD_FOLDER,
  ADD_REPOSITORY,
  ADD_WATCHED,
  CHECK_WATCHED,
  type CheckReport as CheckJson,
  HOLD_WATCHED,
  LIST_WATCHED,
  type PlanReport,
  RELEASE_WATCHED,
  REMOVE_WATCHED,
  SET_COOL_DOWN,
  SHOW_WATCHED,
  type WatchedDetail,
  type WatchedReport,
} from "../../api/aur.ts";
import type { Building } from "../../building/building.ts";
import type { Maintainers, WatchedPackage } from "../../building/packages/watched_package.ts";
import type { DependencyPlan } from "../../building/watch/dependency_plan.ts";
import type { CheckReport } from "../../building/watch/watcher.ts";
import { attributionReport } from "./attribution.ts";
import { timestamp, timestampOrNull } from "./timestamp.ts";
import { handle, type Route } from "./route.ts";

export const aurRoutes: readonly Route[] = [
  handle(LIST_WATCHED, async ({ building }) => {
    const packages: WatchedReport[] = [];
    for (const each of building.packages.list()) packages.push(await watchedReport(building, each));
    const { lastCheck } = building.watcher;
    return { packages, last_check: lastCheck === null ? null : checkReport(lastCheck) };
  }),
  handle(ADD_WATCHED, async ({ body, building, principal, note, changesNothing }) => {
    const { names, skip_unknown: skipsUnknown, dry_run: isDryRun } = body;
    if (isDryRun) {
      changesNothing();
      return planReport(await building.watchList.plan(names), null);
    }
    const by = principal?.name ?? "";
    const { plan, failure } = await building.watchList.add(names, { by, skipsUnknown });
    note({ added: plan.packages.map(({ base }) => base) });
    return planReport(plan, failure);
  }),
  handle(ADD_FOLDER, async ({ body: { files }, building, principal, note }) => {
    const watched = await building.watchList.addFolder(
      files.map(({ path, mode, base64 }) => ({
        path,
        mode,
        content: Uint8Array.fromBase64(base64),
      })),
      principal?.name ?? "",
    );
    note({ package: watched.base });
    return await watchedReport(building, watched);
  }),
  handle(ADD_REPOSITORY, async ({ body: { url, branch }, building, principal, note }) => {
    const reference = branch === undefined ? "HEAD" : `refs/heads/${branch}`;
    const watched = await building.watchList.addRepository(
      { url, reference },
      principal?.name ?? "",
    );
    note({ package: watched.base, url, reference });
    return await watchedReport(building, watched);
  }),
  handle(CHECK_WATCHED, async ({ building }) => {
    building.looks.lookNow();
    return checkReport(await building.watcher.check());
  }),
  handle(SHOW_WATCHED, async ({ path: { name }, building }) => {
    return await watchedDetail(building, building.watchList.find(name));
  }),
  handle(REMOVE_WATCHED, async ({ path: { name }, building, note }) => {
    note({ package: (await building.watchList.remove(name)).base });
  }),
  handle(HOLD_WATCHED, async ({ path: { name }, body: { reason }, building, principal, note }) => {
    const { base } = building.watchList.find(name);
    await building.decisions.hold(base, { by: principal?.name ?? "", reason, isHeld: true });
    note({ package: base, reason });
  }),
  handle(RELEASE_WATCHED, async ({ path: { name }, building, principal, note }) => {
    const { base } = building.watchList.find(name);
    await building.decisions.hold(base, { by: principal?.name ?? "", reason: "", isHeld: false });
    note({ package: base });
  }),
  handle(SET_COOL_DOWN, async ({ path: { name }, body, building, principal, note }) => {
    const { base } = building.watchList.find(name);
    await building.decisions.setCoolDown(base, { by: principal?.name ?? "", ...body });
    note({ package: base, ...body });
  }),
];

export function maintainersReport(maintainers: Maintainers | undefined) {
  return {
    maintainer: maintainers?.maintainer ?? null,
    co_maintainers: [...maintainers?.coMaintainers ?? []],
  };
}

async function watchedReport(building: Building, watched: WatchedPackage): Promise<WatchedReport> {
  const { base, names, source, accepted, candidates, published, maintainers } = watched;
  const decision = await building.decisions.decisionOf(watched);
  return {
    base,
    names: [...names],
    source: source.kind,
    repository: repositoryText(watched),
    state: await building.stateOf(watched),
    accepted: accepted?.version ?? null,
    candidate: candidates.at(-1)?.version ?? null,
    published: published?.version ?? null,
    passes_at: timestampOrNull(decision.kind === "wait" ? decision.until : null),
    maintainers: maintainersReport(maintainers.at(-1)),
    needs: [...watched.needs],
    is_dependency: watched.isDependency,
    problem: watched.problem,
  };
}

/** The git repository of a package source; null for another kind of source. */
export function repositoryText({ source }: WatchedPackage): string | null {
  if (source.kind !== "git") return null;
  const { url, reference } = source;
  return reference === "HEAD" ? url : `${url}#branch=${reference.replace("refs/heads/", "")}`;
}

async function followedReport({ followed }: Building, watched: WatchedPackage) {
  const seen = followed.seenOf(watched);
  return {
    follows: (await followed.followedBy(watched)).map((each) => ({
      source: `${each.tool}+${each.url} ${each.reference}`,
      commit: seen?.commits[`${each.url} ${each.reference}`] ?? null,
    })),
    looked_at: timestampOrNull(seen?.at ?? null),
    look_failure: seen?.failure ?? null,
  };
}

async function watchedDetail(building: Building, watched: WatchedPackage): Promise<WatchedDetail> {
  const { info, coolDown, hold, maintainers, news, decisions } = watched;
  return {
    ...await watchedReport(building, watched),
    description: info?.description ?? null,
    votes: info?.votes ?? null,
    popularity: info?.popularity ?? null,
    first_submitted: timestampOrNull(info?.firstSubmitted ?? null),
    last_modified: timestampOrNull(info?.lastModified ?? null),
    out_of_date: timestampOrNull(info?.outOfDate ?? null),
    added: { at: timestamp(watched.added.at), by: watched.added.by },
    unmet: [...watched.unmet],
    hold: hold === null ? null : attributionReport(hold),
    cool_down: coolDown === null ? null : { ...attributionReport(coolDown), ms: coolDown.ms },
    skipped: [...watched.skipped],
    ...await followedReport(building, watched),
    maintainer_history: maintainers.map((each) => ({
      at: timestamp(each.at),
      ...maintainersReport(each),
    })),
    news: news.map(({ at, text }) => ({ at: timestamp(at), text })).reverse(),
    decisions: decisions.map(({ action, version, treeHash, settings, ...attribution }) => ({
      ...attributionReport(attribution),
      action,
      settings: [...settings ?? []],
      version,
      tree: treeHash,
    })).reverse(),
  };
}

function checkReport({ at, changed, failure }: CheckReport): CheckJson {
  return { at: timestamp(at), changed: [...changed], failure };
}

function planReport(plan: DependencyPlan, failure: string | null): PlanReport {
  return {
    packages: plan.packages.map(({ base, names, info, isDependency, needs }) => ({
      base,
      names: [...names],
      version: info.version,
      maintainer: info.maintainer,
      is_dependency: isDependency,
      needs: [...needs],
    })),
    cycles: plan.cycles.map((cycle) => [...cycle]),
    unknown: [...plan.unknown],
    watched: [...plan.watched],
    open: plan.open.map(({ dependency, neededBy, providers }) => ({
      dependency,
      needed_by: neededBy,
      providers: [...providers],
    })),
    failure,
  };
}
