import { type Build, targetOf } from "./build.ts";

/**
 * Builds that need a person, the oldest first: held ones, and failed ones that no newer build has
 * replaced. Refused builds have been decided.
 */
export function buildsToDecide(builds: readonly Build[]): Build[] {
  const latest = new Map<string, Build>();
  for (const build of builds) {
    const known = latest.get(targetOf(build));
    if (known === undefined || known.number < build.number) latest.set(targetOf(build), build);
  }
  return builds.filter((build) =>
    build.state === "held" ||
    (build.state === "failed" && build.ended === null && latest.get(targetOf(build)) === build)
  ).sort((one, other) => one.number - other.number);
}
