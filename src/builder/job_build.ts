import { join } from "@std/path";
import type { Job } from "../api/builder.ts";
import { reasonOf } from "../errors.ts";
import { type CommandEnd, Stop } from "./command.ts";
import { type DaemonClient, DaemonError } from "./daemon_client.ts";
import { BuildFailure, makepkgFailure } from "./failure.ts";
import type { JobLog } from "./job_log.ts";
import type { Lease } from "./lease.ts";
import { OutputTail } from "./output_tail.ts";
import { makeKeyring } from "./roots/keyring.ts";
import type { PacmanFiles } from "./roots/pacman.ts";
import { isPlainLine, pacmanConfiguration } from "./roots/pacman_configuration.ts";
import type { BuildRoot, RootMaker } from "./roots/root_maker.ts";
import { DiskWatch } from "./sandbox/disk_watch.ts";
import { writeMachineFiles } from "./sandbox/machine_files.ts";
import type { IdMapping } from "./sandbox/namespaces.ts";
import { outputOfSandbox, runSandbox } from "./sandbox/run_sandbox.ts";
import type { Bind } from "./sandbox/sandbox.ts";
import type { Settings } from "./settings.ts";
import type { StateDirectory } from "./state_directory.ts";
import { makepkgConfiguration } from "./steps/makepkg_configuration.ts";
import { type JobSurroundings, type StepRights, stepSandbox } from "./steps/makepkg_sandbox.ts";
import { fetchKeys } from "./steps/fetch_keys.ts";
import { type Needs, needsOf } from "./steps/needs.ts";
import { collectProducts, type Product } from "./steps/products.ts";
import { describeProducts, type Difference, differencesBetween } from "./steps/reproduction.ts";
import { setVariable, unpackTree } from "./steps/unpack_tree.ts";
import type { Workspace } from "./workspace.ts";

/** What all jobs of a builder have in common. */
export interface JobEnvironment {
  readonly client: DaemonClient;
  readonly settings: Settings;
  readonly state: StateDirectory;
  readonly mapping: IdMapping;
  readonly roots: RootMaker;
}

const MAKEPKG = ["/usr/bin/makepkg", "--config", "/etc/pkgstash/makepkg.conf", "--noconfirm"];

/** The result of a build. */
export interface Built {
  readonly products: readonly Product[];
  /** Differences between two builds of the same files; empty after a single build. */
  readonly differences: readonly Difference[];
}

/** Names that are safe in a path and in mount options. */
const PACKAGE_BASE = /^[a-z0-9@_+][a-z0-9@._+-]*$/i;

export interface JobBuildOptions {
  readonly environment: JobEnvironment;
  readonly job: Job;
  readonly lease: Lease;
  /** Ends everything that the build started. */
  readonly signal: AbortSignal;
  /** Repeats a request while the daemon is unreachable, until the lease ends. */
  readonly ask: <T>(question: () => Promise<T>) => Promise<T>;
}

/** The steps of a build, from the approved files to packages that the daemon has received. */
export class JobBuild {
  readonly #environment: JobEnvironment;
  readonly #job: Job;
  readonly #lease: Lease;
  readonly #signal: AbortSignal;
  readonly #ask: JobBuildOptions["ask"];

  constructor({ environment, job, lease, signal, ask }: JobBuildOptions) {
    this.#environment = environment;
    this.#job = job;
    this.#lease = lease;
    this.#signal = signal;
    this.#ask = ask;
  }

