import { type Job, MAX_DIFFERENCES } from "../api/builder.ts";
import { SYSTEM_CLOCK } from "../async/clock.ts";
import { PkgstashError, reasonOf } from "../errors.ts";
import { Stop } from "./command.ts";
import { DaemonError, type Outcome } from "./daemon_client.ts";
import { BuildFailure } from "./failure.ts";
import { JobLog } from "./job_log.ts";
import type { Lease } from "./lease.ts";
import type { Product } from "./steps/products.ts";
import type { Difference } from "./steps/reproduction.ts";
import { Workspace } from "./workspace.ts";
import { JobBuild, type JobEnvironment } from "./job_build.ts";

const RETRY_MS = 2_000;
/** The limit of the protocol. */
const MAX_REASON_LENGTH = 2_000;
/** A restarted daemon needs a second report. */
const MAX_REPORTS = 3;

/** Longer paths are cut. */
const MAX_PATH_LENGTH = 200;

function reported({ file, path }: Difference): { file: string; path: string | null } {
  return { file, path: path === null ? null : path.slice(0, MAX_PATH_LENGTH) };
}

/** One attempt of a build: runs it and reports how it ended. */
export class JobRun {
  readonly #environment: JobEnvironment;
  readonly #job: Job;
  readonly #lease: Lease;
  readonly #signal: AbortSignal;
  readonly #startedAt = performance.now();

  /** `signal` ends the attempt, as the end of its lease and its timeout do. */
  constructor(environment: JobEnvironment, job: Job, lease: Lease, signal: AbortSignal) {
    this.#environment = environment;
    this.#job = job;
    this.#lease = lease;
    const timeout = new AbortController();
    const timer = setTimeout(() => timeout.abort(new Stop("timeout")), job.limits.timeout_ms);
    Deno.unrefTimer(timer);
    this.#signal = AbortSignal.any([lease.signal, signal, timeout.signal]);
  }

  /**
   * Runs to the end and reports to the daemon, unless another builder has the job by then. Returns
   * the outcome in words.
   */
  async run(): Promise<string> {
    const { state, mapping, client } = this.#environment;
    const workspace = await Workspace.create(state.work, mapping);
    const log = new JobLog(workspace.path("log"), {
      client,
      job: this.#job.id,
      maxBytes: this.#job.limits.log_bytes,
    });
    try {
      const { outcome, products } = await this.#attempt(workspace, log);
      log.note(describe(outcome));
      await log.finish();
      await this.#report(outcome, products);
      return describe(outcome);
    } catch (error) {
      await log.drop();
      if (error instanceof DaemonError && error.kind === "lease_ended") return error.message;
      throw error;
    } finally {
      await workspace.remove();
    }
  }

  async #attempt(
    workspace: Workspace,
    log: JobLog,
  ): Promise<{ readonly outcome: Outcome; readonly products: readonly Product[] }> {
    const duration = () => Math.round(performance.now() - this.#startedAt);
    try {
      const { products, differences } = await new JobBuild({
        ...{ environment: this.#environment, job: this.#job, lease: this.#lease },
        ...{ signal: this.#signal, ask: (question) => this.#ask(question) },
      }).run(workspace, log);
      const packages = products.map(({ file, sha256 }) => ({ file, sha256 }));
      return {
        outcome: {
          outcome: "built",
          packages,
          differences: differences.slice(0, MAX_DIFFERENCES).map(reported),
          duration_ms: duration(),
        },
        products,
      };
    } catch (error) {
      const failure = this.#failureOf(error);
      const outcome: Outcome = failure === "cancelled"
        ? { outcome: "cancelled", duration_ms: duration() }
        : {
          outcome: "failed",
          failure: failure.failure,
          step: failure.step,
          reason: failure.message.slice(0, MAX_REASON_LENGTH),
          duration_ms: duration(),
        };
      return { outcome, products: [] };
    }
  }

  /** Reports the result, and uploads again what a restarted daemon has lost. */
  async #report(outcome: Outcome, products: readonly Product[]): Promise<void> {
    const { client } = this.#environment;
    for (let attempt = 1; attempt <= MAX_REPORTS; attempt++) {
      const { state, missing } = await this.#ask(() => client.result(this.#job.id, outcome));
      if (state !== "incomplete") return;
      for (const product of products.filter(({ file }) => missing.includes(file))) {
        await this.#ask(() => client.upload(this.#job.id, product, this.#signal));
      }
    }
    throw new DaemonError("rejected", "The daemon keeps losing the packages of this job.");
  }

  /** Repeats a request while the daemon is unreachable, until the lease ends. */
  async #ask<T>(question: () => Promise<T>): Promise<T> {
    while (true) {
      if (this.#lease.hasEnded) throw new DaemonError("lease_ended", "The lease has ended.");
      try {
        return await question();
      } catch (error) {
        const isPassing = error instanceof DaemonError && error.kind === "unreachable";
        if (!isPassing || this.#signal.aborted) throw error;
        await SYSTEM_CLOCK.sleep(RETRY_MS, this.#signal);
      }
    }
  }

  #failureOf(error: unknown): BuildFailure | "cancelled" {
    if (error instanceof BuildFailure) return error;
    const { step } = this.#lease;
    if (error instanceof DaemonError && !this.#signal.aborted) {
      if (error.kind !== "rejected") throw error;
      return new BuildFailure("build_error", step, error.message, { cause: error });
    }
    const stop = this.#signal.aborted ? this.#signal.reason : error;
    if (stop instanceof Stop) {
      switch (stop.reason) {
        case "cancelled":
          return "cancelled";
        case "timeout":
          return new BuildFailure("timeout", step, `It took longer than ${this.#limitText()}.`);
        case "disk full":
          return new BuildFailure(
            "resources",
            step,
            `It used more than ${this.#job.limits.disk_bytes} bytes of disk space, or the ` +
              "builder's disk is full.",
          );
      }
    }
    const reason = error instanceof PkgstashError ? error.message : `${reasonOf(error)}.`;
    return new BuildFailure("builder_unfit", step, `The builder failed: ${reason}`, {
      cause: error,
    });
  }

  #limitText(): string {
    return `${Math.round(this.#job.limits.timeout_ms / 1000)} s`;
  }
}

function describe(outcome: Outcome): string {
  switch (outcome.outcome) {
    case "built":
      return `built ${outcome.packages.map(({ file }) => file).join(", ")}`;
    case "failed":
      return `failed (${outcome.failure}, ${outcome.step}): ${outcome.reason}`;
    case "cancelled":
      return "cancelled";
  }
}
