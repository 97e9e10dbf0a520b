import type { AurPackage } from "../../formats/aur/rpc_answer.ts";
import { isProvidedBy, isSatisfiedBy, parseDependency } from "../../formats/pacman/dependency.ts";
import { buildOrder } from "../packages/build_order.ts";

/** What a plan is derived from. */
export interface PlanSources {
  /** Information from the AUR, by name; missing names do not exist. */
  readonly info: (names: readonly string[]) => Promise<ReadonlyMap<string, AurPackage>>;
  /** Names of AUR packages that provide a name. */
  readonly providersOf: (name: string) => Promise<readonly string[]>;
  /** The dependencies that neither a mirrored nor an own repository satisfies. */
  readonly unsatisfied: (dependencies: readonly string[]) => Promise<readonly string[]>;
  /** The watched package base with a package of this name, or null. */
  readonly watchedBase: (name: string) => string | null;
}

/** A package base to watch. */
export interface PlannedPackage {
  readonly base: string;
  /** Its packages that were requested or are needed. */
  readonly names: readonly string[];
  readonly info: AurPackage;
  /** Whether it was not requested, but others need it. */
  readonly isDependency: boolean;
  /** AUR package bases that must be published first. */
  readonly needs: readonly string[];
}

/** A plan for watching packages. */
export interface DependencyPlan {
  /** In build order, without those that are already watched. */
  readonly packages: readonly PlannedPackage[];
  readonly cycles: readonly (readonly string[])[];
  /** Requested names that the AUR does not have. */
  readonly unknown: readonly string[];
  /** Requested package bases that are already watched. */
  readonly watched: readonly string[];
  /** Dependencies that nothing satisfies, or that several AUR packages provide. */
  readonly open: readonly OpenDependency[];
}

export interface OpenDependency {
  readonly dependency: string;
  readonly neededBy: string;
  /** AUR packages that provide it; empty for none. */
  readonly providers: readonly string[];
}

/** Far more than the largest known closure; beyond it, something is wrong. */
const MAX_PACKAGES = 500;

/**
 * Finds what has to be watched for some packages to be built and installed: they, and everything that
 * only the AUR has; and for a package base that is watched already, `needed` is what it lacks. Asks for all that is new at once, so that a chain takes as many requests as it is
 * deep.
 */
export async function planDependencies(
  names: readonly string[],
  sources: PlanSources,
  needed: { readonly base: string; readonly dependencies: readonly string[] } | null = null,
): Promise<DependencyPlan> {
  const found = new Map<string, Found>();
  const open: OpenDependency[] = [];
  const watched = new Set<string>();
  const unknown: string[] = [];
  let wanted: Wish[] = [];
  for (const name of new Set(names)) {
    const base = sources.watchedBase(name);
    if (base === null) wanted.push({ name, dependency: null, neededBy: null });
    else watched.add(base);
  }
  for (const dependency of needed?.dependencies ?? []) {
    wanted.push({ name: parseDependency(dependency).name, dependency, neededBy: needed!.base });
  }
  const asked = new Map<string, AurPackage>();
  while (wanted.length > 0) {
    const { resolved, failed } = await resolve(wanted, { sources, found, asked });
    for (const { name, dependency, neededBy, providers } of failed) {
      if (neededBy === null || dependency === null) unknown.push(name);
      else open.push({ dependency, neededBy, providers });
    }
    const fresh: { info: AurPackage; base: string }[] = [];
    for (const { wish, info } of resolved) {
      const known = found.get(info.base);
      if (known === undefined) fresh.push({ info, base: info.base });
      const entry = known ??
        { info, names: new Set<string>(), needs: new Set<string>(), asked: false };
      if (known !== undefined && !entry.names.has(info.name)) fresh.push({ info, base: info.base });
      entry.names.add(info.name);
      entry.asked ||= wish.neededBy === null;
      found.set(info.base, entry);
      if (wish.neededBy !== null && wish.neededBy !== info.base) {
        found.get(wish.neededBy)?.needs.add(info.base);
      }
    }
    if (found.size > MAX_PACKAGES) break;
    wanted = await wishesOf(fresh, { sources, found });
  }
  const { order, cycles } = buildOrder(
    new Map([...found].map(([base, { needs }]) => [base, [...needs]])),
  );
  return {
    packages: order.flatMap((base) => {
      const entry = found.get(base);
      if (entry === undefined) return [];
      return [{
        base,
        names: [...entry.names].sort(),
        info: entry.info,
        isDependency: !entry.asked,
        needs: [...entry.needs].sort(),
      }];
    }),
    cycles,
    unknown,
    watched: [...watched],
    open,
  };
}

