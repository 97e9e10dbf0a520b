import { join } from "@std/path";
import type { Clock } from "../../src/async/clock.ts";
import type { Build, BuildRequest } from "../../src/building/queue/build.ts";
import { BuildQueue, type QueueSettings } from "../../src/building/queue/build_queue.ts";
import { USUAL_SETTINGS } from "../../src/building/build_settings.ts";
import type { BuildListener } from "../../src/building/queue/builds.ts";
import { type SourceTree, treeHash } from "../../src/building/source_tree.ts";
import type { Publishing } from "../../src/publishing/publishing.ts";
import { gzipped, madePackage, type PackageMember } from "./made_package.ts";
import { type OwnPackage, ownPackage } from "./own_package.ts";
import { openPublishing } from "./publishing_house.ts";
import { sha256Of } from "./sha256.ts";
import { treeOf } from "./source_trees.ts";

export const PACKAGER = "Builds <builds@example.invalid>";

export const QUEUE_SETTINGS: QueueSettings = {
  timeoutMs: 3_600_000,
  leaseMs: 60_000,
  logBytes: 1024 * 1024,
  diskBytes: 1024 ** 3,
  memoryBytes: 1024 ** 3,
  processes: 100,
  packager: PACKAGER,
  keepBuilds: 3,
};

/** The text of a `.SRCINFO` for packages of one base; `lines` are those of the base. */
export function srcinfoText(
  base: string,
  { names = [base], version = "1.0", pkgrel = "1", lines = [] }: {
    names?: readonly string[];
    version?: string;
    pkgrel?: string;
    lines?: readonly string[];
  } = {},
): string {
  return [
    `pkgbase = ${base}`,
    `\tpkgver = ${version}`,
    `\tpkgrel = ${pkgrel}`,
    "\tarch = x86_64",
    ...lines.map((line) => `\t${line}`),
    ...names.flatMap((name) => ["", `pkgname = ${name}`]),
    "",
  ].join("\n");
}

/** A request for a package of this name, whose tree has this `.SRCINFO`. */
export async function requestFor(
  queue: TestQueue,
  base: string,
  { srcinfo = srcinfoText(base), files = {}, ...rest }: Partial<BuildRequest> & {
    srcinfo?: string;
    files?: Record<string, string>;
  } = {},
): Promise<BuildRequest> {
  const hash = await queue.keep(treeOf({ PKGBUILD: `# ${base}\n`, ".SRCINFO": srcinfo, ...files }));
  return { ...requestOf(base, hash), ...rest };
}

/** A request for the package of this name that a person has accepted. */
export function requestOf(base: string, treeHash: string): BuildRequest {
  return {
    packageBase: base,
    packageNames: [base],
    treeHash,
    version: "1.0-1",
    architectures: ["x86_64"],
    needs: [],
    repository: "aur",
    reason: "it was approved",
    settings: USUAL_SETTINGS,
    approved: { by: "tests", at: 1_700_000_000_000, reason: "looked at" },
  };
}

/** A package as the builder of the tests would make it. */
export function builtPackage(
  name: string,
  version = "1.0-1",
  options: Parameters<typeof ownPackage>[2] = {},
): Promise<OwnPackage> {
  return ownPackage(name, version, { packager: PACKAGER, ...options });
}

/** A built package with these members beside its `.PKGINFO`, which gets `lines`. */
export async function builtPackageOf(
  name: string,
  members: readonly PackageMember[],
  { version = "1.0-1", lines = [] }: { version?: string; lines?: readonly string[] } = {},
): Promise<OwnPackage> {
  const info = [
    ...[`pkgname = ${name}`, `pkgbase = ${name}`, `pkgver = ${version}`, "builddate = 1700000000"],
    ...[`packager = ${PACKAGER}`, "size = 12", "arch = x86_64", ...lines, ""],
  ].join("\n");
  const tar = await madePackage([[".PKGINFO", info], ...members]);
  return {
    fileName: `${name}-${version}-x86_64.pkg.tar.gz`,
    bytes: new Uint8Array(await gzipped(tar)),
  };
}

/** A queue over a directory, with a repository `aur`, and trees in memory. */
export class TestQueue implements AsyncDisposable {
  readonly #trees: Map<string, SourceTree>;
  readonly told: string[] = [];

