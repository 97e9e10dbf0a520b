import { type EventReport, LIST_EVENTS } from "../../api/events.ts";
import { JSON_OPTION, printAnswer } from "../answer_output.ts";
import { ApiClient, CONNECTION_OPTIONS } from "../api_client.ts";
import type { Command } from "../command.ts";
import { EXIT_CODE } from "../errors.ts";
import { renderTable } from "../table.ts";
import type { Paints } from "../terminal_text.ts";

export const EVENTS_COMMAND: Command = {
  name: "events",
  summary: "List who changed what",
  description: "Lists the changes that were made with the API or with this program, from the " +
    "audit log, the newest first.",
  options: [
    {
      name: "limit",
      valueName: "NUMBER",
      description: "How many, up to 1000 (default: 50)",
    },
    {
      name: "before",
      valueName: "NUMBER",
      description: "Only changes before the one of this number",
    },
    JSON_OPTION,
    ...CONNECTION_OPTIONS,
  ],
  examples: [
    { command: "pkgstash events", description: "The latest changes" },
    { command: "pkgstash events --before 120", description: "The changes before number 120" },
  ],
  run: async (options, output) => {
    const list = await (await ApiClient.of(options)).call(LIST_EVENTS, {
      limit: options.get("limit"),
      before: options.get("before"),
    });
    printAnswer(list, { options, output, render: renderEvents });
    return EXIT_CODE.ok;
  },
};

function renderEvents({ events }: { events: readonly EventReport[] }, paints: Paints): string {
  if (events.length === 0) return "Nothing was changed.";
  return renderTable<EventReport>(
    [
      { title: "NUMBER", align: "right", text: ({ number }) => `${number}` },
      { title: "TIME", text: ({ at }) => at.slice(0, 19).replace("T", " ") + "Z" },
      { title: "WHO", text: ({ who }) => who, paint: (text) => paints.accent(text) },
      { title: "FROM", text: ({ address }) => address },
      { title: "WHAT", text: ({ action }) => action },
      { title: "DETAILS", text: detailsText, paint: (text) => paints.faint(text) },
    ],
    events,
    paints.title,
  );
}

/** What it was done to: the facts if there are any, else the path of the request. */
function detailsText({ details, request }: EventReport): string {
  const facts = Object.entries(details).map(([name, value]) =>
    `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`
  );
  return facts.length > 0 ? facts.join(" ") : request;
}
