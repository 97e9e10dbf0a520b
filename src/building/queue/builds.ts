import { Notifier } from "../../async/notifier.ts";
import { Turns } from "../../async/turns.ts";
import { PkgstashError, reasonOf } from "../../errors.ts";
import { eventLogger } from "../../platform/observability/logging.ts";
import { runningAttempt } from "./attempts.ts";
import { type Attempt, type Build, type BuildState, hasEnded, titleOf } from "./build.ts";
import type { BuildStore } from "./build_store.ts";

const log = eventLogger("builds");

/** Listens to builds. Each event is reported once; errors are logged. */
export interface BuildListener {
  onPublished?(build: Build): void | Promise<void>;
  onHeld?(build: Build): void | Promise<void>;
  onFailed?(build: Build): void | Promise<void>;
  onCancelled?(build: Build): void | Promise<void>;
  /** A builder no longer has the build; `attempt` says why. */
  onAttemptEnded?(build: Build, attempt: Attempt): void | Promise<void>;
}

export interface BuildsOptions {
  readonly store: BuildStore;
  /** Number of ended builds to keep, for each package and in total. */
  readonly keep: () => { readonly most: number; readonly mostOfAll: number };
}

/**
 * The builds and their changes. Changes run one at a time, and each is on disk before anybody learns
 * of it, so that a restart finds everything that was reported.
 */
export class Builds {
  readonly #store: BuildStore;
  readonly #keep: BuildsOptions["keep"];
  readonly #turns = new Turns();
  readonly #changes = new Notifier();
  readonly #listeners: BuildListener[] = [];

  constructor({ store, keep }: BuildsOptions) {
    this.#store = store;
    this.#keep = keep;
  }

  /** Resolves at the next change. */
  get nextChange(): Promise<void> {
    return this.#changes.next;
  }

  /** All stored builds, the oldest first. */
  all(): Build[] {
    return this.#store.all();
  }

  /** Those of a package base, the oldest first. */
  of(packageBase: string): Build[] {
    return this.#store.of(packageBase);
  }

  /** @throws PkgstashError `not_found` if there is no build of this number. */
  find(number: number): Build {
    const build = this.#store.find(number);
    if (build !== null) return build;
    throw new PkgstashError(
      "not_found",
      `Cannot find build ${number}: it does not exist, or is no longer kept. See pkgstash builds.`,
    );
  }

  listen(listener: BuildListener): void {
    this.#listeners.push(listener);
  }

  /** Runs `work` while no change is in progress. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    return this.#turns.run(work);
  }

  /** Adds the build that `make` returns for its number. */
  async add(make: (number: number) => Build): Promise<Build> {
    return await this.inTurn(async () => {
      const build = make(await this.#store.takeNumber());
      await this.#store.save(build);
      log.info("build queued", { build: build.number, of: titleOf(build), reason: build.reason });
      this.#changes.notify();
      await this.#tell({ ...build, state: "waiting" }, build);
      return build;
    });
  }

  /** Replaces a build by the result of `update`, in turn with other changes. */
  async change(number: number, update: (build: Build) => Build): Promise<Build> {
    return await this.inTurn(() => this.changeNow(this.find(number), update));
  }

  /** Like `change`, within `inTurn`. */
  async changeNow(before: Build, update: (build: Build) => Build): Promise<Build> {
    const after = update(before);
    if (after === before) return before;
    await this.#store.save(after);
    if (before.state !== after.state) logState(after);
    this.#changes.notify();
    await this.#tell(before, after);
    if (hasEnded(after)) await this.#tidy(after);
    return after;
  }

  /** Resolves once no change is in progress. */
  settled(): Promise<void> {
    return this.#turns.settled();
  }

  async #tell(before: Build, after: Build): Promise<void> {
    const running = runningAttempt(before);
    const ended = running === null
      ? undefined
      : after.attempts.find(({ number, endedAt }) => number === running.number && endedAt !== null);
    const hasBecome = (state: BuildState) => before.state !== state && after.state === state;
    for (const listener of this.#listeners) {
      try {
        if (ended !== undefined) await listener.onAttemptEnded?.(after, ended);
        if (hasBecome("published")) await listener.onPublished?.(after);
        if (hasBecome("held")) await listener.onHeld?.(after);
        if (hasBecome("failed")) await listener.onFailed?.(after);
        if (hasBecome("cancelled")) await listener.onCancelled?.(after);
      } catch (error) {
        log.warn("cannot report the new state of a build", {
          build: after.number,
          state: after.state,
          reason: reasonOf(error),
        });
      }
    }
  }

  async #tidy({ number }: Build): Promise<void> {
    try {
      await this.#store.dropProducts(number);
      await this.#store.prune(this.#keep());
    } catch (error) {
      log.warn("cannot remove old builds", { reason: reasonOf(error) });
    }
  }
}

function logState(build: Build): void {
  const { number, state, failure, hold, attempts } = build;
  const facts = {
    build: number,
    of: titleOf(build),
    state,
    builder: attempts.at(-1)?.builder,
    reason: (state === "failed" ? failure : state === "held" ? hold : null)?.reason,
  };
  if (state === "failed" || state === "held") log.warn(`build ${state}`, facts);
  else log.info(`build ${state}`, facts);
}
