import type { Clock } from "../../async/clock.ts";
import { PkgstashError, reasonOf } from "../../errors.ts";
import { parsePackageFileName } from "../../formats/pacman/package_file_name.ts";
import { parseSrcinfo } from "../../formats/pacman/srcinfo.ts";
import { vercmp } from "../../formats/pacman/vercmp.ts";
import { eventLogger } from "../../platform/observability/logging.ts";
import type { Publishing } from "../../publishing/publishing.ts";
import { DAEMON } from "../../version.ts";
import type { SourceTree } from "../source_tree.ts";
import type { Build, ProductDifference, ProductFact } from "./build.ts";
import { cancelled } from "./build_decisions.ts";
import type { Builds } from "./builds.ts";
import { digestOf, type Product } from "./product.ts";
import { checkProducts } from "./product_check.ts";
import type { Products } from "./products.ts";
import type { PublishedBuild, PublishedBuilds } from "./published_builds.ts";

const log = eventLogger("builds");

/** Pause before a retry after a failure that is not the build's fault, such as a full disk. */
const AGAIN_AFTER_MS = 60_000;

/** The dependencies that no repository satisfies; null if that is not known yet. */
export type Unsatisfied = (dependencies: readonly string[]) => Promise<readonly string[] | null>;

export interface PublicationOptions {
  readonly builds: Builds;
  readonly products: Products;
  readonly published: PublishedBuilds;
  readonly publishing: Pick<Publishing, "publishFiles" | "namesakesOf">;
  /** The approved files with patches applied; null if they are no longer kept. */
  readonly treeOf: (build: Build) => Promise<SourceTree | null>;
  readonly packager: () => string;
  readonly unsatisfied: Unsatisfied;
  readonly clock: Clock;
}

/**
 * Handles builds whose packages have all been uploaded: checks the packages, and either publishes all
 * of them together or holds the build. After a restart, an unfinished publication is repeated:
 * publishing the same bytes twice changes nothing.
 */
export class Publication {
  readonly #options: PublicationOptions;
  readonly #settling = new Map<number, Promise<Build>>();
  readonly #stop = new AbortController();

  constructor(options: PublicationOptions) {
    this.#options = options;
  }

  /** Continues where an earlier run of the daemon stopped. */
  resume(): void {
    for (const build of this.#options.builds.all()) {
      if (build.state === "uploading" && build.isComplete) this.#settleLater(build.number, 0);
    }
  }

  /** Publishes or holds a complete build. After a failure to write, it is retried. */
  settle(number: number): Promise<Build> {
    const running = this.#settling.get(number);
    if (running !== undefined) return running;
    const settling = this.#settle(number).finally(() => this.#settling.delete(number));
    this.#settling.set(number, settling);
    return settling;
  }

