import type { PinReport } from "../../api/pins.ts";
import { ApiClient } from "../api_client.ts";
import type { OptionValues } from "../command.ts";
import { EXIT_CODE, type ExitCode } from "../exit_code.ts";
import type { Output } from "../output.ts";

/** Pins packages. */
export async function run(options: OptionValues, output: Output): Promise<ExitCode> {
  const pattern = options.get("PATTERN")!;
  const pin = await (await ApiClient.of(options))
    .ask<PinReport>(`pins/${encodeURIComponent(pattern)}`, { method: "PUT" });
  output.out(
    options.has("json")
      ? JSON.stringify(pin, null, 2)
      : `Pinned ${pin.pattern}: cleanup leaves it alone.`,
  );
  return EXIT_CODE.ok;
}
