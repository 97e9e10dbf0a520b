import { PkgstashError } from "../../errors.ts";
import { closeAttempt } from "./attempts.ts";
import type { Attribution } from "../accepted_build.ts";
import { type Build, hasEnded, titleOf } from "./build.ts";
import { isOfSamePackage, isRebuildOfOther } from "./enqueueing.ts";

/**
 * Cancels a build for a person.
 *
 * @throws PkgstashError `conflict` if it has ended or is being published.
 */
export function cancel(build: Build, by: Attribution): Build {
  if (hasEnded(build)) throw conflict("cancel", build, `it is already ${build.state}`);
  if (build.state === "uploading" && build.isComplete) {
    throw conflict("cancel", build, "it is being published");
  }
  return cancelled(build, by);
}

/**
 * Retries a build that failed, was cancelled, or is held because of its builders or architectures.
 *
 * @throws PkgstashError `conflict` if it is none of these, or if the package has a newer build.
 */
export function retry(build: Build, builds: Iterable<Build>): Build {
  const isOver = build.state === "failed" || build.state === "cancelled" ||
    (build.state === "held" &&
      (build.hold?.kind === "builders" || build.hold?.kind === "architectures"));
  if (!isOver) throw conflict("retry", build, `it is ${build.state}`);
  const newer = [...builds].find((each) =>
    each.number > build.number && isOfSamePackage(each, build, build.architecture) &&
    !isRebuildOfOther(each, build)
  );
  if (newer !== undefined) throw conflict("retry", build, `build ${newer.number} is newer`);
  return waitingAgain(build);
}

/**
 * Releases a held build for a person: its packages are published, or its metadata are accepted.
 *
 * @throws PkgstashError `conflict` if it is not held, or if it cannot be released.
 */
export function release(build: Build, by: Attribution): Build {
  const hold = holdOf("approve", build);
  if (hold.kind === "patches" || hold.kind === "architectures") {
    throw conflict("approve", build, hold.reason);
  }
  const released = { ...by, metadata: hold.metadata };
  return hold.kind === "product"
    ? { ...build, state: "uploading", hold: null, released }
    : { ...waitingAgain(build), released };
}

/**
 * Refuses a held build: its packages are not published.
 *
 * @throws PkgstashError `conflict` if it is not held.
 */
export function refuse(build: Build, by: Attribution): Build {
  const { kind } = holdOf("refuse", build);
  const failure = {
    class: REFUSED[kind],
    reason: `refused by ${by.by}${by.reason === "" ? "" : `: ${by.reason}`}`,
    step: null,
  };
  return { ...build, state: "failed", endedAt: by.at, failure, ended: by };
}

function holdOf(action: string, build: Build) {
  if (build.state === "held" && build.hold !== null) return build.hold;
  throw conflict(action, build, `it is ${build.state}, not held`);
}

/** The failure class of a refused build, by the reason for which it was held. */
const REFUSED = {
  product: "product_refused",
  metadata: "metadata_mismatch",
  builders: "lost_builder",
  patches: "source_missing",
  architectures: "publication",
} as const;

/** A cancelled build. */
export function cancelled(build: Build, ended: Attribution): Build {
  return {
    ...closeAttempt(build, "cancelled", { now: ended.at }),
    ...{ state: "cancelled", endedAt: ended.at, ended, hold: null },
  };
}

/** A build that starts anew; its earlier attempts stay, but no longer count. */
function waitingAgain(build: Build): Build {
  const countsFrom = (build.attempts.at(-1)?.number ?? 0) + 1;
  return {
    ...build,
    ...{ state: "waiting", notBefore: 0, endedAt: null, countsFrom, step: null },
    ...{ isComplete: false, products: [], failure: null, hold: null, ended: null },
  };
}

function conflict(action: string, build: Build, why: string): PkgstashError {
  return new PkgstashError(
    "conflict",
    `Cannot ${action} build ${build.number}, ${titleOf(build)}: ${why}.`,
  );
}
