import { SYSTEM_CLOCK } from "../async/clock.ts";
import { reasonOf } from "../errors.ts";
import { eventLogger } from "../platform/observability/logging.ts";
import { Stop } from "./command.ts";
import { DaemonError } from "./daemon_client.ts";
import { type JobEnvironment, JobRun } from "./job_run.ts";
import { Lease } from "./lease.ts";

const log = eventLogger("builder");

/** Pauses between questions to a daemon that cannot be reached. */
const RETRY_MS = [1_000, 2_000, 5_000, 10_000, 30_000];

/** Takes jobs and builds them, several at a time if so configured. */
export class Builder {
  readonly #environment: JobEnvironment;
  readonly #stop = new AbortController();

  constructor(environment: JobEnvironment) {
    this.#environment = environment;
  }

  /** Stops taking jobs, ends those that run and gives them back. */
  stop(): void {
    this.#stop.abort(new Stop("cancelled"));
  }

  /**
   * Runs until `stop`.
   *
   * @throws {DaemonError} if the daemon refuses the token, or is of another version.
   */
  async run(): Promise<void> {
    const { concurrency } = this.#environment.settings;
    const failures: unknown[] = [];
    const work = async () => {
      try {
        await this.#takeJobs();
      } catch (error) {
        failures.push(error);
        this.stop();
      }
    };
    await Promise.all(Array.from({ length: concurrency }, work));
    if (failures.length > 0) throw failures[0];
  }

  async #takeJobs(): Promise<void> {
    const { client, settings } = this.#environment;
    let failures = 0;
    while (!this.#stop.signal.aborted) {
      try {
        const job = await client.lease(settings.architectures, this.#stop.signal);
        failures = 0;
        if (job !== null) await this.#build(job);
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        const isPassing = !(error instanceof DaemonError) || error.kind === "unreachable" ||
          error.kind === "lease_ended";
        if (!isPassing) throw error;
        // Once, and not each time that it fails again.
        if (failures === 0) log.warn("cannot go on, trying again", { reason: reasonOf(error) });
        const pause = RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)]!;
        await SYSTEM_CLOCK.sleep(pause, this.#stop.signal);
      }
    }
  }

  async #build(job: ConstructorParameters<typeof JobRun>[1]): Promise<void> {
    const { package_base, version, build, attempt } = job;
    const what = { package: package_base, version, build, attempt };
    log.info("building", what);
    await using lease = new Lease(this.#environment.client, job);
    const result = await new JobRun(this.#environment, job, lease, this.#stop.signal).run();
    log.info("job ended", { ...what, result });
  }
}
