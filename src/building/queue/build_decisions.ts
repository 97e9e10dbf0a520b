import { PkgstashError } from "../../errors.ts";
import { closeAttempt } from "./attempts.ts";
import type { Attribution } from "../accepted_build.ts";
import { type Build, hasEnded, titleOf } from "./build.ts";
import { isOfSamePackage, isRebuildOfOther } from "./enqueueing.ts";

/**
 * A build that a person cancels.
 *
 * @throws PkgstashError `conflict` if it has ended or is being published.
 */
export function cancel(build: Build, by: Attribution): Build {
  if (hasEnded(build)) throw conflict("cancel", build, `it was ${build.state} already`);
  if (build.state === "uploading" && build.isComplete) {
    throw conflict("cancel", build, "it is being published");
  }
  return cancelled(build, by);
}

/**
 * A build that did not end well, to be built again.
 *
 * @throws PkgstashError `conflict` if it is not one, or if a newer build of the package is there.
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
 * A held build that a person lets go on: its product is published, or its metadata are taken as they
 * are.
 *
 * @throws PkgstashError `conflict` if it is not held, or if nobody can let it go on.
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
 * A held build whose product nobody gets.
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
  throw conflict(action, build, `it is ${build.state}, and not held`);
}

/** What a refused build failed of, by why it was held. */
const REFUSED = {
  product: "product_refused",
  metadata: "metadata_mismatch",
  builders: "lost_builder",
  patches: "source_missing",
  architectures: "publication",
} as const;

/** A build that nobody builds any more. */
export function cancelled(build: Build, ended: Attribution): Build {
  return {
    ...closeAttempt(build, "cancelled", { now: ended.at }),
    ...{ state: "cancelled", endedAt: ended.at, ended, hold: null },
  };
}

/** A build that begins anew; its attempts stay, and count no more. */
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
