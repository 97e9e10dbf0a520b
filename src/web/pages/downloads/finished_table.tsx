import type { FinishedDownloadReport } from "../../../api/downloads.ts";
import { Badge } from "../../elements/badge.tsx";
import { FileName } from "../../elements/file_name.tsx";
import { Bytes, Duration, None, percentText, Time } from "../../elements/quantities.tsx";
import { Table } from "../../elements/table.tsx";

/** The last finished downloads: from which mirrors, and what went wrong. */
export function FinishedTable({ downloads }: { downloads: readonly FinishedDownloadReport[] }) {
  return (
    <Table
      name="Finished downloads"
      rows={downloads}
      keyOf={({ file, ended_at, started_at }) => `${file} ${started_at} ${ended_at}`}
      columns={[
        {
          title: "File",
          cell: (download) => (
            <>
              <FileName path={download.file} />
              <Trouble download={download} />
            </>
          ),
        },
        { title: "From", cell: Sources, from: "wide" },
        {
          title: "Size",
          cell: ({ outcome, bytes, size }) => <Bytes bytes={outcome === "stored" ? bytes : size} />,
          isNumber: true,
          from: "medium",
        },
        {
          title: "Duration",
          cell: ({ duration_ms }) => <Duration ms={duration_ms} />,
          isNumber: true,
          from: "medium",
        },
        { title: "Ended", cell: ({ ended_at }) => <Time at={ended_at} />, isNumber: true },
      ]}
    />
  );
}

function Sources({ sources }: FinishedDownloadReport) {
  if (sources.length === 0) return <None />;
  return (
    <span class="file">
      {sources.map(({ mirror, bytes }) => (
        <span key={mirror} class="name">
          {mirror}
          {sources.length === 1 ? null : (
            <span class="quiet">
              <Bytes bytes={bytes} />
            </span>
          )}
        </span>
      ))}
    </span>
  );
}

/** What went wrong; nothing if all went well. */
function Trouble({ download: { outcome, reason, bytes, size, failed } }: {
  download: FinishedDownloadReport;
}) {
  if (outcome === "failed") {
    const far = size === null || size === 0 ? "" : ` at ${percentText(bytes / size)}`;
    return (
      <p class="trouble">
        <Badge tone="bad">failed{far}</Badge> {reason}
      </p>
    );
  }
  if (failed.length === 0) return null;
  return (
    <p class="trouble">
      <Badge tone="warn">
        {failed.some(({ refused }) => refused) ? "wrong data rejected" : "resumed"}
      </Badge>{" "}
      {failuresText(failed)}
    </p>
  );
}

/** Which mirrors failed and why, without repetition. */
function failuresText(failed: FinishedDownloadReport["failed"]): string {
  const texts = failed.map(({ mirror, why }) =>
    why.startsWith(`${mirror} `) ? why : `${mirror}: ${why}`
  );
  return [...new Set(texts)].join("; ");
}
