import type { BuildReport } from "../../api/builds.ts";
import type { CommandArgument } from "../command.ts";
import { type Paints, visible } from "../terminal_text.ts";

export const BUILD: CommandArgument = {
  name: "BUILD",
  description: "Number of a build, or a package name for its latest build",
  required: true,
  completion: "builds",
};

/** `build 42, foo 1.0-1 for x86_64`. */
export function buildTitle(
  { number, package_base, version, architecture }: BuildReport,
  paints: Paints,
): string {
  return `build ${number}, ${paints.accent(visible(package_base))} ${visible(version)} for ${
    visible(architecture)
  }`;
}

/** The state of a build and its reason, on one line. */
export function stateText({ state, step, waits_for, failure, hold }: BuildReport): string {
  if (state === "waiting") {
    return waits_for === null ? "waiting for a builder" : `waiting: ${waits_for}`;
  }
  if (state === "leased" || state === "uploading") return step ?? state;
  if (state === "held" && hold !== null) return `held: ${hold.reason}`;
  if (state === "failed" && failure !== null) {
    return `failed: ${failure.class.replaceAll("_", " ")}, ${failure.reason}`;
  }
  return state;
}

export function statePaint(state: BuildReport["state"], paints: Paints): (text: string) => string {
  switch (state) {
    case "published":
      return paints.good;
    case "held":
      return paints.doubtful;
    case "failed":
      return paints.bad;
    case "cancelled":
      return paints.faint;
    default:
      return (text) => text;
  }
}
