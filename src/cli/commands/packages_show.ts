import type { PackageReport } from "../../api/packages.ts";
import { ApiClient } from "../api_client.ts";
import type { OptionValues } from "../command.ts";
import { EXIT_CODE, type ExitCode } from "../exit_code.ts";
import { findPackages } from "../find_packages.ts";
import type { Output } from "../output.ts";
import { type Paints, paintsFor } from "../paint.ts";
import { agoText, bytesText } from "../quantity.ts";
import { visible } from "../visible.ts";
import { stateOf } from "./packages_list.ts";

/** Prints all that is known of the packages that a word means. */
export async function run(options: OptionValues, output: Output): Promise<ExitCode> {
  const packages = await findPackages(await ApiClient.of(options), options.get("PACKAGE")!);
  const now = Date.now();
  output.out(
    options.has("json")
      ? JSON.stringify(packages, null, 2)
      : packages.map((each) => renderPackage(each, paintsFor(output), now)).join("\n\n"),
  );
  return EXIT_CODE.ok;
}

/** One package, a line for each fact. */
export function renderPackage(cached: PackageReport, paints: Paints, now: number): string {
  const facts: [string, string][] = [
    ["Name", cached.name],
    ["Version", cached.version],
    ["Path", cached.path],
    ["Size", `${bytesText(cached.bytes)} (${cached.bytes} bytes)`],
    ["Signature", cached.signed ? "cached" : "not cached"],
    ["State", stateOf(cached)],
    ["Fetched", `${agoText(cached.fetched_at, now)} (${cached.fetched_at})`],
    ["Last used", `${agoText(cached.used_at, now)} (${cached.used_at})`],
    ["Used", `${cached.uses} times`],
  ];
  return facts.map(([name, value]) => `${paints.title(name.padEnd(10))} ${visible(value)}`)
    .join("\n");
}