  /**
   * Builds the packages and uploads them.
   *
   * @throws {BuildFailure | Stop | DaemonError}
   */
  async run(workspace: Workspace, log: JobLog): Promise<Built> {
    const { client, state, settings, mapping } = this.#environment;
    const job = this.#job;
    this.#checkJob();
    const machineFiles = await writeMachineFiles(workspace.path("etc"));
    const tree = await this.#ask(() => client.tree(job.id, this.#signal));
    await this.#placeTree(workspace, tree);
    const needs = await this.#readNeeds(workspace);
    const root = await this.#makeRoot(workspace, log, { needs, machineFiles });
    using sources = await state.sources.use(job.package_base);
    const common: JobSurroundings = {
      job,
      workspace,
      root,
      mapping,
      machineFiles,
      hostFiles: state.hostFiles,
      sources: sources.path,
      ccache: job.settings.ccache ? state.ccache(job.package_base) : null,
      sccache: job.settings.sccache ? state.sccache(job.package_base) : null,
      jobs: settings.jobs === 0 ? navigator.hardwareConcurrency : settings.jobs,
      buildIn: settings.buildIn,
    };
    for (const directory of [common.sources, common.ccache, common.sccache]) {
      if (directory === null) continue;
      await Deno.mkdir(directory, { recursive: true });
      await workspace.giveToBuild(directory);
    }
    await this.#compareMetadata(common, log);
    await this.#fetch(common, log, needs);
    const products = await this.#package(common, log);
    const built = job.reproduce
      ? await this.#reproduce(common, log, { products, tree })
      : { products, differences: [] };
    await this.#upload(built.products, log);
    return built;
  }

