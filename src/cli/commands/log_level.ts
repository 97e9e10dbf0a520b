import type { LogLevel } from "../../log_level.ts";
import { ApiClient } from "../api_client.ts";
import type { OptionValues } from "../command.ts";
import { EXIT_CODE, type ExitCode } from "../exit_code.ts";
import type { Output } from "../output.ts";

/** Prints the daemon's log level, or sets it. */
export async function run(options: OptionValues, output: Output): Promise<ExitCode> {
  const level = options.get("LEVEL");
  const setting = await (await ApiClient.of(options)).ask<{ level: LogLevel }>(
    "log-level",
    level === undefined ? {} : { method: "PUT", body: { level } },
  );
  output.out(options.has("json") ? JSON.stringify(setting, null, 2) : setting.level);
  return EXIT_CODE.ok;
}
