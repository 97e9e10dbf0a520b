import type { MirrorTrial } from "../../api/mirrors.ts";
import { ApiClient } from "../api_client.ts";
import type { OptionValues } from "../command.ts";
import { EXIT_CODE, type ExitCode } from "../exit_code.ts";
import type { Output } from "../output.ts";
import { type Paints, paintsFor } from "../paint.ts";
import { renderTable } from "../table.ts";

/** Asks every mirror now; 1 if one of them is of no use. */
export async function run(options: OptionValues, output: Output): Promise<ExitCode> {
  const list = await (await ApiClient.of(options)).ask<{ mirrors: MirrorTrial[] }>(
    "mirrors/test",
    { method: "POST", isLong: true },
  );
  output.out(
    options.has("json")
      ? JSON.stringify(list, null, 2)
      : renderAnswers(list.mirrors, paintsFor(output)),
  );
  return list.mirrors.some(({ error }) => error !== null) ? EXIT_CODE.failure : EXIT_CODE.ok;
}

/** A table of mirrors with what they answered. */
export function renderAnswers(mirrors: readonly MirrorTrial[], paints: Paints): string {
  return renderTable<MirrorTrial>(
    [
      { title: "UPSTREAM", text: ({ upstream }) => upstream },
      { title: "MIRROR", text: ({ name }) => name },
      {
        title: "RESULT",
        text: ({ error, file }) => file === null ? "not asked" : error === null ? "ok" : "failed",
        paint: (text, { error, file }) =>
          file === null
            ? paints.faint(text)
            : error === null
            ? paints.good(text)
            : paints.bad(text),
      },
      { title: "TIME", align: "right", text: ({ ms }) => ms === null ? "-" : `${ms} ms` },
      { title: "DATABASE OF", text: ({ last_modified }) => last_modified ?? "-" },
      { title: "ERROR", text: ({ error }) => error ?? "-" },
    ],
    mirrors,
    paints.title,
  );
}
