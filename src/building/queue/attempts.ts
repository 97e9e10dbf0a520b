import type { Attempt, Build, BuildFailure, BuildStep, ReportedFailure } from "./build.ts";

/** How an attempt ended without packages. */
export type AttemptEnd =
  | { readonly outcome: "failed"; readonly failure: BuildFailure }
  /** The builder was silent until its lease ended. */
  | { readonly outcome: "lost" }
  /** The builder returned the job, for example because it shut down. */
  | { readonly outcome: "returned" };

/** A build that has lost this many builders would probably take down the next one, too. */
const MOST_LOST = 2;
/** How many failures of the network or the builder are retried. */
const MOST_RETRIES = 3;
const FIRST_RETRY_MS = 60_000;
const RETRY_FACTOR = 4;

/** A build after a builder has started it. */
export function begin(
  build: Build,
  { job, builder, now }: { job: string; builder: string; now: number },
): Build {
  const number = (build.attempts.at(-1)?.number ?? 0) + 1;
  const attempt: Attempt = {
    ...{ number, job, builder, startedAt: now },
    ...{ endedAt: null, outcome: null, failure: null },
  };
  return {
    ...build,
    state: "leased",
    step: "preparing",
    isComplete: false,
    products: [],
    failure: null,
    attempts: [...build.attempts, attempt],
  };
}

/** A build after an attempt without packages: waiting again, held, or failed. */
export function endAttempt(build: Build, end: AttemptEnd, now: number): Build {
  const failure = end.outcome === "failed" ? end.failure : null;
  const ended = closeAttempt(build, end.outcome, { now, failure });
  const counted = ended.attempts.filter(({ number }) => number >= build.countsFrom);
  const again = (notBefore: number): Build => ({ ...ended, state: "waiting", notBefore });
  if (end.outcome === "returned") return again(now);
  if (end.outcome === "lost") {
    const lost = counted.filter(({ outcome }) => outcome === "lost");
    if (lost.length < MOST_LOST) return again(now);
    const builders = lost.map(({ builder }) => builder).join(" and ");
    return {
      ...ended,
      state: "held",
      hold: {
        kind: "builders",
        reason: `${lost.length} builders were lost while building it (${builders})`,
        facts: [],
        metadata: null,
      },
    };
  }
  if (isPassing(end.failure.class)) {
    const failures = counted.filter((each) => each.failure && isPassing(each.failure.class)).length;
    if (failures <= MOST_RETRIES) {
      return again(now + FIRST_RETRY_MS * RETRY_FACTOR ** (failures - 1));
    }
  }
  return { ...ended, state: "failed", endedAt: now, failure: end.failure };
}

/** Ends the attempt; no builder has the build any more. */
export function closeAttempt(
  build: Build,
  outcome: NonNullable<Attempt["outcome"]>,
  { now, failure = null }: { now: number; failure?: BuildFailure | null },
): Build {
  const last = build.attempts.at(-1);
  if (last === undefined || last.endedAt !== null) return { ...build, step: null };
  return {
    ...build,
    step: null,
    attempts: [...build.attempts.slice(0, -1), { ...last, endedAt: now, outcome, failure }],
  };
}

/** The running attempt; null if there is none. */
export function runningAttempt({ attempts }: Pick<Build, "attempts">): Attempt | null {
  const last = attempts.at(-1);
  return last === undefined || last.endedAt !== null ? null : last;
}

/** A failure that a builder has reported. */
export function reportedFailure(
  failureClass: ReportedFailure,
  reason: string,
  step: BuildStep,
): BuildFailure {
  return { class: failureClass, reason, step };
}

/** Whether a retry may succeed without any change. */
function isPassing(failureClass: BuildFailure["class"]): boolean {
  return failureClass === "network" || failureClass === "builder_unfit";
}
