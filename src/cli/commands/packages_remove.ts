import { AdministrationError } from "../administration_error.ts";
import { ApiClient } from "../api_client.ts";
import type { OptionValues } from "../command.ts";
import { EXIT_CODE, type ExitCode } from "../exit_code.ts";
import { findPackages, packagePath } from "../find_packages.ts";
import type { Output } from "../output.ts";
import { bytesText } from "../quantity.ts";
import { visible } from "../visible.ts";

/** Removes the package that a word means; more than one only with `--all`. */
export async function run(options: OptionValues, output: Output): Promise<ExitCode> {
  const client = await ApiClient.of(options);
  const word = options.get("PACKAGE")!;
  const packages = await findPackages(client, word);
  if (packages.length > 1 && !options.has("all")) {
    const paths = packages.map(({ path }) => `  ${visible(path)}`).join("\n");
    throw new AdministrationError(
      EXIT_CODE.failure,
      `${word} means ${packages.length} packages:\n${paths}\n` +
        "Nothing was removed. Name one of them, or give --all.",
    );
  }
  const removed: { path: string; bytes_freed: number }[] = [];
  for (const each of packages) {
    const answer = await client.ask<typeof removed[number]>(packagePath(each), {
      method: "DELETE",
      isLong: true,
    });
    removed.push(answer);
    if (options.has("json")) continue;
    output.out(`Removed ${visible(answer.path)}, ${bytesText(answer.bytes_freed)} freed.`);
  }
  if (options.has("json")) output.out(JSON.stringify(removed, null, 2));
  return EXIT_CODE.ok;
}
