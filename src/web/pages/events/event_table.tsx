import { factsOf } from "../../../api/event_facts.ts";
import type { EventKind, EventReport } from "../../../api/events.ts";
import { Badge } from "../../elements/badge.tsx";
import { Moment } from "../../elements/quantities.tsx";
import { Table } from "../../elements/table.tsx";
import type { Tone } from "../../page.ts";
import { useVisit } from "../../visit_context.ts";

/** A table of events, in the given order. */
export function EventTable({ events }: { events: readonly EventReport[] }) {
  const visit = useVisit();
  return (
    <Table
      name="Events"
      rows={events}
      keyOf={({ number }) => String(number)}
      columns={[
        {
          title: "What",
          cell: (event) => (
            <span class="file">
              <span class="name">{event.action}</span>
              <span class="directory">{factsText(event)}</span>
              <span class="directory until-medium">{event.who}</span>
            </span>
          ),
        },
        {
          title: "Kind",
          cell: ({ kind, action }) => (
            <a href={visit.here({ kind, after: null })}>
              <Badge tone={toneOf(kind, action)}>{kind}</Badge>
            </a>
          ),
          from: "medium",
        },
        {
          title: "Who",
          cell: ({ who, address }) => (
            <span class="file">
              <a class="name" href={visit.here({ who, after: null })}>{who}</a>
              <span class="directory">{address}</span>
            </span>
          ),
          from: "medium",
        },
        { title: "When", cell: ({ at }) => <Moment at={at} />, isNumber: true },
      ]}
    />
  );
}

/** The details of an event; without any, its request. */
export function factsText(event: EventReport): string {
  const facts = factsOf(event).map(([name, text]) => `${name.replaceAll("_", " ")}: ${text}`);
  return facts.length > 0 ? facts.join(" · ") : event.request;
}

/** Whether an event is a failure, judged by the verb of its action. */
export function isTrouble({ action }: Pick<EventReport, "action">): boolean {
  return TROUBLE.test(action);
}

const TROUBLE = /^(?:Fail|Break off|Refuse)/;

function toneOf(kind: EventKind, action: string): Tone {
  if (isTrouble({ action })) return "bad";
  return kind === "download" ? "warn" : "calm";
}
