import { LIST_APPROVALS } from "../../api/approvals.ts";
import { SHOW_CLIENT_CONFIG } from "../../api/client_config.ts";
import { LIST_DOWNLOADS } from "../../api/downloads.ts";
import { SHOW_TRAFFIC_HISTORY } from "../../api/history.ts";
import { EVENT_KINDS, LIST_EVENTS } from "../../api/events.ts";
import { SHOW_STATUS, type Status } from "../../api/status.ts";
import { Part } from "../elements/facts.tsx";
import { HistoryChart, RangeLinks, rangeOf } from "../elements/history_chart.tsx";
import { Live } from "../elements/live.tsx";
import { Notice } from "../elements/messages.tsx";
import { counted } from "../elements/quantities.tsx";
import type { Page } from "../page.ts";
import { concernsOf, overviewSentence } from "./overview/concerns.ts";
import { DownloadsNow } from "./overview/downloads_now.tsx";
import { FirstSteps } from "./overview/first_steps.tsx";
import { KindLinks, LastEvents } from "./overview/last_events.tsx";
import { Numbers } from "./overview/numbers.tsx";

const EVENTS_SHOWN = "5";

export const OVERVIEW: Page = {
  path: "",
  title: "Overview",
  section: "Mirror",
  role: "viewer",
  isLive: true,
  render: async (visit) => {
    const { call } = visit;
    const kind = EVENT_KINDS.find((each) => each === visit.query("kind")) ?? null;
    const [status, { downloads }, { events }, { approvals }, config, history] = await Promise.all([
      call(SHOW_STATUS),
      call(LIST_DOWNLOADS),
      call(LIST_EVENTS, { limit: EVENTS_SHOWN, ...(kind === null ? {} : { kind }) }),
      call(LIST_APPROVALS),
      call(SHOW_CLIENT_CONFIG),
      call(SHOW_TRAFFIC_HISTORY, { range: rangeOf(visit.query("range")) }),
    ]);
    const asked = approvals.filter(({ is_asked }) => is_asked).length;
    const concerns = concernsOf(status);
    const isFresh = isUnused(status);
    return {
      ...overviewSentence(concerns, isFresh),
      commands: ["pkgstash status", "pkgstash history", "pkgstash downloads", "pkgstash events"],
      body: (
        <>
          <Live id="concerns" isPolite>
            {concerns.map(({ tone, title, text }) => (
              <Notice key={title} tone={tone} title={concerns.length === 1 ? null : title}>
                <p>{text}</p>
              </Notice>
            ))}
            {asked === 0 ? null : (
              <Notice
                tone="calm"
                title={`${counted(asked, "change waits", "changes wait")} for you`}
              >
                <p>
                  Nothing is built before it is approved.{" "}
                  <a href="/admin/approvals">See what changed.</a>
                </p>
              </Notice>
            )}
          </Live>
          <Live id="overview">
            {isFresh ? <FirstSteps config={config} /> : (
              <>
                <Numbers status={status} />
                <Part title="Sent and fetched" aside={<RangeLinks range={history.range} />}>
                  <HistoryChart history={history} />
                </Part>
                <Part title="Transfers in progress">
                  <DownloadsNow downloads={downloads} />
                </Part>
                <Part title="Recent events" aside={<KindLinks kind={kind} />}>
                  <LastEvents events={events} isFiltered={kind !== null} />
                </Part>
              </>
            )}
          </Live>
        </>
      ),
    };
  },
};

/** Whether nothing is cached and no request has arrived since startup. */
function isUnused({ requests, cache }: Status): boolean {
  return cache.packages === 0 && Object.values(requests).every((count) => count === 0);
}
