import { delay } from "@std/async/delay";
import {
  type DownloadReport,
  type FinishedDownloadReport,
  LIST_DOWNLOADS,
  LIST_FINISHED_DOWNLOADS,
} from "../../api/downloads.ts";
import { JSON_OPTION, printAnswer } from "../answer_output.ts";
import { ApiClient, CONNECTION_OPTIONS } from "../api_client.ts";
import type { Command } from "../command.ts";
import { EXIT_CODE } from "../errors.ts";
import { LiveRegion } from "../live_region.ts";
import type { Screen } from "../output.ts";
import { agoText, barText, bytesText, countText, durationText, rateText } from "../quantity.ts";
import { type Column, renderTable } from "../table.ts";
import { type Paints, paintsFor } from "../terminal_text.ts";

const INTERVAL_MS = 1_000;

export const DOWNLOADS_COMMAND: Command = {
  name: "downloads",
  summary: "Show the downloads in flight",
  description: "Prints the transfers from mirrors: bytes, rate, and which clients wait for " +
    "them. On a terminal, keeps updating until interrupted.",
  options: [
    { name: "once", valueName: null, description: "Print once and exit" },
    { name: "finished", valueName: null, description: "List the last twenty finished downloads" },
    JSON_OPTION,
    ...CONNECTION_OPTIONS,
  ],
  examples: [
    { command: "pkgstash downloads", description: "Watch the downloads" },
    {
      command: "pkgstash downloads --finished",
      description: "See the source of each file, and failures",
    },
  ],
  run: async (options, output) => {
    const client = ApiClient.of(options);
    if (options.has("finished")) {
      const list = await client.call(LIST_FINISHED_DOWNLOADS);
      printAnswer(list, { options, output, render: renderFinished });
      return EXIT_CODE.ok;
    }
    const { screen } = output;
    if (screen !== undefined && !options.has("once") && !options.has(JSON_OPTION.name)) {
      return await watch(client, screen, paintsFor(output));
    }
    const list = await client.call(LIST_DOWNLOADS);
    printAnswer(list, { options, output, render: renderDownloads });
    return EXIT_CODE.ok;
  },
};

/** Redraws the downloads until the program is interrupted or the daemon fails. */
async function watch(client: ApiClient, screen: Screen, paints: Paints): Promise<never> {
  const region = new LiveRegion(screen);
  while (true) {
    const list = await client.call(LIST_DOWNLOADS);
    const text = renderDownloads(list, paints, screen.columns - 1);
    region.draw([...text.split("\n"), "", paints.faint("Press Ctrl-C to exit.")]);
    await delay(INTERVAL_MS);
  }
}

function renderDownloads(
  { downloads }: { downloads: readonly DownloadReport[] },
  paints: Paints,
  maxWidth = Infinity,
): string {
  if (downloads.length === 0) return "Nothing is being downloaded.";
  const rate = downloads.reduce((sum, { bytes_per_second }) => sum + bytes_per_second, 0);
  return [
    renderTable(columns(paints), downloads, paints.title, maxWidth),
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
      yields: 2,
    },
    {
      title: "BYTES",
      align: "right",
      text: ({ bytes, size }) =>
        size === null ? bytesText(bytes) : `${bytesText(bytes)} of ${bytesText(size)}`,
    },
    {
      title: "RATE",
      align: "right",
      text: (each) => rateText(each.bytes_per_second),
      yields: 3,
    },
    {
      title: "LEFT",
      align: "right",
      yields: 1,
      text: ({ ms_left }) => ms_left === null ? "-" : durationText(ms_left),
    },
    { title: "FOR", text: purposeText, yields: 4 },
    { title: "FILE", text: ({ file }) => file, shorten: shortFileText },
    { title: "FROM", text: ({ mirror }) => mirror ?? "-", yields: 5 },
    { title: "SLOWEST CLIENT", text: slowestText, yields: 6 },
  ];
}

/**
 * Shortens a path as far as needed: drops the directory, then `.pkg.tar.zst`, then the end of the
 * name.
 */
function shortFileText(file: string, width: number): string {
  const name = file.slice(file.lastIndexOf("/") + 1);
  if (name.length <= width) return name;
  const stem = name.replace(/\.pkg\.tar(?:\.[a-z0-9]+)?$/, "");
  return stem.length <= width ? stem : `${stem.slice(0, width - 1)}…`;
}

function slowestText({ slowest_client: slowest }: DownloadReport): string {
  return slowest === null ? "-" : `${slowest.address}, ${rateText(slowest.bytes_per_second)}`;
}

function purposeText(
  { purpose, clients }: Pick<DownloadReport, "purpose" | "clients">,
): string {
  return purpose === "prefetch" ? "prefetch" : countText(clients, "client");
}

function renderFinished(
  { downloads }: { downloads: readonly FinishedDownloadReport[] },
  paints: Paints,
): string {
  if (downloads.length === 0) return "No download has finished since the daemon started.";
  const now = Date.now();
  return renderTable<FinishedDownloadReport>(
    [
      { title: "ENDED", text: ({ ended_at }) => agoText(ended_at, now) },
      { title: "BYTES", align: "right", text: sizeText },
      { title: "TOOK", align: "right", text: ({ duration_ms }) => durationText(duration_ms) },
      { title: "FOR", text: purposeText },
      { title: "FILE", text: ({ file }) => file, paint: (text) => paints.accent(text) },
      {
        title: "FROM",
        text: ({ sources }) => sources.map(({ mirror }) => mirror).join(", ") || "-",
      },
      { title: "TROUBLE", text: troubleText, paint: (text) => paints.doubtful(text) },
    ],
    downloads,
    paints.title,
  );
}

function sizeText({ bytes, size, outcome }: FinishedDownloadReport): string {
  if (outcome === "stored") return bytesText(bytes);
  return size === null ? bytesText(bytes) : `${bytesText(bytes)} of ${bytesText(size)}`;
}

/** Why the download failed, or which mirrors did. */
function troubleText({ reason, failed }: FinishedDownloadReport): string {
  return reason ?? failed.map(({ mirror, why }) => `${mirror}: ${why}`).join("; ");
}
