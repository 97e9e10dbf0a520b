import type { MirrorReport } from "../../api/mirrors.ts";
import { ApiClient } from "../api_client.ts";
import type { OptionValues } from "../command.ts";
import { EXIT_CODE, type ExitCode } from "../exit_code.ts";
import type { Output } from "../output.ts";
import { type Paints, paintsFor } from "../paint.ts";
import { durationText } from "../quantity.ts";
import { renderTable } from "../table.ts";

/** Prints how the mirrors do. */
export async function run(options: OptionValues, output: Output): Promise<ExitCode> {
  const list = await (await ApiClient.of(options)).ask<{ mirrors: MirrorReport[] }>("mirrors");
  output.out(
    options.has("json")
      ? JSON.stringify(list, null, 2)
      : renderMirrors(list.mirrors, paintsFor(output)),
  );
  return EXIT_CODE.ok;
}

/** A table of mirrors. */
export function renderMirrors(mirrors: readonly MirrorReport[], paints: Paints): string {
  return renderTable<MirrorReport>(
    [
      { title: "UPSTREAM", text: ({ upstream }) => upstream },
      {
        title: "MIRROR",
        text: ({ name, role }) => role === "archive" ? `${name} (archive)` : name,
      },
      {
        title: "STATE",
        text: ({ state, rests_ms }) =>
          state === "resting" ? `rests for ${durationText(rests_ms)}` : state,
        paint: (text, { state }) =>
          state === "ready"
            ? paints.good(text)
            : state === "resting"
            ? paints.bad(text)
            : paints.faint(text),
      },
      {
        title: "LATENCY",
        align: "right",
        text: ({ latency_ms }) => latency_ms === null ? "-" : `${latency_ms} ms`,
      },
      { title: "IN FLIGHT", align: "right", text: ({ in_flight }) => String(in_flight) },
      { title: "FAILURES", align: "right", text: ({ failures }) => String(failures) },
      { title: "LAST ERROR", text: ({ last_error }) => last_error ?? "-" },
    ],
    mirrors,
    paints.title,
  );
}
