import type { CleanupResult } from "../../api/cleanup.ts";
import { ApiClient } from "../api_client.ts";
import type { OptionValues } from "../command.ts";
import { EXIT_CODE, type ExitCode } from "../exit_code.ts";
import type { Output } from "../output.ts";
import { type Paints, paintsFor } from "../paint.ts";
import { bytesText, countText } from "../quantity.ts";
import { renderTable } from "../table.ts";
import { visible } from "../visible.ts";

/** Cleans up, or says what that would do; 1 if a file could not be removed. */
export async function run(options: OptionValues, output: Output): Promise<ExitCode> {
  const report = await (await ApiClient.of(options)).ask<CleanupResult>("cleanup", {
    method: "POST",
    query: { dry_run: String(options.has("dry-run")) },
    isLong: true,
  });
  output.out(
    options.has("json")
      ? JSON.stringify(report, null, 2)
      : renderCleanup(report, paintsFor(output)),
  );
  for (const { path, why } of report.failed) {
    output.err(`pkgstash: Cannot remove ${visible(path)}: ${visible(why)}`);
  }
  if (report.unmet !== null) output.err(`pkgstash: ${visible(report.unmet)}`);
  return report.failed.length === 0 ? EXIT_CODE.ok : EXIT_CODE.failure;
}

/** What went, or would go, and why. */
export function renderCleanup(report: CleanupResult, paints: Paints): string {
  const { dry_run, files, bytes_freed, skipped, kept } = report;
  const table = renderTable(
    [
      { title: "SIZE", align: "right", text: ({ bytes }) => bytesText(bytes) },
      { title: "REASON", text: ({ reason }) => reason, paint: (text) => paints.doubtful(text) },
      { title: "FILE", text: ({ path }) => path },
      { title: "WHY", text: ({ why }) => why, paint: (text) => paints.faint(text) },
    ],
    files,
    paints.title,
  );
  const verb = dry_run ? "would go" : "removed";
  return [
    ...(files.length === 0 ? [] : [table, ""]),
    files.length === 0
      ? `Nothing ${dry_run ? "would go" : "had to go"}.`
      : `${countText(files.length, "file")} ${verb}, ${bytesText(bytes_freed)} ` +
        `${dry_run ? "would be " : ""}freed.`,
    ...(skipped === 0 ? [] : [`${countText(skipped, "file")} left alone, used in the meantime.`]),
    `${countText(kept.files, "package")} (${bytesText(kept.bytes)}) ${
      dry_run ? "would stay" : "stay"
    }: ` +
    `${kept.current} current, ${kept.pinned} pinned, ${kept.in_flight} in flight.`,
  ].join("\n");
}
