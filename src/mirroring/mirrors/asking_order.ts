import type { Mirror } from "./mirror.ts";
import type { MirrorPool } from "./mirror_pool.ts";
import type { Question } from "./mirror_request.ts";
import { MirrorRefusal } from "./mirror_response.ts";
import { isMissing, type MirrorFailure } from "./race.ts";

/**
 * Returns the next mirror to ask after the failures so far, or null; never one that failed `before`
 * or has requested to be left alone.
 */
export function askingOrder(
  pool: MirrorPool,
  request: Question,
  before: readonly MirrorFailure[],
): (failures: readonly MirrorFailure[]) => Mirror | null {
  const isOut = (mirror: Mirror) =>
    mirror.health.leftAloneMs > 0 || before.some((failure) => failure.mirror === mirror);
  if (request.only !== undefined) {
    const queue = request.only.filter((mirror) => !isOut(mirror));
    return () => queue.shift() ?? null;
  }
  const { directory } = request.repository;
  const { ready, resting, refused } = pool.candidates(
    request.prefersCurrent === true ? directory : null,
    { directory, fileName: request.fileName },
  );
  const { last = new Set() } = request;
  const { archive } = pool;
  // A last resort that does not work is none.
  const isArchiveReady = archive !== null && archive.health.restMs === 0;
  const first = ready.filter((mirror) => !isOut(mirror) && !last.has(mirror));
  const second = resting.filter((mirror) => !isOut(mirror));
  const third = [
    ...(isArchiveReady ? [archive] : []),
    ...ready.filter((mirror) => last.has(mirror)),
    ...refused,
  ].filter((mirror) => !isOut(mirror));
  return (failures) => {
    const next = first.shift();
    if (next !== undefined) return next;
    if (!(request.isQuick && failures.some(isMissing))) {
      const rested = second.shift();
      if (rested !== undefined) return rested;
    }
    return third.shift() ?? null;
  };
}

/** The mirrors that were not asked because they requested to be left alone. */
export function leftAlone(
  pool: MirrorPool,
  { only }: Question,
  asked: readonly MirrorFailure[],
): MirrorFailure[] {
  return (only ?? pool.mirrors)
    .filter((mirror) => mirror.health.leftAloneMs > 0)
    .filter((mirror) => !asked.some((failure) => failure.mirror === mirror))
    .map((mirror) => {
      const seconds = Math.ceil(mirror.health.leftAloneMs / 1000);
      const reason = `${mirror.health.lastError}, and requests no retry for ${seconds} s`;
      return { mirror, error: new MirrorRefusal("busy", reason) };
    });
}
