import { type Clock, SYSTEM_CLOCK } from "../async/clock.ts";
import type { Config } from "../config/config.ts";
import { statIfPresent } from "../platform/files/durable.ts";
import { HttpClient } from "../platform/http_client.ts";
import type { Publishing } from "../publishing/publishing.ts";
import { VERSION } from "../version.ts";
import type { BuildSettings } from "./build_settings.ts";
import { BuildingLayout } from "./building_layout.ts";
import type { ApprovalMember } from "./decisions/approvals.ts";
import { type PackageState, stateOf } from "./package_state.ts";
import type { FilePair, Inspection, Inspections } from "./decisions/inspection.ts";
import type { AcceptedBuild } from "./accepted_build.ts";
import { enqueueAccepted } from "./enqueue_accepted.ts";
import { Decisions } from "./decisions/decisions.ts";
import { acceptedBuild } from "./decisions/queued_build.ts";
import { FollowedRepositories } from "./looks/followed_repositories.ts";
import { Looks } from "./looks/looks.ts";
import { PinnedSources } from "./looks/pinned_sources.ts";
import { WatchedRepositories } from "./looks/watched_repositories.ts";
import { SeenSourcesStore } from "./looks/seen_sources.ts";
import { channelsOf } from "./notify/channels.ts";
import { Announcements } from "./notify/announcements.ts";
import { Notices } from "./notify/notices.ts";
import { AvailablePackages, type MirroredPackages } from "./available_packages.ts";
import { PackageNeeds } from "./needs.ts";
import { PackageStore } from "./packages/package_store.ts";
import type { WatchedPackage } from "./packages/watched_package.ts";
import type { Verdict } from "./review/fact.ts";
import { BuildQueue, type QueuePublishing } from "./queue/build_queue.ts";
import { LibraryRebuilds } from "./rebuilds/library_rebuilds.ts";
import { recordPublications } from "./record_publications.ts";
import type { SourceTree } from "./source_tree.ts";
import { TreeStore } from "./trees.ts";
import { isGone } from "./watch/aur_changes.ts";
import { AurClient } from "./watch/aur_client.ts";
import { Watcher } from "./watch/watcher.ts";
import { WatchList } from "./watch_list.ts";

type Settings = Pick<
  Config,
  "stateRoot" | "aur" | "builds" | "upstreamProxy" | "notify" | "notifySecrets" | "publicUrl"
>;

export interface BuildingOptions {
  readonly publishing:
    & Pick<Publishing, "claim" | "create" | "repositories">
    & QueuePublishing;
  readonly mirrored: MirroredPackages;
  /** Adds an automatic action to the audit log. */
  readonly record: (action: string, details: Readonly<Record<string, unknown>>) => Promise<void>;
  /** Queues an accepted tree; by default in the build queue. */
  readonly enqueue?: (build: AcceptedBuild) => Promise<void>;
  /** Judges a change; by default with `review`. */
  readonly judge?: (accepted: SourceTree, candidate: SourceTree) => Verdict;
  readonly clock?: Clock;
  /** Returns a number from 0 to below 1. */
  readonly random?: () => number;
}

/**
 * Packages from the AUR and other sources. This is the door of the wing, which creates and connects
 * its rooms. A change passes through them in this order:
 *
 * 1. `watch` checks the sources and fetches changed files as a tree.
 * 2. `review` compares the tree with the accepted one and lists the differences as facts.
 * 3. `decisions` accepts what the rules allow after the cool-down; everything else needs a person.
 * 4. An accepted tree is queued for building; see `queue/build_queue.ts`.
 *
 * `rebuilds` queues published packages again when a library that they need has changed; `looks` lets
 * builders check whether the repositories that packages follow have new commits.
 */
export class Building {
  readonly packages: PackageStore;
  readonly trees: TreeStore;
  readonly watcher: Watcher;
  readonly watchList: WatchList;
  readonly decisions: Decisions;
  readonly builds: BuildQueue;
  readonly rebuilds: LibraryRebuilds;
  readonly looks: Looks;
  readonly followed: FollowedRepositories;
  readonly notices: Notices;
  readonly announcements: Announcements;
  readonly #options: BuildingOptions;
  readonly #needs: PackageNeeds;
  readonly #repositories: WatchedRepositories;
  readonly #clock: Clock;
  readonly #stopping = new AbortController();
  #config: Settings;
  #http: HttpClient;
  #client: AurClient;
  #isStarted = false;
  #stopped: Promise<void> | null = null;
  /** Created on first use: the PKGBUILD parser would delay every start. */
  #inspections: Inspections | null = null;

