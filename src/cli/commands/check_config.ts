import { readEffectiveConfig } from "../../config/read_config.ts";
import type { OptionValues } from "../command.ts";
import { renderEffectiveConfig } from "../effective_config.ts";
import { EXIT_CODE, type ExitCode } from "../exit_code.ts";
import type { Output } from "../output.ts";

/** Prints the effective configuration; its problems are thrown, all in one error. */
export async function run(options: OptionValues, output: Output): Promise<ExitCode> {
  output.out(renderEffectiveConfig(await readEffectiveConfig(options.get("config"))));
  return EXIT_CODE.ok;
}
