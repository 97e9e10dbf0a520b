import type { MirrorReport } from "../../../api/mirrors.ts";
import { Badge } from "../../elements/badge.tsx";
import { Bytes, Count, Duration } from "../../elements/quantities.tsx";
import { Table } from "../../elements/table.tsx";

/** The mirrors, in the order of the configuration. */
export function MirrorTable({ mirrors }: { mirrors: readonly MirrorReport[] }) {
  const hasUpstreams = new Set(mirrors.map(({ upstream }) => upstream)).size > 1;
  return (
    <Table
      name="Mirrors"
      rows={mirrors}
      keyOf={({ upstream, role, name }) => `${upstream} ${role} ${name}`}
      columns={[
        {
          title: "Mirror",
          cell: ({ name, role, upstream }) => (
            <>
              {name}
              {role === "archive" ? <span class="quiet">, archive</span> : null}
              {hasUpstreams ? <span class="quiet">, {upstream}</span> : null}
            </>
          ),
        },
        { title: "State", cell: (mirror) => <State mirror={mirror} /> },
        {
          title: "First byte",
          cell: ({ latency_ms }) => <Duration ms={latency_ms} />,
          isNumber: true,
        },
        {
          title: "Speed",
          cell: ({ bytes_per_second }) => <Bytes bytes={bytes_per_second} perSecond />,
          isNumber: true,
          from: "medium",
        },
        {
          title: "Transfers",
          cell: ({ in_flight }) => <Count value={in_flight} />,
          isNumber: true,
          from: "wide",
        },
      ]}
    />
  );
}

function State({ mirror: { state, rests_ms, failures, last_error } }: { mirror: MirrorReport }) {
  return (
    <>
      {state === "ready"
        ? <Badge tone="good">ready</Badge>
        : state === "unused"
        ? <Badge>unused</Badge>
        : (
          <>
            <Badge tone="warn">resting</Badge> for <Duration ms={rests_ms} />
          </>
        )}
      {failures === 0 || last_error === null
        ? null
        : <span class="hint">{failures} failed in a row; last error: {last_error}</span>}
    </>
  );
}
