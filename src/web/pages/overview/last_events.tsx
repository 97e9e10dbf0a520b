import { EVENT_KINDS, type EventKind, type EventReport } from "../../../api/events.ts";
import { Empty } from "../../elements/messages.tsx";
import { Time } from "../../elements/quantities.tsx";
import { useVisit } from "../../visit_context.ts";
import { factsText, isTrouble } from "../events/event_table.tsx";

/** The latest events, the newest first. */
export function LastEvents(
  { events, isFiltered }: { events: readonly EventReport[]; isFiltered: boolean },
) {
  if (events.length === 0) {
    return isFiltered
      ? <Empty title="No event of this kind." />
      : (
        <Empty title="Nothing has happened yet.">
          <p>Changes by people and actions of the daemon are listed here.</p>
        </Empty>
      );
  }
  return (
    <ol class="events">
      {events.map((event) => (
        <li key={String(event.number)}>
          <span class={isTrouble(event) ? "what bad" : "what"}>
            {event.action}
            <span class="directory">{factsText(event)}</span>
          </span>
          <span class="who">{event.who}</span>
          <Time at={event.at} />
        </li>
      ))}
    </ol>
  );
}

/** Links that filter the latest events by kind. */
export function KindLinks({ kind }: { kind: EventKind | null }) {
  const visit = useVisit();
  return (
    <nav class="ranges" aria-label="Kind of the events">
      {[null, ...EVENT_KINDS].map((each) => (
        <a href={visit.here({ kind: each })} aria-current={each === kind ? "true" : undefined}>
          {each ?? "all"}
        </a>
      ))}
      <a href={kind === null ? "/admin/events" : `/admin/events?kind=${kind}`}>more</a>
    </nav>
  );
}
