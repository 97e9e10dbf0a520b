import type { BuildReport } from "../../../api/builds.ts";
import { Foreign } from "../../elements/foreign_text.tsx";
import { Time } from "../../elements/quantities.tsx";
import { Table } from "../../elements/table.tsx";
import { sentence } from "../approvals/facts.ts";
import { PackageCell } from "./package_cell.tsx";

/** Waiting builds, the oldest first, each with what it waits for. */
export function Queue({ builds }: { builds: readonly BuildReport[] }) {
  return (
    <Table
      name="Queue"
      rows={builds}
      keyOf={({ number }) => String(number)}
      columns={[
        {
          title: "Package",
          cell: (build) => <PackageCell build={build} />,
        },
        {
          title: "Waits for",
          cell: ({ waits_for }) => <Foreign text={sentence(waits_for ?? "a builder")} />,
        },
        { title: "For", cell: ({ architecture }) => architecture, from: "medium" },
        { title: "Why", cell: ({ reason }) => <Foreign text={sentence(reason)} />, from: "wide" },
        { title: "Queued", cell: ({ created_at }) => <Time at={created_at} />, isNumber: true },
      ]}
    />
  );
}
