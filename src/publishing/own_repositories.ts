import { clientPathFaults, ownPaths, upstreamPaths } from "../config/client_paths.ts";
import type { Config } from "../config/config.ts";
import type { OwnRepositoryConfig } from "../config/own_repositories.ts";
import { PkgstashError, reasonOf } from "../errors.ts";
import { eventLogger } from "../platform/observability/logging.ts";
import { RepositoryTree } from "../repositories/repository.ts";
import { readCreated, recordCreated, repositoryOf } from "./created_repositories.ts";
import { OwnRepository } from "./own_repository.ts";
import type { Signer, TrustedSignatures } from "./signing/signer.ts";
import type { StateLayout } from "./state_layout.ts";

const log = eventLogger("publishing");

export type PublishingConfig = Pick<Config, "stateRoot" | "upstreams" | "ownRepositories">;

export interface OwnRepositoriesOptions {
  readonly layout: StateLayout;
  readonly signer: Signer & TrustedSignatures;
  /** In milliseconds since the epoch. */
  readonly now: () => number;
  /** Locks the state directory unless it is already locked. */
  readonly claim: () => Promise<void>;
}

/** The list of repositories: those in the configuration, and those created with `repo create`. */
export class OwnRepositories {
  readonly #options: OwnRepositoriesOptions;
  readonly #byName = new Map<string, OwnRepository>();
  #created: readonly OwnRepositoryConfig[] = [];
  #config: PublishingConfig;
  #tree = new RepositoryTree({ upstreams: [] });

  constructor(config: PublishingConfig, options: OwnRepositoriesOptions) {
    this.#config = config;
    this.#options = options;
  }

  /** Loads those that were created. */
  async load(): Promise<void> {
    this.#created = await readCreated(this.#options.layout);
    this.#arrange();
  }

  /** Every path that clients may request. */
  get tree(): RepositoryTree {
    return this.#tree;
  }

  /** By name. */
  get all(): OwnRepository[] {
    return [...this.#byName.values()]
      .sort((one, other) => one.settings.name < other.settings.name ? -1 : 1);
  }

  /** @throws PkgstashError `not_found` if there is no repository of this name. */
  find(name: string): OwnRepository {
    const found = this.#byName.get(name);
    if (found !== undefined) return found;
    throw new PkgstashError(
      "not_found",
      `Cannot find the repository ${name}: you have none of that name. Create it with pkgstash repo ` +
        `create ${name}.`,
    );
  }

  /** The repository for the debug packages of another; null if it has none. */
  debugOf(name: string): OwnRepository | null {
    return this.#byName.get(`${name}-debug`) ?? null;
  }

  /**
   * Creates a repository and publishes it, empty. `table` has the same keys as a table in the
   * configuration.
   *
   * @throws PkgstashError `invalid_request` for an invalid name or key, `conflict` if the name or
   * the path is taken.
   */
  async create(
    name: string,
    table: Readonly<Record<string, unknown>>,
    by: string,
  ): Promise<OwnRepository> {
    const settings = repositoryOf(name, table);
    if (this.#byName.has(name)) {
      throw new PkgstashError(
        "conflict",
        `Cannot create ${name}: it already exists. See pkgstash repo list.`,
      );
    }
    const [fault] = clientPathFaults([...this.#owners(), ownPaths(settings)]);
    if (fault !== undefined) {
      throw new PkgstashError(
        "conflict",
        `Cannot create ${name}: its path is ${fault.found}. Choose another name or --client-path.`,
      );
    }
    await this.#options.claim();
    await recordCreated(this.#options.layout, name, table);
    this.#created = [...this.#created, settings];
    this.#arrange();
    const created = this.find(name);
    await created.publish({ by, action: "create" }, (present) => present);
    return created;
  }

  /** Applies a new configuration, whose tables override `repo create`. */
  reconfigure(config: PublishingConfig): void {
    this.#config = config;
    this.#arrange();
  }

  /**
   * Publishes what is configured and not yet available to clients, such as a new repository without
   * packages. Failures are logged, because the rest of the daemon does not depend on it.
   */
  async publishAsConfigured(): Promise<void> {
    for (const repository of this.all) {
      try {
        await this.#options.claim();
        await repository.publishAsConfigured();
      } catch (error) {
        log.error("cannot publish a repository as configured", {
          repository: repository.settings.name,
          reason: reasonOf(error),
        });
      }
    }
  }

  #arrange(): void {
    const { ownRepositories } = this.#config;
    const configured = new Set(ownRepositories.map(({ name }) => name));
    const all = [...ownRepositories, ...this.#created.filter(({ name }) => !configured.has(name))];
    for (const name of this.#byName.keys()) {
      if (!all.some((settings) => settings.name === name)) this.#byName.delete(name);
    }
    for (const settings of all) {
      const known = this.#byName.get(settings.name);
      if (known !== undefined) known.reconfigure(settings);
      else {
        const { layout, signer, now } = this.#options;
        this.#byName.set(
          settings.name,
          new OwnRepository({ settings, layout: layout.repository(settings.name), signer, now }),
        );
      }
    }
    this.#tree = new RepositoryTree(
      { upstreams: [] },
      this.all.flatMap(({ repositories }) => repositories),
    );
    for (const { key, found } of clientPathFaults(this.#owners())) {
      log.warn("a repository is unreachable because its path is taken", { key, path: found });
    }
  }

  /** Mirrored repositories first: an own repository never takes a path from them. */
  #owners() {
    return [
      ...this.#config.upstreams.map(upstreamPaths),
      ...this.all.map(({ settings }) => ownPaths(settings)),
    ];
  }
}