  private constructor(
    config: Settings,
    { trees, packages, builds, rebuilds, seen, notices, available, options }: {
      notices: Notices;
      trees: TreeStore;
      packages: PackageStore;
      builds: BuildQueue;
      rebuilds: LibraryRebuilds;
      seen: SeenSourcesStore;
      available: AvailablePackages;
      options: BuildingOptions;
    },
  ) {
    this.#config = config;
    this.#options = options;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    this.packages = packages;
    this.trees = trees;
    this.builds = builds;
    this.rebuilds = rebuilds;
    this.notices = notices;
    this.#http = httpClient(config);
    this.#client = this.#aurClient();
    this.decisions = new Decisions({
      store: packages,
      trees: this.trees,
      clock: this.#clock,
      rules: () => this.#config.aur,
      isGone,
      pinFaultOf: (watched, treeHash) => pinned.faultOf(watched, treeHash),
      ...(options.judge === undefined ? {} : { judge: options.judge }),
      enqueue: async (build) => {
        await this.#enqueue(build, false);
        this.looks.notify();
      },
      record: options.record,
    });
    this.announcements = new Announcements({
      ...{ decisions: this.decisions, builds, notices },
      publicUrl: () => this.#config.publicUrl,
    });
    const looked = {
      ...{ store: packages, clock: this.#clock },
      intervalMs: () => this.#config.aur.vcsIntervalMs,
    };
    this.#repositories = new WatchedRepositories({
      ...looked,
      onTree: async (base, { commit, tree }) => {
        await this.watcher.receiveOrRefuse(base, () => Promise.resolve(tree), commit);
        await this.#settle();
      },
      onProblem: (base, problem) => this.watcher.noteProblem(base, problem),
    });
    this.followed = new FollowedRepositories({
      ...{ ...looked, trees, seen },
      onMoved: (watched, reason) => this.#buildMoved(watched, reason),
    });
    const pinned = new PinnedSources({
      ...{ store: packages, trees, clock: this.#clock },
      isWanted: () => this.#config.aur.approvePins,
      onKnown: () => this.#settle(),
    });
    this.looks = new Looks([this.#repositories, pinned, this.followed], this.#clock);
    this.#needs = new PackageNeeds({
      ...{ store: packages, available, clock: this.#clock },
      client: () => this.#client,
      watcher: () => this.watcher,
    });
    this.watcher = new Watcher({
      store: packages,
      trees: this.trees,
      client: () => this.#client,
      clock: this.#clock,
      onChecked: async () => {
        await this.#needs.adopt();
        await this.#settle();
        this.looks.notify();
      },
      intervalMs: () => this.#config.aur.checkIntervalMs,
      needsOf: (base, dependencies) => this.#needs.of(base, dependencies),
      treesInUse: () => Promise.resolve(builds.treesInUse()),
    });
    this.watchList = new WatchList({
      ...{ store: packages, watcher: this.watcher, needs: this.#needs, looks: this.looks },
      ...{ repositories: this.#repositories, publishing: options.publishing, clock: this.#clock },
      repository: () => this.#config.aur.repository,
      onAdded: async () => {
        await this.#settle();
        this.start();
      },
    });
  }

  /** Reads the watched packages. Without any, the state directory is not touched. */
  static async open(config: Settings, options: BuildingOptions): Promise<Building> {
    const layout = new BuildingLayout(config.stateRoot);
    if (await statIfPresent(layout.root) !== null) await options.publishing.claim();
    const packages = await PackageStore.open(layout);
    const trees = new TreeStore(layout);
    const available = new AvailablePackages(
      options.mirrored,
      () => options.publishing.repositories,
    );
    let building: Building | null = null;
    const builds = await BuildQueue.open({
      directory: layout.queue,
      settings: () => (building === null ? config : building.#config).builds,
      publishing: options.publishing,
      readTree: (hash) => trees.read(hash),
      unsatisfied: (dependencies) => available.unsatisfiedIfKnown(dependencies),
      acceptedBuild: async (base) => {
        const watched = packages.find(base);
        return watched === null ? null : await acceptedBuild(watched, { trees, reason: "" });
      },
      listener: {
        onPublished: (build) => recordPublications(packages, [build]),
        onHeld: () => building?.announcements.tellSoon(),
        onFailed: () => building?.announcements.tellSoon(),
      },
      ...(options.clock === undefined ? {} : { clock: options.clock }),
    });
    const rebuilds = await LibraryRebuilds.open({
      ...{ path: layout.libraries, builds, available, record: options.record },
      isHeld: (base) => (packages.findByName(base)?.hold ?? null) !== null,
    });
    const seen = await SeenSourcesStore.open(layout.sources);
    const notices = await Notices.open({
      path: layout.notices,
      clock: options.clock ?? SYSTEM_CLOCK,
      channels: () => building === null ? [] : channelsOf(building.#config, building.#http),
      schedule: () => (building === null ? config : building.#config).notify.schedule,
    });
    building = new Building(config, {
      ...{ trees, packages, builds, rebuilds, seen, notices, available, options },
    });
    return building;
  }

  /** Starts to check for changes, if anything is watched. */
  start(): void {
    if (this.#isStarted || this.packages.list().length === 0) return;
    this.#isStarted = true;
    this.watcher.start();
  }

  /** Proposes settings for a package; see `Decisions.proposeSettings`. */
  async proposeSettings(
    base: string,
    proposal: { by: string; reason: string; settings: BuildSettings },
  ): Promise<void> {
    await this.decisions.proposeSettings(base, proposal);
    await this.#settle();
  }

  /** The facts and differences of a candidate, since one of `seen` if that was a candidate. */
  async inspect(member: ApprovalMember, seen: readonly string[] = []): Promise<Inspection> {
    const { Inspections } = await import("./decisions/inspection.ts");
    this.#inspections ??= new Inspections(this.trees);
    return await this.#inspections.of(member, seen);
  }

  /** All files of a candidate, with the accepted ones. */
  async filesOf(member: ApprovalMember): Promise<FilePair[]> {
    const { filesOfMember } = await import("./decisions/inspection.ts");
    return await filesOfMember(this.trees, member);
  }

  /** The state of a package in a word. */
  async stateOf(watched: WatchedPackage): Promise<PackageState> {
    const decision = await this.decisions.decisionOf(watched);
    return stateOf(watched, {
      decision,
      isGone: isGone(watched),
      builds: this.builds.of(watched.base),
    });
  }

  /** Applies a new configuration from the next request on. */
  reconfigure(config: Settings): void {
    const isSame = config.aur.url === this.#config.aur.url &&
      config.upstreamProxy === this.#config.upstreamProxy;
    this.#config = config;
    if (isSame) return;
    const before = this.#http;
    this.#http = httpClient(config);
    this.#client = this.#aurClient();
    before[Symbol.dispose]();
  }

  /** Ends the requests of waiting builders and readers. */
  letGo(): void {
    this.builds.letGo();
    this.looks.letGo();
  }

  stop(): Promise<void> {
    return this.#stopped ??= this.#stop();
  }

  async #stop(): Promise<void> {
    this.#stopping.abort();
    await this.watcher.stop();
    await this.decisions.settled();
    await this.announcements.settled();
    await this.notices.stop();
    await this.looks.stop();
    await this.rebuilds.stop();
    await this.builds.stop();
    this.#http[Symbol.dispose]();
  }

  async #settle(): Promise<void> {
    await recordPublications(this.packages, this.builds.all());
    await this.decisions.settle();
    this.rebuilds.look();
    await this.announcements.tell();
  }

  #aurClient(): AurClient {
    return new AurClient({
      url: this.#config.aur.url.replace(/\/+$/, ""),
      http: this.#http,
      clock: this.#clock,
      signal: this.#stopping.signal,
      ...(this.#options.random === undefined ? {} : { random: this.#options.random }),
    });
  }

  async #enqueue(build: AcceptedBuild, isAgain: boolean): Promise<void> {
    const { publishing, enqueue } = this.#options;
    if (enqueue !== undefined) return await enqueue(build);
    const { repository } = this.#config.aur;
    await enqueueAccepted(build, { builds: this.builds, publishing, repository, isAgain });
  }

  /** Rebuilds the accepted files, because a repository that they follow has new commits. */
  async #buildMoved(watched: WatchedPackage, reason: string): Promise<void> {
    const build = await acceptedBuild(watched, { trees: this.trees, reason });
    if (build === null) return;
    await this.#enqueue(build, true);
    const details = { package: watched.base, reason };
    await this.#options.record("Build a package whose source has moved", details);
  }
}

function httpClient({ upstreamProxy }: Settings): HttpClient {
  return new HttpClient({ userAgent: `pkgstash/${VERSION}`, upstreamProxy });
}
