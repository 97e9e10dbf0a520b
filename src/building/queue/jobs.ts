import type { Clock } from "../../async/clock.ts";
import { PkgstashError, reasonOf } from "../../errors.ts";
import type { SourceTree } from "../source_tree.ts";
import { type AttemptEnd, closeAttempt, endAttempt, runningAttempt } from "./attempts.ts";
import type {
  Build,
  BuildStep,
  ProductDifference,
  ReportedFailure,
  StoredProduct,
} from "./build.ts";
import type { LogEnd } from "./build_log.ts";
import type { BuildLogs } from "./build_logs.ts";
import type { Builds } from "./builds.ts";
import type { Leased, Leases } from "./leases.ts";
import { metadataDifferences } from "./metadata_check.ts";
import { digestOf } from "./product.ts";
import type { Products } from "./products.ts";
import type { Publication } from "./publication.ts";
import { treeTar } from "./tree_tar.ts";

/** The result of a job, as its builder reports it. */
export type JobResult =
  | {
    readonly outcome: "built";
    readonly packages: readonly { file: string; sha256: string }[];
    /** Differences between two builds of the same files, if there were two. */
    readonly differences?: readonly ProductDifference[];
  }
  | {
    readonly outcome: "failed";
    readonly failure: ReportedFailure;
    readonly step: BuildStep;
    readonly reason: string;
  }
  /** The builder was told to stop, or returns the job. */
  | { readonly outcome: "cancelled" };

export interface JobsOptions {
  readonly builds: Builds;
  readonly leases: Leases;
  readonly logs: BuildLogs;
  readonly products: Products;
  readonly publication: Publication;
  readonly treeOf: (build: Build) => Promise<SourceTree | null>;
  /** Maximum total size of the packages of a build. */
  readonly diskBytesOf: (build: Build) => number;
  readonly clock: Clock;
}

/** The builder that calls, and its job. */
export interface JobCall {
  /** The name of the builder's token. */
  readonly builder: string;
  readonly job: string;
}

/**
 * Receives what builders report about their jobs, without trusting it: a job belongs to its builder
 * only while the lease lasts, and everything is compared with what was approved.
 */
export class Jobs {
  readonly #options: JobsOptions;

  constructor(options: JobsOptions) {
    this.#options = options;
  }

  /** The files to build, as a tar archive. */
  async tar(call: JobCall): Promise<Uint8Array<ArrayBuffer>> {
    const { build } = await this.#require(call);
    const tree = await this.#tree(build, call);
    try {
      return treeTar(tree);
    } catch (error) {
      return await this.#failWithoutFiles(build, call, reasonOf(error));
    }
  }

