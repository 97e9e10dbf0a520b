import type { BuildDetails } from "../../../api/builds.ts";
import { Badge } from "../../elements/badge.tsx";
import { Foreign } from "../../elements/foreign_text.tsx";
import { Part } from "../../elements/facts.tsx";
import { Duration, Time } from "../../elements/quantities.tsx";
import { Table } from "../../elements/table.tsx";
import { logHref } from "./log_view.tsx";

/** The attempts of a build, the latest first. */
export function Attempts({ build: { number: build, attempts } }: { build: BuildDetails }) {
  return (
    <Part title="Attempts">
      <Table
        name="Attempts"
        rows={attempts.toReversed()}
        keyOf={({ number }) => String(number)}
        columns={[
          {
            title: "Attempt",
            cell: ({ number }) => <a href={logHref(build, { attempt: number })}>{number} (log)</a>,
          },
          {
            title: "Outcome",
            cell: ({ outcome, failure }) => (
              <>
                <Badge tone={outcome === "failed" || outcome === "lost" ? "bad" : "calm"}>
                  {outcome ?? "running"}
                </Badge>
                {failure === null ? null : (
                  <span class="hint">
                    <Foreign text={failure.reason} />
                  </span>
                )}
              </>
            ),
          },
          { title: "Builder", cell: ({ builder }) => <Foreign text={builder} />, from: "medium" },
          {
            title: "Duration",
            cell: ({ started_at, ended_at }) => (
              <Duration
                ms={ended_at === null ? null : Date.parse(ended_at) - Date.parse(started_at)}
              />
            ),
            isNumber: true,
            from: "medium",
          },
          { title: "Started", cell: ({ started_at }) => <Time at={started_at} />, isNumber: true },
        ]}
      />
    </Part>
  );
}
