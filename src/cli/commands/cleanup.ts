import { CLEAN_UP, type CleanupResult } from "../../api/cleanup.ts";
import { JSON_OPTION, printAnswer } from "../answer_output.ts";
import { ApiClient, CONNECTION_OPTIONS } from "../api_client.ts";
import type { Command } from "../command.ts";
import { EXIT_CODE } from "../errors.ts";
import { bytesText, countText } from "../quantity.ts";
import { renderTable } from "../table.ts";
import { type Paints, visible } from "../terminal_text.ts";

export const CLEANUP_COMMAND: Command = {
  name: "cleanup",
  summary: "Remove what the limits of the cache do not keep",
  description: "Cleans up now, and prints what is removed and why. Exits with 1 if a file could " +
    "not be removed.",
  options: [
    { name: "dry-run", valueName: null, description: "Print only what would be removed" },
    JSON_OPTION,
    ...CONNECTION_OPTIONS,
  ],
  examples: [
    { command: "pkgstash cleanup --dry-run", description: "What would be removed, and why" },
    { command: "pkgstash cleanup", description: "Remove it" },
  ],
  run: async (options, output) => {
    const result = await (await ApiClient.of(options)).call(CLEAN_UP, {
      dry_run: options.has("dry-run") ? "true" : "false",
    });
    printAnswer(result, { options, output, render: renderCleanup });
    for (const { path, why } of result.failed) {
      output.err(`pkgstash: Cannot remove ${visible(path)}: ${visible(why)}`);
    }
    if (result.unmet !== null) output.err(`pkgstash: ${visible(result.unmet)}`);
    return result.failed.length === 0 ? EXIT_CODE.ok : EXIT_CODE.failure;
  },
};

function renderCleanup(result: CleanupResult, paints: Paints): string {
  const { dry_run, files, bytes_freed, skipped, kept } = result;
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
  const [removed, freed] = dry_run ? ["would be removed", "would be freed"] : ["removed", "freed"];
  return [
    ...(files.length === 0 ? [] : [table, ""]),
    files.length === 0
      ? `Nothing ${dry_run ? "would be" : "had to be"} removed.`
      : `${countText(files.length, "file")} ${removed}, ${bytesText(bytes_freed)} ${freed}.`,
    ...(skipped === 0 ? [] : [`${countText(skipped, "file")} left alone: used meanwhile.`]),
    `${countText(kept.files, "file")} (${bytesText(kept.bytes)}) ` +
    `${dry_run ? "would be kept" : "kept"}: ` +
    `${kept.current} current, ${kept.pinned} pinned, ${kept.in_flight} in flight.`,
  ].join("\n");
}
