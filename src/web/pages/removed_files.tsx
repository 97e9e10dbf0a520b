import { LIST_REMOVALS } from "../../api/cleanup.ts";
import { Badge } from "../elements/badge.tsx";
import { FileName } from "../elements/file_name.tsx";
import { Filter } from "../elements/filter.tsx";
import { Empty } from "../elements/messages.tsx";
import { NextPager } from "../elements/pager.tsx";
import { Bytes, Time } from "../elements/quantities.tsx";
import { Table } from "../elements/table.tsx";
import type { Page } from "../page.ts";
import { reasonText } from "./cleanup/reason.ts";

const PER_PAGE = 50;
const NUMBER = /^[1-9]\d{0,14}$/;

/** What removed a file, and when. */
export const REMOVED_FILES: Page = {
  path: "cleanup/removed",
  title: "Removed files",
  section: null,
  role: "viewer",
  render: async (visit) => {
    const words = visit.query("q").trim().slice(0, 200);
    const run = visit.query("run");
    const after = visit.query("after");
    const { removals } = await visit.call(LIST_REMOVALS, {
      limit: `${PER_PAGE + 1}`,
      ...(words === "" ? {} : { q: words }),
      ...(NUMBER.test(run) ? { run } : {}),
      ...(NUMBER.test(after) ? { before: after } : {}),
    });
    const shown = removals.slice(0, PER_PAGE);
    const what = words === "" ? "" : ` that match “${words}”`;
    return {
      heading: shown.length === 0
        ? `No removed files${what}`
        : NUMBER.test(run)
        ? `What cleanup ${run} removed`
        : `Removed files${what}`,
      tone: "calm",
      commands: ["pkgstash cleanup --removed WORDS"],
      body: (
        <>
          <Filter label="Search" placeholder="linux 6.17">
            {NUMBER.test(run) ? <input type="hidden" name="run" value={run} /> : null}
          </Filter>
          <div class="list">
            {shown.length > 0
              ? (
                <Table
                  name="Removed files"
                  rows={shown}
                  keyOf={({ number }) => String(number)}
                  columns={[
                    { title: "File", cell: ({ path }) => <FileName path={path} /> },
                    {
                      title: "Size",
                      cell: ({ bytes }) => <Bytes bytes={bytes} />,
                      isNumber: true,
                      from: "medium",
                    },
                    {
                      title: "Reason",
                      cell: ({ reason }) => <Badge>{reasonText(reason)}</Badge>,
                      from: "medium",
                    },
                    {
                      title: "Why",
                      cell: ({ why }) => <span class="quiet">{why}</span>,
                      from: "wide",
                    },
                    { title: "When", cell: ({ at }) => <Time at={at} />, isNumber: true },
                  ]}
                />
              )
              : (
                <Empty title="No matching file has been removed.">
                  <p>
                    The latest 20,000 removals are kept.
                  </p>
                </Empty>
              )}
          </div>
          <NextPager
            next={removals.length > PER_PAGE ? shown.at(-1)?.number ?? null : null}
          />
        </>
      ),
    };
  },
};
