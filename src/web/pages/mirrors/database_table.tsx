import type { DatabaseReport } from "../../../api/status.ts";
import { Badge } from "../../elements/badge.tsx";
import { Empty } from "../../elements/messages.tsx";
import { None, Time } from "../../elements/quantities.tsx";
import { useVisit } from "../../visit_context.ts";
import { Table } from "../../elements/table.tsx";

/** How current each repository is. */
export function DatabaseTable({ databases }: { databases: readonly DatabaseReport[] }) {
  if (databases.length === 0) {
    return (
      <Empty title="No databases yet.">
        <p>A database is fetched when a client first requests it, and refreshed from then on.</p>
      </Empty>
    );
  }
  return (
    <Table
      name="Databases"
      rows={databases}
      keyOf={({ repository }) => repository}
      columns={[
        { title: "Repository", cell: ({ repository }) => repository },
        { title: "State", cell: (database) => <State database={database} /> },
        {
          title: "Dated",
          cell: ({ last_modified }) => <Time at={last_modified} none="unknown" />,
          from: "medium",
        },
        {
          title: "Published",
          cell: ({ published_at }) => <Time at={published_at} />,
          from: "medium",
        },
        {
          title: "Checked",
          cell: ({ checked_ms }) => <Confirmed ms={checked_ms} />,
          from: "medium",
        },
        { title: "From", cell: ({ mirror }) => mirror ?? <None />, from: "wide" },
      ]}
    />
  );
}

function State({ database: { generation, failed, gone_since } }: { database: DatabaseReport }) {
  if (gone_since !== null) {
    return (
      <>
        <Badge tone="bad">gone</Badge> from all mirrors since <Time at={gone_since} />
      </>
    );
  }
  if (failed) return <Badge tone="warn">refresh failed; serving the previous one</Badge>;
  return generation === null ? <Badge>not fetched yet</Badge> : <Badge tone="good">current</Badge>;
}

function Confirmed({ ms }: { ms: number | null }) {
  const { now } = useVisit();
  return <Time at={ms === null ? null : now - ms} none="not since startup" />;
}
