import { factsOf } from "../../api/event_facts.ts";
import { EVENT_KINDS, type EventReport, LIST_EVENTS } from "../../api/events.ts";
import { JSON_OPTION, printAnswer } from "../answer_output.ts";
import { ApiClient, CONNECTION_OPTIONS } from "../api_client.ts";
import type { Command, OptionValues } from "../command.ts";
import { EXIT_CODE } from "../errors.ts";
import { timeText } from "../quantity.ts";
import { renderTable } from "../table.ts";
import type { Paints } from "../terminal_text.ts";

export const EVENTS_COMMAND: Command = {
  name: "events",
  summary: "List changes and the daemon's own actions",
  description: "Lists the changes made through the API or this program, from the audit log, and " +
    "what the daemon did on its own, newest first.",
  options: [
    {
      name: "kind",
      valueName: "KINDS",
      description: `Only these kinds, comma-separated: ${EVENT_KINDS.join(", ")}`,
    },
    {
      name: "search",
      valueName: "WORDS",
      description: "Only events that contain all of these words",
    },
    {
      name: "who",
      valueName: "NAME",
      description: "Only events caused by this token, or by the daemon itself (pkgstash)",
    },
    {
      name: "since",
      valueName: "TIME",
      description: "Only events since this time, such as 2026-11-29T15:00Z",
    },
    { name: "until", valueName: "TIME", description: "Only events before this time" },
    {
      name: "limit",
      valueName: "NUMBER",
      description: "Maximum number of entries, up to 1000 (default: 50)",
    },
    {
      name: "before",
      valueName: "NUMBER",
      description: "Only events with lower numbers",
    },
    JSON_OPTION,
    ...CONNECTION_OPTIONS,
  ],
  examples: [
    { command: "pkgstash events", description: "The latest events" },
    { command: "pkgstash events --kind change,login", description: "Who changed what" },
    { command: "pkgstash events --before 120", description: "The events before number 120" },
  ],
  run: async (options, output) => {
    const list = await ApiClient.of(options).call(LIST_EVENTS, {
      limit: options.get("limit"),
      before: options.get("before"),
      kind: options.get("kind"),
      q: options.get("search"),
      who: options.get("who"),
      since: timeIn(options, "since"),
      until: timeIn(options, "until"),
    });
    printAnswer(list, { options, output, render: renderEvents });
    return EXIT_CODE.ok;
  },
};

function renderEvents({ events }: { events: readonly EventReport[] }, paints: Paints): string {
  if (events.length === 0) return "No matching events.";
  return renderTable<EventReport>(
    [
      { title: "NUMBER", align: "right", text: ({ number }) => `${number}` },
      { title: "TIME", text: ({ at }) => timeText(at) },
      { title: "KIND", text: ({ kind }) => kind },
      { title: "WHO", text: ({ who }) => who, paint: (text) => paints.accent(text) },
      { title: "FROM", text: ({ address }) => address },
      { title: "WHAT", text: ({ action }) => action },
      { title: "DETAILS", text: detailsText, paint: (text) => paints.faint(text) },
    ],
    events,
    paints.title,
  );
}

/** A time in ISO 8601. Invalid values are passed on for the daemon to reject. */
function timeIn(options: OptionValues, name: string): string | undefined {
  const text = options.get(name);
  const time = text === undefined ? NaN : Date.parse(text);
  return Number.isNaN(time) ? text : new Date(time).toISOString();
}

/** The details of an event; without any, its request. */
function detailsText(event: EventReport): string {
  const facts = factsOf(event).map(([name, text]) => `${name}=${text}`);
  return facts.length > 0 ? facts.join(" ") : event.request;
}
