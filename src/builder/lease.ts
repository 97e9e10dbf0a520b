import type { BuildStep, Job } from "../api/builder.ts";
import { type Clock, SYSTEM_CLOCK } from "../async/clock.ts";
import { Stop } from "./command.ts";
import { type DaemonClient, DaemonError } from "./daemon_client.ts";

/** Heartbeats per lease time, so that a lost one does no harm. */
const BEATS = 4;

/** Renews the lease of a running job, and ends the job early if that fails. */
export class Lease implements AsyncDisposable {
  readonly #controller = new AbortController();
  readonly #end = new AbortController();
  readonly #beating: Promise<void>;
  #step: BuildStep = "preparing";
  #hasEnded = false;

  constructor(
    client: Pick<DaemonClient, "heartbeat">,
    job: Pick<Job, "id" | "lease_ms">,
    clock: Clock = SYSTEM_CLOCK,
  ) {
    this.#beating = this.#beat(client, job, clock);
  }

  /** Aborted with a `Stop` when the job is cancelled or its lease has ended. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Whether the lease has ended, so that the daemon accepts no report. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  get step(): BuildStep {
    return this.#step;
  }

  /** Sets the step that the next heartbeat reports. */
  enter(step: BuildStep): void {
    this.#step = step;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort();
    await this.#beating;
  }

  async #beat(
    client: Pick<DaemonClient, "heartbeat">,
    { id, lease_ms }: Pick<Job, "id" | "lease_ms">,
    clock: Clock,
  ): Promise<void> {
    let renewedAt = clock.monotonic();
    while (!this.#end.signal.aborted) {
      try {
        const asked = clock.monotonic();
        const { cancelled } = await client.heartbeat(id, this.#step, this.#end.signal);
        renewedAt = asked;
        if (cancelled) return this.#controller.abort(new Stop("cancelled"));
      } catch (error) {
        if (this.#end.signal.aborted) return;
        const isLost = error instanceof DaemonError && error.kind !== "unreachable" ||
          clock.monotonic() - renewedAt > lease_ms;
        if (isLost) {
          this.#hasEnded = true;
          return this.#controller.abort(new Stop("cancelled"));
        }
      }
      await clock.sleep(lease_ms / BEATS, this.#end.signal);
    }
  }
}
