import type { DownloadReport } from "../../api/downloads.ts";
import { ApiClient } from "../api_client.ts";
import type { OptionValues } from "../command.ts";
import { EXIT_CODE, type ExitCode } from "../exit_code.ts";
import { LiveRegion } from "../live_region.ts";
import type { Output } from "../output.ts";
import { type Paints, paintsFor } from "../paint.ts";
import { barText, bytesText, countText, rateText } from "../quantity.ts";
import { type Column, renderTable } from "../table.ts";

/** Milliseconds between two looks. */
const INTERVAL = 1_000;

/** Prints the downloads in flight, on a terminal again and again until it is interrupted. */
export async function run(options: OptionValues, output: Output): Promise<ExitCode> {
  const client = await ApiClient.of(options);
  const look = () => client.ask<{ downloads: DownloadReport[] }>("downloads");
  const paints = paintsFor(output);
  if (options.has("json")) {
    output.out(JSON.stringify(await look(), null, 2));
    return EXIT_CODE.ok;
  }
  if (options.has("once") || output.screen === undefined) {
    output.out(renderDownloads((await look()).downloads, paints));
    return EXIT_CODE.ok;
  }
  const region = new LiveRegion(output.screen);
  while (true) {
    const { downloads } = await look();
    region.draw([
      ...renderDownloads(downloads, paints).split("\n"),
      "",
      paints.faint("Ctrl-C ends this."),
    ]);
    await new Promise((resolve) => setTimeout(resolve, INTERVAL));
  }
}

/** A table of downloads with their sum. */
export function renderDownloads(downloads: readonly DownloadReport[], paints: Paints): string {
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
