import { PkgstashError, reasonOf } from "../../errors.ts";
import { isVersionedLibrary } from "../../formats/pacman/library.ts";
import { writeFileDurably } from "../../platform/files/durable.ts";
import { directoriesIfPresent, filesIn } from "../../platform/files/plain_directory.ts";
import { eventLogger } from "../../platform/observability/logging.ts";
import type { BuildRequest, ProductDifference } from "./build.ts";
import type { Product } from "./product.ts";
import type { QueueLayout } from "./queue_layout.ts";

const log = eventLogger("builds");

/** The last publication of a package base for one architecture. */
export interface PublishedBuild {
  /** The build that made it. */
  readonly build: number;
  readonly architecture: string;
  /** The request: enough to build the same again. */
  readonly request: Omit<BuildRequest, "architectures">;
  readonly products: readonly Product[];
  /** Differences to a second build; absent in files of older versions. */
  readonly differences?: readonly ProductDifference[];
  /** In milliseconds since the epoch. */
  readonly publishedAt: number;
}

/** A summary of a publication in memory, so that its file need not be read again. */
export interface PublishedSummary {
  readonly repository: string;
  readonly packageBase: string;
  readonly architecture: string;
  /** The build that made it. */
  readonly build: number;
  readonly treeHash: string;
  /** Package bases that it needs. */
  readonly needs: readonly string[];
  readonly products: readonly Pick<Product, "name" | "version">[];
  /** The libraries that its packages need, such as `libfoo.so=5-64` or `lib:libfoo.so.5`. */
  readonly libraries: readonly string[];
}

/** The last publications, one file for each package base and architecture. */
export class PublishedBuilds {
  readonly #layout: QueueLayout;
  /** By `REPOSITORY/BASE.ARCH`; null for a file that cannot be read. */
  readonly #known = new Map<string, PublishedSummary | null>();

  private constructor(layout: QueueLayout) {
    this.#layout = layout;
  }

  static async open(layout: QueueLayout): Promise<PublishedBuilds> {
    const published = new PublishedBuilds(layout);
    for (const repository of await directoriesIfPresent(layout.publishedRoot)) {
      for (const { name } of await filesIn(layout.publishedIn(repository))) {
        if (!name.endsWith(".json")) continue;
        const key = `${repository}/${name.slice(0, -5)}`;
        published.#known.set(key, null);
        await published.#learn(key);
      }
    }
    return published;
  }

  /** Whether a package base was published for an architecture, or for any. */
  has(repository: string, packageBase: string, architecture: string): boolean {
    if (architecture !== "any") {
      return [architecture, "any"].some((each) =>
        this.#known.has(`${repository}/${packageBase}.${each}`)
      );
    }
    const [beginning, length] = [`${repository}/${packageBase}.`, packageBase.length];
    return [...this.#known.keys()].some((each) =>
      each.startsWith(beginning) && each.lastIndexOf(".") === repository.length + 1 + length
    );
  }

  /** All last publications. */
  async all(): Promise<PublishedBuild[]> {
    const all: PublishedBuild[] = [];
    for (const key of [...this.#known.keys()].sort()) {
      const found = await this.#at(key);
      if (found !== null) all.push(found);
    }
    return all;
  }

  /** The last publications of a package base, or of the base that contains a package. */
  async ofPackage(name: string): Promise<PublishedBuild[]> {
    return (await this.all()).filter(({ request: { packageBase, packageNames } }) =>
      packageBase === name || packageNames.includes(name)
    );
  }

  /** @throws PkgstashError `storage` if the file is damaged. */
  async find(
    repository: string,
    packageBase: string,
    architecture: string,
  ): Promise<PublishedBuild | null> {
    if (!this.#known.has(`${repository}/${packageBase}.${architecture}`)) return null;
    const path = this.#layout.published(repository, packageBase, architecture);
    try {
      return JSON.parse(await Deno.readTextFile(path)) as PublishedBuild;
    } catch (error) {
      throw new PkgstashError(
        "storage",
        `Cannot compare ${packageBase} with what was published last: ${path} cannot be read ` +
          `(${reasonOf(error)}). Restore it from a backup, or remove it: the next build is then ` +
          "checked like a first one.",
        { cause: error },
      );
    }
  }

  async record(published: PublishedBuild): Promise<void> {
    const { architecture, request: { repository, packageBase } } = published;
    const path = this.#layout.published(repository, packageBase, architecture);
    await writeFileDurably(path, `${JSON.stringify(published)}\n`, { mode: 0o600 });
    this.#known.set(`${repository}/${packageBase}.${architecture}`, summaryOf(published));
  }

  /** The summary of each. */
  get summaries(): PublishedSummary[] {
    return [...this.#known.values()].filter((each) => each !== null);
  }

  #at(key: string): Promise<PublishedBuild | null> {
    const [, repository = "", packageBase = "", architecture = ""] =
      /^([^/]+)\/(.+)\.([^.]+)$/.exec(key) ?? [];
    return this.find(repository, packageBase, architecture);
  }

  async #learn(key: string): Promise<void> {
    try {
      const found = await this.#at(key);
      this.#known.set(key, found === null ? null : summaryOf(found));
    } catch (error) {
      // It is reported again when it is needed; until then, everything else works.
      log.error("cannot read a publication", { reason: reasonOf(error) });
    }
  }
}

function summaryOf({ build, architecture, request, products }: PublishedBuild): PublishedSummary {
  const { repository, packageBase, treeHash, needs } = request;
  const depends = products.flatMap((product) => product.depends);
  return {
    ...{ repository, packageBase, architecture, build, treeHash, needs },
    products: products.map(({ name, version }) => ({ name, version })),
    libraries: [...new Set(depends)].filter(isVersionedLibrary),
  };
}
