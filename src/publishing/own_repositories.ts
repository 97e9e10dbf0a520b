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
  /** Takes the state directory if nobody has yet. */
  readonly claim: () => Promise<void>;
}

/** Which repositories there are: those of the configuration, and those that were created. */
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

  /** Finds those that were created. */
  async load(): Promise<void> {
    this.#created = await readCreated(this.#options.layout);
    this.#arrange();
  }

  /** Every path that clients may ask for. */
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
      `Cannot find the repository ${name}: there is none of your own. Make it with pkgstash repo ` +
        `create ${name}.`,
    );
  }

  /** The repository for the debug packages of another; null if there is none. */
  debugOf(name: string): OwnRepository | null {
    return this.#byName.get(`${name}-debug`) ?? null;
  }

  /**
   * Creates a repository and publishes it, empty. `table` has the keys that its table in the
   * configuration would have.
   *
   * @throws PkgstashError `invalid_request` for a wrong name or key, `conflict` if the name or the
   * path is taken.
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
        `Cannot create ${name}: there is such a repository. See pkgstash repo list.`,
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

  /** Applies a new configuration, whose tables win over what was created. */
  reconfigure(config: PublishingConfig): void {
    this.#config = config;
    this.#arrange();
  }

  /**
   * Publishes what the configuration has and no client could get: a new repository without packages,
   * say. What fails is logged, since the rest of the daemon does not depend on it.
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
      log.warn("a repository cannot be reached, its path is taken", { key, path: found });
    }
  }

  /** Mirrored repositories first: an own one never takes a path from them. */
  #owners() {
    return [
      ...this.#config.upstreams.map(upstreamPaths),
      ...this.all.map(({ settings }) => ownPaths(settings)),
    ];
  }
}