  async #tree(build: Build, call: JobCall): Promise<SourceTree> {
    return await this.#options.treeOf(build) ?? await this.#failWithoutFiles(
      build,
      call,
      "the approved files are no longer kept; accept the package again",
    );
  }

  async #failWithoutFiles(build: Build, call: JobCall, reason: string): Promise<never> {
    await this.#end(build, call, {
      outcome: "failed",
      failure: { class: "source_missing", reason, step: "preparing" },
    });
    throw new PkgstashError("conflict", `Cannot build ${build.packageBase}: ${reason}.`);
  }

  /** Renews the lease. Returns whether the build was cancelled. */
  heartbeat({ builder, job }: JobCall, step: BuildStep): Promise<boolean> {
    return this.#options.leases.heartbeat(builder, job, step);
  }

  async appendLog(call: JobCall, offset: number, bytes: Uint8Array): Promise<LogEnd> {
    const { build, attempt } = await this.#require(call);
    return await this.#options.logs.append(build, attempt, offset, bytes);
  }

  /** Compares the metadata with the approved ones, and holds the build if they differ. */
  async compareMetadata(call: JobCall, printed: string): Promise<string[]> {
    const { build } = await this.#require(call);
    const tree = await this.#tree(build, call);
    const approved = new TextDecoder().decode(tree.get(".SRCINFO")?.content ?? new Uint8Array(0));
    const metadata = digestOf(printed);
    if (build.released?.metadata === metadata) return [];
    const differences = metadataDifferences(approved, printed, build);
    if (differences.length === 0) return [];
    const reason = `the metadata differ from the approved ones: ${differences.join("; ")}`;
    await this.#change(build, call, (now) => ({
      ...closeAttempt(now, "failed", { now: this.#options.clock.now() }),
      state: "held",
      hold: { kind: "metadata", reason, facts: [], metadata },
    }));
    return differences;
  }

  /** Receives a package; it replaces an earlier one of the same name. */
  async putProduct(
    call: JobCall,
    file: { fileName: string; sha256: string; body: ReadableStream<Uint8Array> },
  ): Promise<StoredProduct> {
    const { products, diskBytesOf } = this.#options;
    let build: Build;
    try {
      ({ build } = await this.#require(call));
    } catch (error) {
      await file.body.cancel().catch(() => {});
      throw error;
    }
    const others = build.products.filter(({ fileName }) => fileName !== file.fileName);
    const taken = others.reduce((sum, { size }) => sum + size, 0);
    const stored = await products.put(build, { ...file, mostBytes: diskBytesOf(build) - taken });
    let replaced: StoredProduct[] = [];
    const take = (now: Build): Build => {
      replaced = now.products.filter(({ name, fileName }) =>
        name === stored.name && fileName !== stored.fileName
      );
      const rest = now.products.filter(({ name }) => name !== stored.name);
      return { ...now, state: "uploading", step: "uploading", products: [...rest, stored] };
    };
    try {
      await this.#change(build, call, take);
    } catch (error) {
      await products.drop(build, stored);
      throw error;
    }
    for (const each of replaced) await products.drop(build, each);
    return stored;
  }

  /** Ends a job. Returns the new state of the build, or the missing files. */
  async report(call: JobCall, result: JobResult): Promise<Build | { missing: string[] }> {
    const { build } = await this.#require(call);
    if (result.outcome === "cancelled") {
      return await this.#end(build, call, { outcome: "returned" });
    }
    if (result.outcome === "failed") {
      const { failure, reason, step } = result;
      const end = { class: failure, reason: withoutControls(reason), step };
      return await this.#end(build, call, { outcome: "failed", failure: end });
    }
    const kept: StoredProduct[] = [];
    const missing: string[] = [];
    for (const { file, sha256 } of result.packages) {
      const product = build.products.find((each) =>
        each.fileName === file && each.sha256 === sha256
      );
      const isThere = product !== undefined && await this.#options.products.isThere(build, product);
      if (isThere) kept.push(product);
      else missing.push(file);
    }
    if (missing.length > 0) return { missing };
    const differences = (result.differences ?? []).map(({ file, path }) => ({
      file: withoutControls(file),
      path: path === null ? null : withoutControls(path),
    }));
    await this.#change(build, call, (now) => ({
      ...closeAttempt(now, "built", { now: this.#options.clock.now() }),
      state: "uploading",
      isComplete: true,
      products: kept,
      differences,
    }));
    return await this.#options.publication.settle(build.number);
  }

  #require({ builder, job }: JobCall): Promise<Leased> {
    return this.#options.leases.require(builder, job);
  }

  async #end(build: Build, call: JobCall, end: AttemptEnd): Promise<Build> {
    return await this.#change(
      build,
      call,
      (now) => endAttempt(now, end, this.#options.clock.now()),
    );
  }

  /** Changes a build if the job's lease still lasts: the call may have taken a while. */
  async #change(build: Build, { job }: JobCall, update: (now: Build) => Build): Promise<Build> {
    return await this.#options.builds.change(build.number, (now) => {
      if (runningAttempt(now)?.job === job) return update(now);
      throw new PkgstashError(
        "conflict",
        `Cannot continue this job of build ${build.number}: its lease has ended. ` +
          "Drop it and request another one.",
      );
    });
  }
}

/** A builder's reason on one line, for terminals and messages. */
function withoutControls(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ").trim();
}
