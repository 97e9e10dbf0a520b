import type { LogLevel } from "../../log_level.ts";
import type { OptionValues } from "../command.ts";
import { EXIT_CODE, type ExitCode } from "../exit_code.ts";

/** Runs the mirror until it is told to stop. */
export async function run(options: OptionValues): Promise<ExitCode> {
  const { serve } = await import("../../serve.ts");
  const configPath = options.get("config");
  const logLevel = options.get("log-level");
  await serve({
    ...(configPath === undefined ? {} : { configPath }),
    ...(logLevel === undefined ? {} : { logLevel: logLevel as LogLevel }),
  });
  return EXIT_CODE.ok;
}
