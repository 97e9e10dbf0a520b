import {
  LIST_MIRRORS,
  type MirrorReport,
  type MirrorTrial,
  TEST_MIRRORS,
} from "../../api/mirrors.ts";
import { JSON_OPTION, printAnswer } from "../answer_output.ts";
import { ApiClient, CONNECTION_OPTIONS } from "../api_client.ts";
import type { Command } from "../command.ts";
import { EXIT_CODE } from "../errors.ts";
import { durationText, rateText, timeText } from "../quantity.ts";
import { renderTable } from "../table.ts";
import type { Paints } from "../terminal_text.ts";

const options = [JSON_OPTION, ...CONNECTION_OPTIONS];

const TEST_COMMAND: Command = {
  name: "mirrors test",
  summary: "Test every mirror now",
  description: "Requests the date of a database from every mirror in parallel. Exits with 1 if " +
    "any mirror is unusable.",
  options,
  examples: [{ command: "pkgstash mirrors test", description: "See which mirrors respond" }],
  run: async (options, output) => {
    const list = await ApiClient.of(options).call(TEST_MIRRORS);
    printAnswer(list, { options, output, render: renderTrials });
    const isUsable = list.mirrors.every(({ error }) => error === null);
    return isUsable ? EXIT_CODE.ok : EXIT_CODE.failure;
  },
};

export const MIRRORS_COMMAND: Command = {
  name: "mirrors",
  summary: "Show or test the mirrors",
  description:
    "Prints each mirror with its state, smoothed latency and rate, consecutive failures and " +
    "last error.",
  options,
  examples: [{ command: "pkgstash mirrors", description: "Show the state of all mirrors" }],
  subcommands: [TEST_COMMAND],
  run: async (options, output) => {
    const list = await ApiClient.of(options).call(LIST_MIRRORS);
    printAnswer(list, { options, output, render: renderMirrors });
    return EXIT_CODE.ok;
  },
};

function renderMirrors(
  { mirrors }: { mirrors: readonly MirrorReport[] },
  paints: Paints,
): string {
  return renderTable<MirrorReport>(
    [
      { title: "UPSTREAM", text: ({ upstream }) => upstream },
      {
        title: "MIRROR",
        text: ({ name, role }) => role === "archive" ? `${name} (archive)` : name,
      },
      {
        title: "STATE",
        text: ({ state, rests_ms }) =>
          state === "resting" ? `resting for ${durationText(rests_ms)}` : state,
        paint: (text, { state }) =>
          state === "ready"
            ? paints.good(text)
            : state === "resting"
            ? paints.bad(text)
            : paints.faint(text),
      },
      {
        title: "LATENCY",
        align: "right",
        text: ({ latency_ms }) => latency_ms === null ? "-" : `${latency_ms} ms`,
      },
      {
        title: "RATE",
        align: "right",
        text: ({ bytes_per_second }) =>
          bytes_per_second === null ? "-" : rateText(bytes_per_second),
      },
      { title: "IN FLIGHT", align: "right", text: ({ in_flight }) => String(in_flight) },
      { title: "FAILURES", align: "right", text: ({ failures }) => String(failures) },
      { title: "LAST ERROR", text: ({ last_error }) => last_error ?? "-" },
    ],
    mirrors,
    paints.title,
  );
}

function renderTrials({ mirrors }: { mirrors: readonly MirrorTrial[] }, paints: Paints): string {
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
      {
        title: "DATABASE OF",
        text: ({ last_modified }) => last_modified === null ? "-" : timeText(last_modified),
      },
      { title: "ERROR", text: ({ error }) => error ?? "-" },
    ],
    mirrors,
    paints.title,
  );
}
