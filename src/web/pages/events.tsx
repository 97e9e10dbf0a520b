import { EVENT_KINDS, type EventReport, LIST_EVENTS } from "../../api/events.ts";
import { Filter } from "../elements/filter.tsx";
import { Choice } from "../elements/forms.tsx";
import { Live } from "../elements/live.tsx";
import { Empty } from "../elements/messages.tsx";
import { counted } from "../elements/quantities.tsx";
import { NextPager } from "../elements/pager.tsx";
import { lengthText } from "../elements/relative_text.ts";
import type { Content, Page } from "../page.ts";
import type { Visit } from "../visit.ts";
import { EventTable, isTrouble } from "./events/event_table.tsx";

const PER_PAGE = 50;
const LATELY_MS = 3_600_000;

/** Selectable periods in milliseconds, by their value in the URL. */
const SPANS: Readonly<Record<string, number>> = {
  hour: 3_600_000,
  day: 86_400_000,
  week: 7 * 86_400_000,
};

/** What happened, and who did it. */
export const EVENTS: Page = {
  path: "events",
  title: "Events",
  section: "Administration",
  role: "viewer",
  isLive: true,
  render: async (visit) => {
    const kind = EVENT_KINDS.find((each) => each === visit.query("kind"));
    const words = visit.query("q").trim().slice(0, 200);
    const who = visit.query("who").slice(0, 200);
    const span = SPANS[visit.query("when")];
    const { events } = await visit.call(LIST_EVENTS, {
      // One extra shows whether there is a next page.
      limit: `${PER_PAGE + 1}`,
      ...(/^[1-9]\d{0,14}$/.test(visit.query("after")) ? { before: visit.query("after") } : {}),
      ...(kind === undefined ? {} : { kind }),
      ...(words === "" ? {} : { q: words }),
      ...(who === "" ? {} : { who }),
      ...(span === undefined ? {} : { since: new Date(visit.now - span).toISOString() }),
    });
    const shown = events.slice(0, PER_PAGE);
    const isFiltered = [kind, span].some((each) => each !== undefined) || words + who !== "";
    return {
      ...headingOf(shown, visit.now, isFiltered),
      commands: ["pkgstash events", "pkgstash events --kind change,login"],
      body: (
        <>
          <Filter label="Search" placeholder="linux">
            <Choice
              name="kind"
              label="Kind"
              options={Object.fromEntries([
                ["", "all"],
                ...EVENT_KINDS.map((each) => [each, each]),
              ])}
              value={kind ?? ""}
            />
            <Choice
              name="when"
              label="When"
              options={{ "": "any time", hour: "last hour", day: "last day", week: "last week" }}
              value={visit.query("when")}
            />
            {who === "" ? null : <input type="hidden" name="who" value={who} />}
          </Filter>
          {who === "" ? null : (
            <p class="filtered">
              Only events by {who}. <a href={visit.here({ who: null, after: null })}>Show all.</a>
            </p>
          )}
          <held-list class="list">
            <button type="button" class="newer" hidden>Show newer events</button>
            <Live id="events">
              {shown.length > 0
                ? <EventTable events={shown} />
                : <Nothing visit={visit} isFiltered={isFiltered} />}
            </Live>
          </held-list>
          <NextPager next={events.length > PER_PAGE ? shown.at(-1)?.number ?? null : null} />
        </>
      ),
    };
  },
};

function headingOf(
  events: readonly EventReport[],
  now: number,
  isFiltered: boolean,
): Pick<Content, "heading" | "tone"> {
  const [latest] = events;
  if (latest === undefined) {
    return { heading: isFiltered ? "No event matches" : "Nothing has happened yet", tone: "calm" };
  }
  const failed = events.filter((each) => isTrouble(each) && now - Date.parse(each.at) < LATELY_MS);
  if (failed.length > 0) {
    const what = counted(failed.length, "failure");
    return { heading: `${what} in the last hour`, tone: "warn" };
  }
  const quietMs = now - Date.parse(latest.at);
  if (isFiltered) {
    return { heading: `The latest match was ${lengthText(quietMs)} ago`, tone: "calm" };
  }
  return quietMs < 60_000
    ? { heading: "No failures in the latest events", tone: "good" }
    : { heading: `Quiet for ${lengthText(quietMs)}`, tone: "good" };
}

function Nothing({ visit, isFiltered }: { visit: Visit; isFiltered: boolean }) {
  if (!isFiltered) {
    return (
      <Empty title="Nothing has happened yet.">
        <p>Changes by people and actions of the daemon are listed here.</p>
      </Empty>
    );
  }
  return (
    <Empty title="No event matches.">
      <p>
        The audit log keeps 16 MiB, and the log of the daemon's actions 4 MiB.{" "}
        <a href={visit.url.pathname}>See all events.</a>
      </p>
    </Empty>
  );
}
