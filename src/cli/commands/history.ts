import { type HistoryReport, SHOW_TRAFFIC_HISTORY } from "../../api/history.ts";
import { type HistorySlice, slicesOf } from "../../api/history_slices.ts";
import type { InputArguments } from "../../api/endpoint.ts";
import { JSON_OPTION, printAnswer } from "../answer_output.ts";
import { ApiClient, CONNECTION_OPTIONS } from "../api_client.ts";
import type { Command } from "../command.ts";
import { EXIT_CODE } from "../errors.ts";
import { bytesText, countText, timeText } from "../quantity.ts";
import { renderTable } from "../table.ts";
import { type Paints, renderFacts } from "../terminal_text.ts";

/** Lines of the table; each sums up several buckets. */
const LINES = { day: 24, month: 31, year: 53 } as const;
const BARS = "▁▂▃▄▅▆▇█";

/** The server rejects other values and lists the allowed ones. */
type Range = NonNullable<InputArguments<typeof SHOW_TRAFFIC_HISTORY>[0]>["range"];

export const HISTORY_COMMAND: Command = {
  name: "history",
  summary: "Show traffic over time",
  description: "Prints the bytes sent to clients and fetched from mirrors over a day, a month " +
    "or a year: in total, for one client, or for one repository.",
  options: [
    {
      name: "range",
      valueName: "RANGE",
      description: "day, month or year (default: day)",
    },
    {
      name: "client",
      valueName: "ADDRESS",
      completion: "clients",
      description: "Only the client with this IP address",
    },
    {
      name: "repository",
      valueName: "DIRECTORY",
      completion: "repositories",
      description: "Only this repository, such as core/os/x86_64",
    },
    JSON_OPTION,
    ...CONNECTION_OPTIONS,
  ],
  examples: [
    { command: "pkgstash history", description: "The last 24 hours, hour by hour" },
    {
      command: "pkgstash history --range month --client 192.168.1.5",
      description: "The traffic of one client in a month",
    },
  ],
  run: async (options, output) => {
    const history = await (await ApiClient.of(options)).call(SHOW_TRAFFIC_HISTORY, {
      range: options.get("range") as Range,
      client: options.get("client"),
      repository: options.get("repository"),
    });
    printAnswer(history, { options, output, render: renderHistory });
    return EXIT_CODE.ok;
  },
};

function renderHistory(history: HistoryReport, paints: Paints): string {
  const { range, total, buckets } = history;
  const perLine = Math.ceil(buckets.length / LINES[range]);
  const lines = slicesOf(history, perLine);
  const requests = lines.reduce((sum, line) => sum + line.requests, 0);
  if (requests === 0 && (total.bytes_fetched ?? 0) === 0) {
    return `No requests in the last ${range}.`;
  }
  const isDated = range !== "day";
  const table = renderTable<HistorySlice>(
    [
      { title: isDated ? "DAY" : "TIME", text: ({ start }) => startText(start, isDated) },
      { title: "REQUESTS", align: "right", text: ({ requests }) => String(requests) },
      { title: "SENT", align: "right", text: ({ served }) => bytesText(served) },
      { title: "SAVED", align: "right", text: ({ saved }) => bytesText(saved) },
      {
        title: "FETCHED",
        align: "right",
        text: ({ fetched }) => fetched === null ? "-" : bytesText(fetched),
      },
    ],
    lines.filter(({ requests, served, fetched }) => requests + served + (fetched ?? 0) > 0),
    paints.title,
  );
  const ratio = total.hit_ratio;
  return [
    table,
    "",
    renderFacts([
      ["Sent", `${sparkline(lines.map(({ served }) => served))}  ${bytesText(total.bytes_served)}`],
      ["Saved", bytesText(total.bytes_saved)],
      ...(total.bytes_fetched === null
        ? []
        : [["Fetched", bytesText(total.bytes_fetched)] as const]),
      ["Hits", ratio === null ? "-" : `${Math.round(ratio * 100)} %`],
    ], paints),
    "",
    `${countText(requests, "request")} in the last ${range}` +
    (buckets[0] === undefined ? "." : `, since ${timeText(buckets[0].start)}.`),
  ].join("\n");
}

/** Times of day are local, days are UTC. */
function startText(iso: string, isDated: boolean): string {
  return isDated ? iso.slice(0, 10) : new Date(iso).toTimeString().slice(0, 5);
}

/** A line of bars, scaled to the largest value. */
function sparkline(values: readonly number[]): string {
  const largest = Math.max(...values, 1);
  return values.map((value) => BARS[Math.round(value / largest * (BARS.length - 1))]).join("");
}
