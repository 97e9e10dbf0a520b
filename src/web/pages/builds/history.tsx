import type { BuildReport } from "../../../api/builds.ts";
import { Badge } from "../../elements/badge.tsx";
import { Foreign } from "../../elements/foreign_text.tsx";
import { Empty } from "../../elements/messages.tsx";
import { NextPager } from "../../elements/pager.tsx";
import { None, Time } from "../../elements/quantities.tsx";
import { Table } from "../../elements/table.tsx";
import { PackageCell } from "./package_cell.tsx";
import { failureText, STATES } from "./words.ts";

/** All builds, the latest first. */
export function History(
  { builds, next }: { builds: readonly BuildReport[]; next: number | null },
) {
  if (builds.length === 0) return <Empty title="No build matches." />;
  return (
    <>
      <Table
        name="All builds"
        rows={builds}
        keyOf={({ number }) => String(number)}
        columns={[
          {
            title: "Package",
            cell: (build) => <PackageCell build={build} />,
          },
          {
            title: "State",
            cell: ({ state, failure, hold }) => (
              <>
                <Badge tone={STATES[state].tone}>{STATES[state].word}</Badge>
                {state === "failed" && failure !== null
                  ? <span class="hint">{failureText(failure)}</span>
                  : null}
                {state === "held" && hold !== null
                  ? (
                    <span class="hint">
                      <Foreign text={hold.reason} />
                    </span>
                  )
                  : null}
              </>
            ),
          },
          { title: "Number", cell: ({ number }) => number, isNumber: true, from: "medium" },
          { title: "For", cell: ({ architecture }) => architecture, from: "medium" },
          { title: "Builder", cell: ({ builder }) => builder ?? <None />, from: "wide" },
          {
            title: "Ended",
            cell: ({ ended_at }) => ended_at === null ? <None /> : <Time at={ended_at} />,
            isNumber: true,
          },
        ]}
      />
      <NextPager next={next} />
    </>
  );
}
