import type { CleanupRun } from "../../../api/cleanup.ts";
import { Empty } from "../../elements/messages.tsx";
import { Bytes, Count, countText, None, Time } from "../../elements/quantities.tsx";
import { Table } from "../../elements/table.tsx";
import { reasonText } from "./reason.ts";

const CAUSES: Readonly<Record<CleanupRun["cause"], string>> = {
  requested: "manual",
  refresh: "after a refresh",
  prefetch: "during a prefetch",
  room: "to make room",
};

/** Past cleanups, the latest first. */
export function Runs({ runs }: { runs: readonly CleanupRun[] }) {
  if (runs.length === 0) {
    return (
      <Empty title="No cleanup has run yet.">
        <p>One runs after each refresh, and whenever a file needs space.</p>
      </Empty>
    );
  }
  return (
    <Table
      name="Past cleanups"
      rows={runs}
      keyOf={({ number }) => String(number)}
      columns={[
        {
          title: "Cleanup",
          cell: ({ number, files, cause }) => (
            <span class="file">
              {files === 0
                ? <span class="name">{number}</span>
                : <a class="name" href={`/admin/cleanup/removed?run=${number}`}>{number}</a>}
              <span class="directory">{CAUSES[cause]}</span>
            </span>
          ),
        },
        { title: "Files", cell: ({ files }) => <Count value={files} />, isNumber: true },
        {
          title: "Freed",
          cell: ({ bytes_freed }) => <Bytes bytes={bytes_freed} />,
          isNumber: true,
        },
        { title: "Reasons", cell: Reasons, from: "medium" },
        { title: "When", cell: ({ at }) => <Time at={at} />, isNumber: true },
      ]}
    />
  );
}

function Reasons({ removed, failed, failures, unmet }: CleanupRun) {
  if (removed.length + failed === 0 && unmet === null) return <None />;
  return (
    <>
      {removed.map(({ reason, files }) => `${countText(files)} × ${reasonText(reason)}`).join(", ")}
      {failed === 0 ? null : (
        <p class="trouble">
          {failed} could not be removed:{" "}
          {failures.map(({ path, why }) => `${path}: ${why}`).join("; ")}
        </p>
      )}
      {unmet === null ? null : <p class="trouble">{unmet}</p>}
    </>
  );
}
