import { serverLine } from "../formats/pacman/mirrorlist.ts";
import type { UpstreamConfig } from "./config.ts";
import { describeValue } from "./problem.ts";
import type { Fault } from "./value_type.ts";

/** The parts of an upstream that determine where its repositories are on a mirror. */
export type Layout = Pick<UpstreamConfig, "repositories" | "architectures" | "upstreamLayout">;

/**
 * Why a mirror cannot serve all repositories of an upstream: several of them, or of their
 * architectures, would share an address. Null if each has its own.
 */
export function ambiguityOf(
  mirror: string,
  { repositories, architectures, upstreamLayout }: Layout,
): Fault | null {
  const line = serverLine(mirror, upstreamLayout);
  const lacks = (variable: string, values: readonly string[]) =>
    values.length > 1 && !line.includes(variable);
  const missing = lacks("$repo", repositories)
    ? { variable: "$repo", values: repositories }
    : lacks("$arch", architectures)
    ? { variable: "$arch", values: architectures }
    : null;
  if (missing === null) return null;
  return {
    found: `${describeValue(line)} for both ${missing.values.join(" and ")}`,
    expected: `${missing.variable} in the address, or a table [upstreams.NAME] for each`,
  };
}

/**
 * Addresses with `$repo` that do not name an architecture, either as `$arch` or literally. They are
 * valid, but with the usual layout of a mirror, somebody has forgotten it.
 */
export function linesWithoutArchitecture(
  { mirrorUrls, upstreamLayout, architectures }: UpstreamConfig,
): string[] {
  return mirrorUrls.map((mirror) => serverLine(mirror, upstreamLayout)).filter((line) =>
    line.includes("$repo") && !line.includes("$arch") &&
    !architectures.some((each) => line.includes(each))
  );
}
