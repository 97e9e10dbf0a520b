import { ApiClient } from "../api_client.ts";
import type { OptionValues } from "../command.ts";
import { EXIT_CODE, type ExitCode } from "../exit_code.ts";
import type { Output } from "../output.ts";

/** Takes a pin away. */
export async function run(options: OptionValues, output: Output): Promise<ExitCode> {
  const pattern = options.get("PATTERN")!;
  await (await ApiClient.of(options))
    .ask<void>(`pins/${encodeURIComponent(pattern)}`, { method: "DELETE" });
  output.out(`Unpinned ${pattern}.`);
  return EXIT_CODE.ok;
}
