import type { DatabaseReport, Status } from "../../api/status.ts";
import { ApiClient } from "../api_client.ts";
import type { OptionValues } from "../command.ts";
import { EXIT_CODE, type ExitCode } from "../exit_code.ts";
import type { Output } from "../output.ts";
import { type Paints, paintsFor } from "../paint.ts";
import { bytesText, countText, durationText } from "../quantity.ts";
import { type Column, renderTable } from "../table.ts";
import { visible } from "../visible.ts";

/** Prints how the daemon is doing. */
export async function run(options: OptionValues, output: Output): Promise<ExitCode> {
  const status = await (await ApiClient.of(options)).ask<Status>("status");
  output.out(
    options.has("json") ? JSON.stringify(status, null, 2) : renderStatus(status, paintsFor(output)),
  );
  return EXIT_CODE.ok;
}

/** The status for people. */
export function renderStatus(status: Status, paints: Paints): string {
  const { requests, hit_ratio: ratio, bytes, cache, mirrors } = status;
  const answered = Object.values(requests).reduce((sum, count) => sum + count, 0);
  const results = Object.entries(requests).filter(([, count]) => count > 0)
    .map(([result, count]) => `${result.replaceAll("_", " ")} ${count}`);
  const size = cache.bytes === null ? "of unknown size" : bytesText(cache.bytes);
  const limit = cache.max_bytes === null ? "" : ` of ${bytesText(cache.max_bytes)}`;
  const free = cache.disk_free_bytes === null
    ? ""
    : `, ${bytesText(cache.disk_free_bytes)} free on the disk`;
  const facts: [string, string][] = [
    ["Version", status.version],
    ["Up", durationText(status.uptime_ms)],
    ["Requests", answered === 0 ? "none yet" : `${answered} (${results.join(", ")})`],
    ["Hit ratio", ratio === null ? "-" : `${(ratio * 100).toFixed(1)} %`],
    [
      "Bytes",
      `${bytesText(bytes.served)} served, ${bytesText(bytes.fetched)} fetched, ` +
      `${bytesText(bytes.saved)} saved`,
    ],
    ["Cache", `${size}${limit} in ${countText(cache.packages, "package")}${free}`],
    ["Directory", visible(cache.root)],
    [
      "Mirrors",
      `${mirrors.ready} ready, ${mirrors.resting} resting, ${mirrors.unused} not used yet`,
    ],
    ["Downloads", `${status.downloads} in flight`],
    ["Refresh", status.refresh],
  ];
  return [
    ...facts.map(([name, value]) => `${paints.title(name.padEnd(10))} ${value}`),
    "",
    renderTable(databaseColumns(paints), status.databases, paints.title),
  ].join("\n");
}

function databaseColumns(paints: Paints): Column<DatabaseReport>[] {
  const ago = (milliseconds: number | null, without: string) =>
    milliseconds === null ? without : `${durationText(milliseconds)} ago`;
  return [
    { title: "DATABASE", text: ({ repository }) => repository },
    { title: "PUBLISHED", text: ({ age_ms }) => ago(age_ms, "never") },
    { title: "CHECKED", text: ({ checked_ms }) => ago(checked_ms, "-") },
    {
      title: "STATE",
      text: ({ failed, generation }) =>
        failed ? "refresh failed" : generation === null ? "not fetched" : "ok",
      paint: (text, { failed, generation }) =>
        failed ? paints.bad(text) : generation === null ? paints.faint(text) : paints.good(text),
    },
    { title: "MIRROR", text: ({ mirror }) => mirror ?? "-" },
  ];
}