  /** Resolves once no publication is in progress. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.allSettled(this.#settling.values());
  }

  async #settle(number: number): Promise<Build> {
    const { builds, clock } = this.#options;
    const build = builds.find(number);
    if (build.state !== "uploading" || !build.isComplete) return build;
    try {
      const products = await this.#read(build);
      const previous = await this.#previous(build);
      if (previous?.build === number) return await this.#recordPublished(number);
      if (isNothingNew(build, products, previous)) {
        const reason =
          "its source has new commits, but pkgver() still returns the published version";
        const ended = { by: DAEMON, at: clock.now(), reason };
        return await builds.change(number, (now) => cancelled(now, ended));
      }
      const facts = build.released === null
        ? await this.#factsOf(build, { products, previous })
        : [];
      if (facts.length > 0) return await builds.change(number, (now) => held(now, facts));
      await this.#publish(build, products);
      return await this.#recordPublished(number);
    } catch (error) {
      if (!(error instanceof PkgstashError) || error.kind === "storage") {
        log.warn("cannot publish a build yet", { build: number, reason: reasonOf(error) });
        this.#settleLater(number, AGAIN_AFTER_MS);
        return builds.find(number);
      }
      const reason = reasonOf(error);
      return await builds.change(number, (now) => ({
        ...now,
        state: "failed",
        endedAt: clock.now(),
        failure: { class: "publication", reason, step: null },
      }));
    }
  }

  async #recordPublished(number: number): Promise<Build> {
    const endedAt = this.#options.clock.now();
    return await this.#options.builds.change(
      number,
      (now) => ({ ...now, state: "published", endedAt }),
    );
  }

  #settleLater(number: number, milliseconds: number): void {
    const { signal } = this.#stop;
    void this.#options.clock.sleep(milliseconds, signal).then(async () => {
      if (!signal.aborted) await this.settle(number);
    }).catch((error) => log.error("cannot settle a build", { number, reason: reasonOf(error) }));
  }

  async #read(build: Build): Promise<Product[]> {
    const products: Product[] = [];
    for (const each of build.products) {
      products.push(await this.#options.products.read(build, each));
    }
    return products;
  }

  async #factsOf(
    build: Build,
    { products, previous }: {
      products: readonly Product[];
      previous: PublishedBuild | null;
    },
  ): Promise<ProductFact[]> {
    const { treeOf, publishing, packager } = this.#options;
    const tree = await treeOf(build);
    const srcinfo = tree?.get(".SRCINFO")?.content ?? null;
    if (tree === null || srcinfo === null) {
      throw new PkgstashError(
        "not_found",
        `Cannot check ${build.packageBase}: the approved files are no longer kept. ` +
          "Accept the package again.",
      );
    }
    const namesakes = await publishing.namesakesOf(products.map(({ name }) => name));
    const helpless = await this.#stillBroken(build, products);
    return checkProducts(products, {
      ...build,
      broken: new Set(helpless),
      differences: newDifferences(build, previous),
      version: versionToBuild(build),
      packager: packager(),
      srcinfo: parseSrcinfo(new TextDecoder().decode(srcinfo)),
      approvedFiles: new Set(
        [...tree.values()].flatMap(({ content }) => content === null ? [] : [digestOf(content)]),
      ),
      previous: new Map((previous?.products ?? []).map((each) => [each.name, each])),
      official: (name) => (namesakes.get(name) ?? []).map(({ directory }) => directory),
    });
  }

  /** Dependencies that a rebuild should have fixed and its packages still have. */
  async #stillBroken(
    { broken }: Build,
    products: readonly Product[],
  ): Promise<readonly string[]> {
    const depends = new Set(products.flatMap((product) => product.depends));
    const still = broken.filter((each) => depends.has(each));
    return still.length === 0 ? [] : await this.#options.unsatisfied(still) ?? [];
  }

  async #previous(
    { repository, packageBase, architecture }: Build,
  ): Promise<PublishedBuild | null> {
    const { published } = this.#options;
    return await published.find(repository, packageBase, architecture) ??
      await published.find(repository, packageBase, "any");
  }

  async #publish(build: Build, products: readonly Product[]): Promise<void> {
    const { publishing, published, clock } = this.#options;
    const isReleased = build.released !== null;
    const paths = build.products.map(({ fileName }) =>
      this.#options.products.pathOf(build, fileName)
    );
    await publishing.publishFiles(build.repository, paths, {
      // Names of distribution packages have been checked: known ones pass, others need a person.
      consent: { downgrade: isReleased, replace: isReleased, shadow: true },
      by: `build ${build.number}`,
    });
    const { number, architecture } = build;
    await published.record({
      ...{ build: number, architecture, products, publishedAt: clock.now() },
      differences: build.differences,
      request: {
        packageBase: build.packageBase,
        packageNames: build.packageNames,
        treeHash: build.treeHash,
        version: build.version,
        needs: build.needs,
        repository: build.repository,
        reason: build.reason,
        settings: build.settings,
        approved: build.approved,
      },
    });
  }
}

/** The approved version with the pkgver and pkgrel of a rebuild. */
export function versionToBuild(
  { version, pkgrel, pkgver }: Pick<Build, "version" | "pkgrel" | "pkgver">,
): string {
  if (pkgrel === null) return version;
  const [, epoch = "", approved = ""] = /^(\d+:)?(.*)-[^-]*$/.exec(version) ?? [];
  return `${epoch}${pkgver ?? approved}-${pkgrel}`;
}

/** Differences that the published build did not have; file names differ by their version. */
function newDifferences(
  { differences }: Build,
  previous: PublishedBuild | null,
): readonly ProductDifference[] {
  const known = new Set((previous?.differences ?? []).map(placeOf));
  return differences.filter((each) => !known.has(placeOf(each)));
}

function placeOf({ file, path }: ProductDifference): string {
  return `${parsePackageFileName(file)?.name ?? file} ${path ?? ""}`;
}

/** Whether a build of a package that follows a source has produced the published version again. */
function isNothingNew(
  build: Build,
  products: readonly Product[],
  previous: PublishedBuild | null,
): boolean {
  if (!build.isVcs || build.pkgrel !== null || previous === null) return false;
  if (previous.request.treeHash !== build.treeHash) return false;
  return products.every(({ name, version }) => {
    const before = previous.products.find((each) => each.name === name)?.version;
    if (before === undefined || vercmp(version, before) > 0) return false;
    return withoutRelease(version) === withoutRelease(before);
  });
}

function held(build: Build, facts: readonly ProductFact[]): Build {
  const [first] = facts;
  const more = facts.length - 1;
  const reason = `${first?.packageName}: ${first?.reason}${more > 0 ? `, and ${more} more` : ""}`;
  return { ...build, state: "held", hold: { kind: "product", reason, facts, metadata: null } };
}

function withoutRelease(version: string): string {
  return version.replace(/-[^-]*$/, "");
}
