import type { EventReport } from "../../../api/events.ts";
import { Empty } from "../../elements/messages.tsx";
import { Time } from "../../elements/quantities.tsx";

/** The changes that were made last, the newest first. */
export function LastEvents({ events }: { events: readonly EventReport[] }) {
  if (events.length === 0) {
    return (
      <Empty title="Nothing was changed yet.">
        <p>Every change by a person, a token or a rule is recorded, with who made it.</p>
      </Empty>
    );
  }
  return (
    <ol class="events">
      {events.map(({ number, at, who, action }) => (
        <li key={String(number)}>
          <span class="what">{action}</span>
          <span class="who">{who}</span>
          <Time at={at} />
        </li>
      ))}
    </ol>
  );
}
