import { SYSTEM_CLOCK } from "../async/clock.ts";
import { reasonOf } from "../errors.ts";
import { eventLogger } from "../platform/observability/logging.ts";
import { Stop } from "./command.ts";
import { DaemonError } from "./daemon_client.ts";
import type { JobEnvironment } from "./job_build.ts";
import { JobRun } from "./job_run.ts";
import { Lease } from "./lease.ts";
import type { Looker } from "./looks/looker.ts";

const log = eventLogger("builder");

/** Pauses between requests to an unreachable daemon. */
const RETRY_MS = [1_000, 2_000, 5_000, 10_000, 30_000];

/** Everything that a builder needs. */
export interface BuilderEnvironment extends JobEnvironment {
  /** Null if this machine cannot check git repositories. */
  readonly looker: Looker | null;
}

/** Takes jobs and builds them, several at a time if so configured, and checks git repositories. */
export class Builder {
  readonly #environment: BuilderEnvironment;
  readonly #stop = new AbortController();

  constructor(environment: BuilderEnvironment) {
    this.#environment = environment;
  }

  /** Stops taking jobs, ends the running ones and returns them to the queue. */
  stop(): void {
    this.#stop.abort(new Stop("cancelled"));
  }

  /**
   * Runs until `stop`.
   *
   * @throws {DaemonError} if the daemon rejects the token or has another version.
   */
  async run(): Promise<void> {
    const { concurrency } = this.#environment.settings;
    const { client, settings, looker } = this.#environment;
    const failures: unknown[] = [];
    const work = async (take: () => Promise<void>) => {
      try {
        await this.#keepTaking(take);
      } catch (error) {
        failures.push(error);
        this.stop();
      }
    };
    const { signal } = this.#stop;
    const takeJob = async () => {
      const job = await client.lease(settings.architectures, signal);
      if (job !== null) await this.#build(job);
    };
    const takeLook = async () => {
      const look = await client.leaseLook(signal);
      if (look !== null) await looker?.look(look, signal);
    };
    await Promise.all([
      ...Array.from({ length: concurrency }, () => work(takeJob)),
      // In parallel with builds, which may take hours.
      ...looker === null ? [] : [work(takeLook)],
    ]);
    if (failures.length > 0) throw failures[0];
  }

  async #keepTaking(take: () => Promise<void>): Promise<void> {
    let failures = 0;
    while (!this.#stop.signal.aborted) {
      try {
        await take();
        failures = 0;
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        const isPassing = !(error instanceof DaemonError) || error.kind === "unreachable" ||
          error.kind === "lease_ended";
        if (!isPassing) throw error;
        // Only the first of several failures in a row.
        if (failures === 0) log.warn("cannot continue, retrying", { reason: reasonOf(error) });
        const pause = RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)]!;
        await SYSTEM_CLOCK.sleep(pause, this.#stop.signal);
      }
    }
  }

  async #build(job: ConstructorParameters<typeof JobRun>[1]): Promise<void> {
    const { package_base, version, pkgrel, build, attempt } = job;
    const rebuild = pkgrel === null ? {} : { pkgrel };
    const what = { package: package_base, version, ...rebuild, build, attempt };
    log.info("building", what);
    await using lease = new Lease(this.#environment.client, job);
    const result = await new JobRun(this.#environment, job, lease, this.#stop.signal).run();
    log.info("job ended", { ...what, result });
    const { state, settings } = this.#environment;
    await state.sources.tidy(settings.maxSources);
  }
}
