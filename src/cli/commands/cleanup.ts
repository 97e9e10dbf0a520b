import {
  CLEAN_UP,
  type CleanupResult,
  type CleanupRun,
  LIST_CLEANUPS,
  LIST_REMOVALS,
  type RemovalReport,
} from "../../api/cleanup.ts";
import { JSON_OPTION, printAnswer } from "../answer_output.ts";
import { ApiClient, CONNECTION_OPTIONS } from "../api_client.ts";
import type { Command, OptionValues } from "../command.ts";
import { EXIT_CODE, type ExitCode } from "../errors.ts";
import type { Output } from "../output.ts";
import { agoText, bytesText, countText, timeText } from "../quantity.ts";
import { renderTable } from "../table.ts";
import { type Paints, visible } from "../terminal_text.ts";

export const CLEANUP_COMMAND: Command = {
  name: "cleanup",
  summary: "Remove packages that the cache limits do not keep",
  description: "Cleans up now and prints what it removes and why. Exits with 1 if a file could " +
    "not be removed. With --history or --removed, prints earlier removals and removes nothing.",
  options: [
    { name: "dry-run", valueName: null, description: "Print only what would be removed" },
    {
      name: "plan",
      valueName: "PLAN",
      description: "Remove exactly what this dry run printed, or nothing if that has changed",
    },
    { name: "history", valueName: null, description: "List past cleanups" },
    {
      name: "removed",
      valueName: "WORDS",
      description: "List removed files whose path contains all of these words, and why they " +
        "were removed",
    },
    JSON_OPTION,
    ...CONNECTION_OPTIONS,
  ],
  examples: [
    { command: "pkgstash cleanup --dry-run", description: "Print what would be removed, and why" },
    { command: "pkgstash cleanup", description: "Remove it" },
    {
      command: "pkgstash cleanup --removed linux",
      description: "Find out when and why a kernel was removed",
    },
  ],
  run: async (options, output) => {
    const client = ApiClient.of(options);
    if (options.has("removed")) return await printRemovals(client, options, output);
    if (options.has("history")) return await printHistory(client, options, output);
    const result = await client.call(CLEAN_UP, {
      dry_run: options.has("dry-run") ? "true" : "false",
      plan: options.get("plan"),
    });
    printAnswer(result, { options, output, render: renderCleanup });
    for (const { path, why } of result.failed) {
      output.err(`pkgstash: Cannot remove ${visible(path)}: ${visible(why)}`);
    }
    if (result.unmet !== null) output.err(`pkgstash: ${visible(result.unmet)}`);
    return result.failed.length === 0 ? EXIT_CODE.ok : EXIT_CODE.failure;
  },
};

async function printHistory(
  client: ApiClient,
  options: OptionValues,
  output: Output,
): Promise<ExitCode> {
  printAnswer(await client.call(LIST_CLEANUPS), { options, output, render: renderHistory });
  return EXIT_CODE.ok;
}

async function printRemovals(
  client: ApiClient,
  options: OptionValues,
  output: Output,
): Promise<ExitCode> {
  const list = await client.call(LIST_REMOVALS, { q: options.get("removed") });
  printAnswer(list, { options, output, render: renderRemovals });
  return EXIT_CODE.ok;
}

function renderHistory({ runs }: { runs: readonly CleanupRun[] }, paints: Paints): string {
  if (runs.length === 0) return "No cleanup has run yet.";
  const now = Date.now();
  return renderTable<CleanupRun>(
    [
      { title: "NUMBER", align: "right", text: ({ number }) => `${number}` },
      { title: "WHEN", text: ({ at }) => agoText(at, now) },
      { title: "CAUSE", text: ({ cause }) => cause },
      { title: "FILES", align: "right", text: ({ files }) => `${files}` },
      { title: "FREED", align: "right", text: ({ bytes_freed }) => bytesText(bytes_freed) },
      { title: "REASONS", text: reasonsText },
      {
        title: "TROUBLE",
        text: ({ failed, unmet }) =>
          [...(failed === 0 ? [] : [`${failed} failed`]), ...(unmet === null ? [] : [unmet])]
            .join("; "),
        paint: (text) => paints.doubtful(text),
      },
    ],
    runs,
    paints.title,
  );
}

function reasonsText({ removed }: CleanupRun): string {
  return removed.map(({ reason, files }) => `${files} ${reason}`).join(", ");
}

function renderRemovals(
  { removals }: { removals: readonly RemovalReport[] },
  paints: Paints,
): string {
  if (removals.length === 0) return "No matching file has been removed.";
  return renderTable<RemovalReport>(
    [
      { title: "TIME", text: ({ at }) => timeText(at) },
      { title: "CLEANUP", align: "right", text: ({ cleanup }) => `${cleanup ?? "-"}` },
      { title: "REASON", text: ({ reason }) => reason, paint: (text) => paints.doubtful(text) },
      { title: "FILE", text: ({ path }) => path },
      { title: "WHY", text: ({ why }) => why, paint: (text) => paints.faint(text) },
    ],
    removals,
    paints.title,
  );
}

/** Why files are kept. A file may count for several reasons, or for none. */
function keptText({ current, pinned, in_flight }: CleanupResult["kept"]): string {
  return `Protected: ${current} current, ${pinned} pinned, ${in_flight} in flight; any others are ` +
    "within the limits.";
}

function renderCleanup(result: CleanupResult, paints: Paints): string {
  const { plan, dry_run, files, bytes_freed, skipped, kept } = result;
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
    ...(skipped === 0 ? [] : [`${countText(skipped, "file")} kept: used in the meantime.`]),
    `${countText(kept.files, "file")} (${bytesText(kept.bytes)}) ` +
    `${dry_run ? "would be kept" : "kept"}.`,
    ...(kept.files === 0 ? [] : [keptText(kept)]),
    ...(dry_run && files.length > 0
      ? [`To remove exactly these: pkgstash cleanup --plan ${plan}`]
      : []),
  ].join("\n");
}
