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

/** Interval between searches for a dependency that nothing provides. */
const AGAIN_AFTER_MS = 24 * 3_600_000;

export interface PackageNeedsOptions {
  readonly store: PackageStore;
  readonly available: AvailablePackages;
  readonly client: () => AurClient;
  readonly watcher: () => Pick<Watcher, "take">;
  readonly clock: Clock;
}

/** Finds the AUR packages that packages need, when they are added and after later pushes. */
export class PackageNeeds {
  readonly #options: PackageNeedsOptions;
  /** When a dependency of a package base was last searched for. */
  readonly #soughtAt = new Map<string, number>();

  constructor(options: PackageNeedsOptions) {
    this.#options = options;
  }

  /** A plan for watching these AUR packages, and for what a watched package base needs. */
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

  /** The needs of a package base with these dependencies; null if they are unknown now. */
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

  /** The watched package that will provide a dependency that no repository has yet. */
  #providerOf(text: string): WatchedPackage | null {
    const dependency = parseDependency(text);
    return this.#options.store.list().find(({ info }) =>
      info?.provides.some((each) => isProvidedBy(dependency, parseDependency(each)))
    ) ?? null;
  }

  /** Checks unmet dependencies again: they may be watched or published by now. */
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
   * Watches AUR packages that watched packages need since a later push, to be decided together with
   * that push. A failure is logged and retried.
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
        log.warn("cannot search for a dependency", { package: watched.base, reason });
        return;
      }
    }
  }

  /** Stops watching packages that were added for a push that has been replaced. */
  async #dropNeedless(): Promise<void> {
    const { store } = this.#options;
    const find = () =>
      store.list().find(({ base, added, accepted }) =>
        added.by === DAEMON && accepted === null &&
        !store.list().some(({ needs }) => needs.includes(base))
      );
    for (let needless = find(); needless !== undefined; needless = find()) {
      await store.remove(needless.base);
      log.info("stopped watching a package that nothing needs any more", {
        package: needless.base,
      });
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
        } from the AUR now, which ` +
        "is watched and needs approval together with it.",
      ],
      ...plan.open.filter(({ providers }) => providers.length > 0).map((each) =>
        `${each.neededBy} needs ${each.dependency}, which several AUR packages provide: add ` +
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
