import { type Attempt, type Build, hasEnded, isRunning } from "./build.ts";

/** Whether a package base was published for an architecture, or for any, in a repository. */
export type IsPublished = (
  repository: string,
  packageBase: string,
  architecture: string,
) => boolean;

/** Why a build cannot start yet; null if it can. */
export type Obstacle = string | null;

/**
 * What a build waits for, other than a builder. It depends only on the build's own package: everything
 * that it needs must be published, and none of that may be about to be published again.
 */
export function obstacleOf(
  build: Build,
  { builds, isPublished, now }: {
    builds: Iterable<Build>;
    isPublished: IsPublished;
    now: number;
  },
): Obstacle {
  const others = [...builds].filter(({ number }) => number !== build.number);
  const running = others.find((other) => isRunning(other) && isSamePackage(other, build));
  if (running !== undefined) return `build ${running.number} of the same package is running`;
  const circle = circleOf(build, others);
  if (circle !== null) return `it needs itself: ${circle.join(", which needs ")}`;
  for (const need of build.needs) {
    const obstacle = needObstacle(need, build, { others, isPublished });
    if (obstacle !== null) return obstacle;
  }
  if (build.notBefore > now) {
    const seconds = Math.ceil((build.notBefore - now) / 1000);
    return `the next attempt is due in ${seconds} s`;
  }
  return null;
}

/** The build to lease next, the oldest first; null if none can start. */
export function nextBuild(
  builds: readonly Build[],
  { architectures, builder, isPublished, now }: {
    /** The builder's architectures. */
    architectures: readonly string[];
    builder: string;
    isPublished: IsPublished;
    now: number;
  },
): Build | null {
  const waiting = builds.filter(({ state }) => state === "waiting")
    .toSorted((one, other) => one.number - other.number);
  for (const build of waiting) {
    const isFit = build.architecture === "any" || architectures.includes(build.architecture);
    if (!isFit || wasUnfit(build, builder)) continue;
    if (obstacleOf(build, { builds, isPublished, now }) === null) return build;
  }
  return null;
}

function needObstacle(
  need: string,
  build: Build,
  { others, isPublished }: { others: readonly Build[]; isPublished: IsPublished },
): Obstacle {
  const ofNeed = others.filter((other) =>
    other.packageBase === need && other.repository === build.repository &&
    fits(other.architecture, build.architecture)
  );
  const open = ofNeed.find((other) => !hasEnded(other));
  if (open !== undefined) {
    return open.state === "held"
      ? `it needs ${need}, whose build ${open.number} is held`
      : `it needs ${need}, build ${open.number}`;
  }
  if (isPublished(build.repository, need, build.architecture)) return null;
  const last = ofNeed.toSorted((one, other) => other.number - one.number)[0];
  if (last === undefined) return `it needs ${need}, which is not published`;
  return `it needs ${need}, whose build ${last.number} ${
    last.state === "failed" ? "failed" : "was cancelled"
  }`;
}

/** The dependency cycle through which a build waits for itself, among unfinished builds. */
function circleOf(build: Build, others: readonly Build[]): string[] | null {
  const open = others.filter((other) => !hasEnded(other) && other.repository === build.repository);
  const seen = new Set<string>();
  const search = (needs: readonly string[], path: readonly string[]): string[] | null => {
    for (const need of needs) {
      if (need === build.packageBase) return [...path, need];
      if (seen.has(need)) continue;
      seen.add(need);
      const found = search(
        open.filter(({ packageBase }) => packageBase === need).flatMap((other) => other.needs),
        [...path, need],
      );
      if (found !== null) return found;
    }
    return null;
  };
  return search(build.needs, []);
}

function fits(one: string, other: string): boolean {
  return one === other || one === "any" || other === "any";
}

function isSamePackage(one: Build, other: Build): boolean {
  return one.packageBase === other.packageBase && one.repository === other.repository &&
    fits(one.architecture, other.architecture);
}

/** Whether this builder has reported that it cannot build it. */
function wasUnfit(build: Build, builder: string): boolean {
  return unfitAttempts(build).some((attempt) => attempt.builder === builder);
}

/** The builders that cannot build it, with the reason of the last one; null if there are none. */
export function unfitBuilders(build: Build): Obstacle {
  const attempts = unfitAttempts(build);
  const last = attempts.at(-1);
  if (last === undefined) return null;
  const names = [...new Set(attempts.map(({ builder }) => builder))].join(" and ");
  return `another builder than ${names}: ${last.failure?.reason}`;
}

function unfitAttempts({ attempts, countsFrom }: Build): Attempt[] {
  return attempts.filter(({ number, failure }) =>
    number >= countsFrom && failure?.class === "builder_unfit"
  );
}
