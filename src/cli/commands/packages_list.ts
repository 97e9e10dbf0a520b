import type { PackageList, PackageReport } from "../../api/packages.ts";
import { ApiClient } from "../api_client.ts";
import type { OptionValues } from "../command.ts";
import { EXIT_CODE, type ExitCode } from "../exit_code.ts";
import type { Output } from "../output.ts";
import { type Paints, paintsFor } from "../paint.ts";
import { agoText, bytesText, countText } from "../quantity.ts";
import { renderTable } from "../table.ts";

/** Prints the packages in the cache. */
export async function run(options: OptionValues, output: Output): Promise<ExitCode> {
  const list = await (await ApiClient.of(options)).ask<PackageList>("packages", {
    query: { name: options.get("PATTERN"), repository: options.get("repository") },
    isLong: true,
  });
  output.out(
    options.has("json")
      ? JSON.stringify(list, null, 2)
      : renderPackages(list, paintsFor(output), Date.now()),
  );
  return EXIT_CODE.ok;
}

/** A table of packages with their sum. */
export function renderPackages(
  { packages, bytes }: PackageList,
  paints: Paints,
  now: number,
): string {
  if (packages.length === 0) return "No such package is cached.";
  const table = renderTable<PackageReport>(
    [
      { title: "NAME", text: ({ name }) => name, paint: (text) => paints.accent(text) },
      { title: "VERSION", text: ({ version }) => version },
      { title: "SIZE", align: "right", text: ({ bytes }) => bytesText(bytes) },
      { title: "USED", align: "right", text: ({ uses }) => `${uses} x` },
      { title: "LAST", text: ({ used_at }) => agoText(used_at, now) },
      { title: "STATE", text: stateOf, paint: (text) => paints.faint(text) },
      { title: "REPOSITORY", text: ({ directory }) => directory },
    ],
    packages,
    paints.title,
  );
  return `${table}\n\n${countText(packages.length, "package")}, ${bytesText(bytes)}.`;
}

/** What keeps a package, in words. */
export function stateOf({ current, pinned, in_flight }: PackageReport): string {
  return [
    current === null ? "unknown" : current ? "current" : "old",
    ...(pinned ? ["pinned"] : []),
    ...(in_flight ? ["in flight"] : []),
  ].join(", ");
}
