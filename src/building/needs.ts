import type { Clock } from "../async/clock.ts";
import { reasonOf } from "../errors.ts";
import { isProvidedBy, parseDependency } from "../formats/pacman/dependency.ts";
import { eventLogger } from "../platform/observability/logging.ts";
import { DAEMON } from "../version.ts";
import type { AvailablePackages } from "./available_packages.ts";
import type { PackageStore } from "./packages/package_store.ts";
import { type WatchedPackage, withNews } from "./packages/watched_package.ts";
import { addPlanned } from "./watch/adding.ts";
import type { AurClient } from "./watch/aur_client.ts";
import { type DependencyPlan, planDependencies } from "./watch/dependency_plan.ts";
import type { Needs, Watcher } from "./watch/watcher.ts";

const log = eventLogger("aur");

/** What nothing provides is looked for once in this time. */
const AGAIN_AFTER_MS = 24 * 3_600_000;

export interface PackageNeedsOptions {
  readonly store: PackageStore;
  readonly available: AvailablePackages;
  readonly client: () => AurClient;
  readonly watcher: () => Pick<Watcher, "take">;
  readonly clock: Clock;
}

/** What packages need of the AUR: found when they are added, and when a later push brings more. */
export class PackageNeeds {
  readonly #options: PackageNeedsOptions;
  /** When a dependency of a package base was looked for. */
  readonly #soughtAt = new Map<string, number>();

  constructor(options: PackageNeedsOptions) {
    this.#options = options;
  }

  /** What watching these packages of the AUR would take, and what a watched package base needs. */
  async plan(
    names: readonly string[],
    needed: { readonly base: string; readonly dependencies: readonly string[] } | null = null,
  ): Promise<DependencyPlan> {
    const { client, available, store } = this.#options;
    await available.fetchMissingDatabases();
    return await planDependencies(names, {
      info: (names) => client().info(names),
      providersOf: (name) => client().providersOf(name),
      unsatisfied: (dependencies) => available.unsatisfied(dependencies),
      watchedBase: (name) => store.findByName(name)?.base ?? null,
    }, needed);
  }

  /** What a package base with these dependencies needs; null if that cannot be told at present. */
  async of(base: string, dependencies: readonly string[]): Promise<Needs | null> {
    const needs = new Set<string>();
    const others: string[] = [];
    for (const dependency of dependencies) {
      const watched = this.#options.store.findByName(parseDependency(dependency).name);
      if (watched === null) others.push(dependency);
      else if (watched.base !== base) needs.add(watched.base);
    }
    const missing = await this.#options.available.unsatisfiedIfKnown(others);
    if (missing === null) return null;
    const unmet = missing.filter((dependency) => {
      const provider = this.#providerOf(dependency);
      if (provider === null) return true;
      if (provider.base !== base) needs.add(provider.base);
      return false;
    });
    return { needs: [...needs].sort(), unmet };
  }

  /** The watched package that will provide what no repository has yet. */
  #providerOf(text: string): WatchedPackage | null {
    const dependency = parseDependency(text);
    return this.#options.store.list().find(({ info }) =>
      info?.provides.some((each) => isProvidedBy(dependency, parseDependency(each)))
    ) ?? null;
  }

  /** What was missing may be watched or published now. */
  async refresh(): Promise<void> {
    const { store } = this.#options;
    for (const { base, unmet } of store.list()) {
      if (unmet.length === 0) continue;
      const now = await this.of(base, unmet);
      if (now === null) continue;
      await store.update(base, (watched) => ({
        ...watched,
        needs: [...new Set([...watched.needs, ...now.needs])].sort(),
        unmet: now.unmet,
      }));
    }
  }

  /**
   * Watches what watched packages need since a later push and only the AUR has, to be decided together
   * with it. A failure is logged, and it is looked for again.
   */
  async adopt(): Promise<void> {
    const { store } = this.#options;
    await this.refresh();
    await this.#dropNeedless();
    for (const watched of store.list()) {
      const dependencies = watched.unmet.filter((each) => this.#isDue(watched, each));
      if (watched.hold !== null || dependencies.length === 0) continue;
      try {
        await this.#adoptFor(watched, dependencies);
      } catch (error) {
        const reason = reasonOf(error);
        log.warn("cannot look for what a package needs", { package: watched.base, reason });
        return;
      }
    }
  }

  /** Stops watching what was adopted for a push that another one has replaced. */
  async #dropNeedless(): Promise<void> {
    const { store } = this.#options;
    const find = () =>
      store.list().find(({ base, added, accepted }) =>
        added.by === DAEMON && accepted === null &&
        !store.list().some(({ needs }) => needs.includes(base))
      );
    for (let needless = find(); needless !== undefined; needless = find()) {
      await store.remove(needless.base);
      log.info("no longer watched, because nothing needs it", { package: needless.base });
    }
  }

  async #adoptFor({ base }: WatchedPackage, dependencies: readonly string[]): Promise<void> {
    const { store, watcher, clock } = this.#options;
    const plan = await this.plan([], { base, dependencies });
    for (const each of dependencies) this.#soughtAt.set(`${base} ${each}`, clock.now());
    const news = [
      ...plan.packages.length === 0 ? [] : [
        `${base} needs ${
          plan.packages.map((each) => each.base).join(", ")
        } of the AUR now, which ` +
        "is watched and waits for approval with it.",
      ],
      ...plan.open.filter(({ providers }) => providers.length > 0).map((each) =>
        `${each.neededBy} needs ${each.dependency}, which several packages of the AUR provide: add ` +
        `one of ${each.providers.join(", ")}.`
      ),
    ];
    if (news.length > 0) {
      await store.update(base, (watched) => withNews(watched, clock.now(), ...news));
    }
    if (plan.packages.length === 0) return;
    await addPlanned(plan, { store, watcher: watcher(), clock, by: DAEMON });
    await this.refresh();
  }

  #isDue({ base }: WatchedPackage, dependency: string): boolean {
    const soughtAt = this.#soughtAt.get(`${base} ${dependency}`) ?? -Infinity;
    return soughtAt + AGAIN_AFTER_MS <= this.#options.clock.now();
  }
}
