import type { PinReport } from "../../api/pins.ts";
import { ApiClient } from "../api_client.ts";
import type { OptionValues } from "../command.ts";
import { EXIT_CODE, type ExitCode } from "../exit_code.ts";
import type { Output } from "../output.ts";
import { paintsFor } from "../paint.ts";
import { agoText } from "../quantity.ts";
import { renderTable } from "../table.ts";

/** Prints what is pinned. */
export async function run(options: OptionValues, output: Output): Promise<ExitCode> {
  const list = await (await ApiClient.of(options)).ask<{ pins: PinReport[] }>("pins");
  const now = Date.now();
  const table = () =>
    renderTable(
      [
        { title: "PATTERN", text: ({ pattern }) => pattern },
        { title: "FROM", text: ({ source }) => source },
        { title: "SINCE", text: ({ since }) => since === null ? "-" : agoText(since, now) },
      ],
      list.pins,
      paintsFor(output).title,
    );
  output.out(
    options.has("json")
      ? JSON.stringify(list, null, 2)
      : list.pins.length === 0
      ? "Nothing is pinned."
      : table(),
  );
  return EXIT_CODE.ok;
}