  private constructor(
    readonly directory: string,
    readonly publishing: Publishing,
    readonly queue: BuildQueue,
    { trees, told }: { trees: Map<string, SourceTree>; told: string[] },
  ) {
    this.#trees = trees;
    this.told = told;
  }

  static async open(
    directory: string,
    { clock, settings = {}, trees = new Map(), namesakes = {}, missing = new Set() }: {
      clock?: Clock;
      /** Dependencies that no repository satisfies. */
      missing?: ReadonlySet<string>;
      settings?: Partial<QueueSettings>;
      /** Those of an earlier queue. */
      trees?: Map<string, SourceTree>;
      namesakes?: Parameters<typeof openPublishing>[1] extends infer O | undefined
        ? O extends { namesakes?: infer N } ? N : never
        : never;
    } = {},
  ): Promise<TestQueue> {
    const publishing = await openPublishing(join(directory, "state"), {
      ...(namesakes === undefined ? {} : { namesakes }),
    });
    const told: string[] = [];
    const tell = (what: string) => ({ number, failure, hold }: Build) =>
      void told.push([`${number} ${what}`, failure?.class ?? hold?.kind].filter(Boolean).join(" "));
    const listener: BuildListener = {
      onPublished: tell("published"),
      onHeld: tell("held"),
      onFailed: tell("failed"),
    };
    if (!publishing.repositories.some(({ settings }) => settings.name === "aur")) {
      await publishing.create("aur", { signing: "none" }, "tests");
    }
    const queue = await BuildQueue.open({
      directory: join(directory, "queue"),
      settings: () => ({ ...QUEUE_SETTINGS, ...settings }),
      publishing,
      readTree: (hash) => Promise.resolve(trees.get(hash) ?? null),
      unsatisfied: (dependencies) =>
        Promise.resolve(dependencies.filter((each) => missing.has(each))),
      listener,
      ...(clock === undefined ? {} : { clock }),
    });
    return new TestQueue(directory, publishing, queue, { trees, told });
  }

  /** Keeps a tree; returns its hash. */
  async keep(tree: SourceTree): Promise<string> {
    const hash = await treeHash(tree);
    this.#trees.set(hash, tree);
    return hash;
  }

  get trees(): Map<string, SourceTree> {
    return this.#trees;
  }

  /** Queues one build. */
  async enqueue(
    base: string,
    options: Parameters<typeof requestFor>[2] = {},
  ): Promise<Build> {
    const [build] = await this.queue.enqueue(await requestFor(this, base, options));
    return build!;
  }

  /** Leases the next job to a builder; null if there is none. */
  async lease(builder = "b1", architectures: readonly string[] = ["x86_64"]) {
    const signal = new AbortController().signal;
    const options = { builder, architectures, version: "1.0", waitMs: 0, signal };
    const leased = await this.queue.leases.lease(options);
    if (leased === null) return null;
    return { ...leased, call: { builder, job: leased.attempt.job } };
  }

  /** Uploads packages for a job, and says that it is done. */
  async finish(
    call: { builder: string; job: string },
    packages: readonly OwnPackage[],
    differences: Build["differences"] = [],
  ) {
    const listed: { file: string; sha256: string }[] = [];
    for (const { fileName, bytes } of packages) {
      const sha256 = sha256Of(bytes);
      const body = new Response(bytes).body!;
      await this.queue.jobs.putProduct(call, { fileName, sha256, body });
      listed.push({ file: fileName, sha256 });
    }
    return await this.queue.jobs.report(call, { outcome: "built", packages: listed, differences });
  }

  /** Has one builder build what is queued next. */
  async buildNext(packages: readonly OwnPackage[], builder = "b1"): Promise<Build> {
    const leased = await this.lease(builder);
    if (leased === null) throw new Error("there is no job");
    return await this.finish(leased.call, packages) as Build;
  }

  /** What is published, as `name version`. */
  async published(): Promise<string[]> {
    const own = this.publishing.repository("aur");
    return (await own.published()).map(({ name, version }) => `${name} ${version}`);
  }

  /** Stops the queue, as the daemon does. */
  async stop(): Promise<void> {
    await this.queue.stop();
    await this.publishing.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