  /** The daemon is trusted with much, but not with arbitrary lines in configuration files. */
  #checkJob(): void {
    const { package_base, architecture, repository, mirrored } = this.#job;
    const lines = [repository, ...mirrored].flatMap(({ name, servers }) => [name, ...servers]);
    if (PACKAGE_BASE.test(package_base) && /^\w+$/.test(architecture) && lines.every(isPlainLine)) {
      return;
    }
    throw new BuildFailure("builder_unfit", "preparing", "The job contains invalid names.");
  }

  async #placeTree(workspace: Workspace, tree: Uint8Array<ArrayBuffer>): Promise<void> {
    const { pkgrel, pkgver } = this.#job;
    // Before the directory belongs to the build user, as whom the builder cannot write.
    const fresh = join(workspace.path("conf"), "tree");
    await Deno.mkdir(fresh, { recursive: true });
    await unpackTree(tree, fresh);
    const pkgbuild = join(fresh, "PKGBUILD");
    if (pkgver !== null) await setVariable(pkgbuild, "pkgver", pkgver);
    if (pkgrel !== null) await setVariable(pkgbuild, "pkgrel", pkgrel);
    await workspace.replace("startdir", fresh);
  }

  async #readNeeds(workspace: Workspace): Promise<Needs> {
    let text: string;
    try {
      text = await Deno.readTextFile(join(workspace.path("startdir"), ".SRCINFO"));
    } catch (error) {
      throw new BuildFailure(
        "build_error",
        "preparing",
        `Cannot read .SRCINFO: ${reasonOf(error)}. The package source must contain one.`,
      );
    }
    return needsOf(text, this.#job);
  }

  async #makeRoot(
    workspace: Workspace,
    log: JobLog,
    { needs, machineFiles }: { readonly needs: Needs; readonly machineFiles: readonly Bind[] },
  ): Promise<BuildRoot> {
    const { roots, state, settings, mapping } = this.#environment;
    const files: PacmanFiles = {
      mapping,
      configuration: workspace.path("conf"),
      cache: state.downloads,
      machineFiles,
    };
    const conf = workspace.path("conf");
    await Deno.writeTextFile(join(conf, "pacman.conf"), pacmanConfiguration(this.#job));
    await Deno.writeTextFile(join(conf, "makepkg.conf"), makepkgConfiguration(this.#job));
    await makeKeyring(files, settings.keyring, this.#job);
    log.note(`creating the root with ${needs.dependencies.join(" ") || "base-devel only"}`);
    return await roots.make({
      job: this.#job,
      files,
      dependencies: needs.dependencies,
      onOutput: log.add,
      signal: this.#signal,
    });
  }

  async #compareMetadata(common: JobSurroundings, log: JobLog): Promise<void> {
    this.#lease.enter("metadata");
    const { client } = this.#environment;
    const tail = new OutputTail();
    const { code, stdout } = await outputOfSandbox({
      ...stepSandbox(common, NOTHING, [...MAKEPKG, "--printsrcinfo"]),
      onOutput: (bytes) => (tail.add(bytes), log.add(bytes)),
      signal: this.#signal,
    });
    this.#signal.throwIfAborted();
    if (code !== 0) throw makepkgFailure("metadata", code, tail.text);
    const answer = await this.#ask(() => client.metadata(this.#job.id, stdout, this.#signal));
    if (answer.proceed) return;
    for (const difference of answer.differences) log.note(difference);
    // The daemon has already ended the job.
    throw new DaemonError("lease_ended", "The metadata differ from the approved ones.");
  }

  async #fetch(common: JobSurroundings, log: JobLog, { validKeys }: Needs): Promise<void> {
    this.#lease.enter("fetching");
    const { keyServers } = this.#environment.settings;
    await fetchKeys(common, { validKeys, keyServers, onOutput: log.add, signal: this.#signal });
    await this.#makepkg(common, log, {
      rights: { ...NOTHING, hasNetwork: true, sources: "fetch" },
      args: ["--verifysource", "--nodeps"],
    });
  }

  /** Unpacks, builds, checks and packages, and returns what is in PKGDEST. */
  async #package(common: JobSurroundings, log: JobLog): Promise<Product[]> {
    this.#lease.enter("building");
    const { settings, limits } = this.#job;
    const { state, settings: { minFreeSpace } } = this.#environment;
    await using disk = new DiskWatch({
      directory: state.work,
      minFreeBytes: minFreeSpace,
      maxBytes: limits.disk_bytes,
      usedBytes: () => common.workspace.usedBytes(),
    });
    await this.#makepkg(common, log, {
      rights: { hasNetwork: settings.network, changesStart: true, sources: "use", builds: true },
      args: ["--holdver", "--nosign", "--noprogressbar"],
      signal: disk.signal,
    });
    return await collectProducts(common.workspace.path("pkgdest"));
  }

  /** Builds the same files again and compares byte by byte. The second packages are uploaded. */
  async #reproduce(
    common: JobSurroundings,
    log: JobLog,
    { products, tree }: {
      readonly products: readonly Product[];
      readonly tree: Uint8Array<ArrayBuffer>;
    },
  ): Promise<Built> {
    const first = await describeProducts(products);
    await common.workspace.renew();
    await this.#placeTree(common.workspace, tree);
    log.note("building a second time, to compare");
    const again = await this.#package(common, log);
    this.#lease.enter("checking");
    const differences = await differencesBetween(first, again);
    log.note(
      differences.length === 0
        ? "both builds are byte-for-byte identical"
        : `the two builds differ in ${differences.length} files`,
    );
    return { products: again, differences };
  }

  async #upload(products: readonly Product[], log: JobLog): Promise<void> {
    this.#lease.enter("uploading");
    const { client } = this.#environment;
    for (const product of products) {
      log.note(`uploading ${product.file} (${product.size} bytes)`);
      await this.#ask(() => client.upload(this.#job.id, product, this.#signal));
    }
  }

  async #makepkg(
    common: JobSurroundings,
    log: JobLog,
    { rights, args, signal }: {
      readonly rights: StepRights;
      readonly args: readonly string[];
      readonly signal?: AbortSignal;
    },
  ): Promise<void> {
    const tail = new OutputTail();
    const signals = [this.#signal, ...signal === undefined ? [] : [signal]];
    const end: CommandEnd = await runSandbox({
      ...stepSandbox(common, rights, [...MAKEPKG, ...args]),
      onOutput: (bytes) => (tail.add(bytes), log.add(bytes)),
      signal: AbortSignal.any(signals),
    });
    if (end.stopped !== null) throw new Stop(end.stopped);
    if (end.code !== 0) throw makepkgFailure(this.#lease.step, end.code, tail.text);
  }
}

const NOTHING: StepRights = {
  hasNetwork: false,
  changesStart: false,
  sources: "none",
  builds: false,
};