/** A package to look up. */
interface Wish {
  readonly name: string;
  /** The dependency that names it; null if it was requested. */
  readonly dependency: string | null;
  /** The package base that needs it; null if it was requested. */
  readonly neededBy: string | null;
}

interface Found {
  readonly info: AurPackage;
  readonly names: Set<string>;
  readonly needs: Set<string>;
  asked: boolean;
}

interface Search {
  readonly sources: PlanSources;
  readonly found: Map<string, Found>;
  /** All answers so far, by name. */
  readonly asked: Map<string, AurPackage>;
}

type FailedWish = Wish & { readonly providers: readonly string[] };

async function resolve(wishes: readonly Wish[], { sources, found, asked }: Search): Promise<{
  resolved: { wish: Wish; info: AurPackage }[];
  failed: FailedWish[];
}> {
  const unasked = [...new Set(wishes.map(({ name }) => name))].filter((name) => !asked.has(name));
  const answer = unasked.length === 0 ? new Map() : await sources.info(unasked);
  for (const [name, info] of answer) asked.set(name, info);
  const resolved: { wish: Wish; info: AurPackage }[] = [];
  const failed: FailedWish[] = [];
  for (const wish of wishes) {
    const own = asked.get(wish.name);
    if (own !== undefined && isEnough(own, wish.dependency)) {
      resolved.push({ wish, info: own });
      continue;
    }
    if (wish.neededBy === null) {
      failed.push({ ...wish, providers: [] });
      continue;
    }
    const providers = (await sources.providersOf(wish.name)).filter((name) => name !== wish.name);
    const infos = [...(providers.length === 0 ? new Map() : await sources.info(providers)).values()]
      .filter((info) => isEnough(info, wish.dependency));
    // A provider that is part of the plan settles the choice.
    const chosen = infos.filter((info) => found.has(info.base) || asked.has(info.name));
    const [only, ...others] = chosen.length > 0 ? chosen : infos;
    if (only !== undefined && (chosen.length > 0 || others.length === 0)) {
      asked.set(only.name, only);
      resolved.push({ wish, info: only });
    } else failed.push({ ...wish, providers: infos.map(({ name }) => name).sort() });
  }
  return { resolved, failed };
}

/** Whether a package satisfies a dependency, by name and version or by its provides. */
function isEnough({ name, version, provides }: AurPackage, dependency: string | null): boolean {
  if (dependency === null) return true;
  const wanted = parseDependency(dependency);
  return isSatisfiedBy(wanted, { name, version }) ||
    provides.some((each) => isProvidedBy(wanted, parseDependency(each)));
}

/** Unmet dependencies of new packages. Needs that are already watched are recorded. */
async function wishesOf(
  fresh: readonly { info: AurPackage; base: string }[],
  { sources, found }: Pick<Search, "sources" | "found">,
): Promise<Wish[]> {
  const needs = fresh.flatMap(({ info, base }) =>
    [...new Set([...info.depends, ...info.makeDepends, ...info.checkDepends])]
      .map((dependency) => ({ dependency, name: parseDependency(dependency).name, base }))
  );
  const all = [...new Set(needs.map(({ dependency }) => dependency))];
  const missing = new Set(all.length === 0 ? [] : await sources.unsatisfied(all));
  const wishes: Wish[] = [];
  for (const { dependency, name, base } of needs) {
    const watched = sources.watchedBase(name);
    if (watched !== null) {
      if (watched !== base) found.get(base)?.needs.add(watched);
      continue;
    }
    if (!missing.has(dependency)) continue;
    const isOwn = [...found].some(([each, { names }]) => each === base && names.has(name));
    if (!isOwn) wishes.push({ name, dependency, neededBy: base });
  }
  return wishes;
}
