import { delay } from "@std/async/delay";
import { type DownloadReport, LIST_DOWNLOADS } from "../../api/downloads.ts";
import { JSON_OPTION, printAnswer } from "../answer_output.ts";
import { ApiClient, CONNECTION_OPTIONS } from "../api_client.ts";
import type { Command } from "../command.ts";
import { EXIT_CODE } from "../errors.ts";
import { LiveRegion } from "../live_region.ts";
import type { Screen } from "../output.ts";
import { barText, bytesText, countText, rateText } from "../quantity.ts";
import { type Column, renderTable } from "../table.ts";
import { type Paints, paintsFor } from "../terminal_text.ts";

const INTERVAL_MS = 1_000;

export const DOWNLOADS_COMMAND: Command = {
  name: "downloads",
  summary: "Show the downloads in flight",
  description: "Prints what is being fetched from mirrors: bytes, rate, and for whom. On a " +
    "terminal it keeps updating until it is interrupted.",
  options: [
    { name: "once", valueName: null, description: "Print once and exit" },
    JSON_OPTION,
    ...CONNECTION_OPTIONS,
  ],
  examples: [{ command: "pkgstash downloads", description: "Watch the downloads" }],
  run: async (options, output) => {
    const client = await ApiClient.of(options);
    const { screen } = output;
    if (screen !== undefined && !options.has("once") && !options.has(JSON_OPTION.name)) {
      return await watch(client, screen, paintsFor(output));
    }
    const list = await client.call(LIST_DOWNLOADS);
    printAnswer(list, { options, output, render: renderDownloads });
    return EXIT_CODE.ok;
  },
};

/** Draws the downloads until the program is interrupted or the daemon is gone. */
async function watch(client: ApiClient, screen: Screen, paints: Paints): Promise<never> {
  const region = new LiveRegion(screen);
  while (true) {
    const text = renderDownloads(await client.call(LIST_DOWNLOADS), paints);
    region.draw([...text.split("\n"), "", paints.faint("Press Ctrl-C to exit.")]);
    await delay(INTERVAL_MS);
  }
}

function renderDownloads(
  { downloads }: { downloads: readonly DownloadReport[] },
  paints: Paints,
): string {
  if (downloads.length === 0) return "Nothing is being downloaded.";
  const rate = downloads.reduce((sum, { bytes_per_second }) => sum + bytes_per_second, 0);
  return [
    renderTable(columns(paints), downloads, paints.title),
    "",
    `${countText(downloads.length, "download")}, ${rateText(rate)}.`,
  ].join("\n");
}

function columns(paints: Paints): Column<DownloadReport>[] {
  return [
    {
      title: "PROGRESS",
      text: ({ bytes, size }) => barText(size === null || size === 0 ? 0 : bytes / size, 16),
      paint: (text) => paints.accent(text),
    },
    {
      title: "BYTES",
      align: "right",
      text: ({ bytes, size }) =>
        size === null ? bytesText(bytes) : `${bytesText(bytes)} of ${bytesText(size)}`,
    },
    { title: "RATE", align: "right", text: (each) => rateText(each.bytes_per_second) },
    {
      title: "FOR",
      text: ({ purpose, clients }) =>
        purpose === "prefetch" ? "prefetch" : countText(clients, "client"),
    },
    { title: "FILE", text: ({ file }) => file },
    { title: "FROM", text: ({ mirror }) => mirror ?? "-" },
  ];
}
