import {
  type DatabaseReport,
  type MirrorlistReport,
  SHOW_STATUS,
  type Status,
} from "../../api/status.ts";
import { JSON_OPTION, printAnswer } from "../answer_output.ts";
import { ApiClient, CONNECTION_OPTIONS } from "../api_client.ts";
import type { Command } from "../command.ts";
import { EXIT_CODE } from "../errors.ts";
import { bytesText, countText, durationText } from "../quantity.ts";
import { type Column, renderTable } from "../table.ts";
import { type Paints, renderFacts } from "../terminal_text.ts";

export const STATUS_COMMAND: Command = {
  name: "status",
  summary: "Show the daemon's status",
  description: "Prints uptime, hit ratio, saved bytes, cache size, free disk space, and the age " +
    "of every database. Counters restart with the daemon. A hit is a request that caused no " +
    "transfer from a mirror.",
  options: [JSON_OPTION, ...CONNECTION_OPTIONS],
  examples: [
    { command: "pkgstash status", description: "The daemon on this machine" },
    {
      command: "pkgstash status --url https://stash.lan --token-file token --json",
      description: "Another daemon, for scripts",
    },
  ],
  run: async (options, output) => {
    const status = await ApiClient.of(options).call(SHOW_STATUS);
    printAnswer(status, { options, output, render: renderStatus });
    return EXIT_CODE.ok;
  },
};

function renderStatus(status: Status, paints: Paints): string {
  const { requests, hit_ratio: ratio, bytes, cache, mirrors, mirrorlists } = status;
  const total = Object.values(requests).reduce((sum, count) => sum + count, 0);
  const results = Object.entries(requests).filter(([, count]) => count > 0)
    .map(([result, count]) => `${result.replaceAll("_", " ")} ${count}`);
  const size = cache.bytes === null ? "unknown size" : bytesText(cache.bytes);
  const limit = cache.max_bytes === null ? "" : ` of ${bytesText(cache.max_bytes)}`;
  const free = cache.disk_free_bytes === null
    ? ""
    : `, ${bytesText(cache.disk_free_bytes)} free on the disk`;
  const facts: [string, string][] = [
    ["Version", status.version],
    ["Up", durationText(status.uptime_ms)],
    ["Requests", total === 0 ? "none yet" : `${total} (${results.join(", ")})`],
    ["Hit ratio", ratio === null ? "-" : `${(ratio * 100).toFixed(1)} %`],
    [
      "Bytes",
      `${bytesText(bytes.served)} served, ${bytesText(bytes.fetched)} fetched, ` +
      `${bytesText(bytes.saved)} saved`,
    ],
    ["Cache", `${size}${limit}, ${countText(cache.packages, "package")}${free}`],
    ["Directory", cache.root],
    ...cache.problem === null
      ? []
      : [["Problem", `nothing can be stored: ${cache.problem}`] as [string, string]],
    [
      "Mirrors",
      `${mirrors.ready} ready, ${mirrors.resting} resting, ${mirrors.unused} unused`,
    ],
    ...mirrorlists.map((list): [string, string] => ["Mirrorlist", mirrorlistText(list)]),
    ["Downloads", `${status.downloads} in flight`],
    ...messageFacts(status.messages),
    ["Refresh", status.refresh],
    ...buildFacts(status),
    ...status.expiring_keys.map(({ fingerprint, expires_at }): [string, string] => [
      "Signing key",
      `${fingerprint} expires ${expires_at.slice(0, 10)}: pkgstash key rotate`,
    ]),
  ];
  const table = renderTable(databaseColumns(paints), status.databases, paints.title);
  return `${renderFacts(facts, paints)}\n\n${table}`;
}

/** Empty on a server that builds nothing. */
function buildFacts({ builds }: Status): [string, string][] {
  const { waiting, running, held, failed, builders } = builds;
  if (waiting + running + held + failed + builders === 0) return [];
  const states = [`${waiting} waiting`, `${running} running`, `${held} held`, `${failed} failed`];
  return [["Builds", `${states.join(", ")}; ${countText(builders, "builder")}`]];
}

function mirrorlistText({ path, mirrors, failure }: MirrorlistReport): string {
  const count = countText(mirrors, "mirror");
  return failure === null ? `${count} in ${path}` : `${path}: ${failure}; ${count} kept`;
}

function stateOf({ failed, generation, gone_since }: DatabaseReport): string {
  if (gone_since !== null) return `gone since ${gone_since.slice(0, 10)}`;
  return failed ? "refresh failed" : generation === null ? "not fetched" : "ok";
}

function databaseColumns(paints: Paints): Column<DatabaseReport>[] {
  const ago = (milliseconds: number | null, otherwise: string) =>
    milliseconds === null ? otherwise : `${durationText(milliseconds)} ago`;
  return [
    { title: "DATABASE", text: ({ repository }) => repository },
    { title: "PUBLISHED", text: ({ age_ms }) => ago(age_ms, "never") },
    { title: "CHECKED", text: ({ checked_ms }) => ago(checked_ms, "-") },
    {
      title: "STATE",
      text: stateOf,
      paint: (text, { failed, generation }) =>
        failed ? paints.bad(text) : generation === null ? paints.faint(text) : paints.good(text),
    },
    { title: "MIRROR", text: ({ mirror }) => mirror ?? "-" },
  ];
}

/** Empty unless a message could not be delivered. */
function messageFacts({ waiting, failure }: Status["messages"]): [string, string][] {
  return failure === null ? [] : [["Messages", `${waiting} not delivered: ${failure}`]];
}
