import type { DownloadReport } from "../../../api/downloads.ts";
import { Empty } from "../../elements/messages.tsx";
import { Meter } from "../../elements/meter.tsx";
import { Bytes, Count, Duration, None, percentText } from "../../elements/quantities.tsx";
import { Table } from "../../elements/table.tsx";
import { FileName } from "../../elements/file_name.tsx";

/** What is on its way from mirrors at this moment. */
export function DownloadsNow({ downloads }: { downloads: readonly DownloadReport[] }) {
  if (downloads.length === 0) {
    return (
      <Empty title="Nothing is on its way.">
        <p>A package that a client asks for, or a prefetch, shows up here while it is fetched.</p>
      </Empty>
    );
  }
  return (
    <Table
      name="Files on their way"
      rows={downloads}
      keyOf={({ file }) => file}
      columns={[
        { title: "File", cell: ({ file }) => <FileName path={file} /> },
        { title: "Mirror", cell: ({ mirror }) => mirror ?? <None />, from: "wide" },
        {
          title: "Clients",
          cell: ({ clients, purpose }) =>
            purpose === "prefetch" && clients === 0 ? "prefetch" : <Count value={clients} />,
          isNumber: true,
          from: "medium",
        },
        {
          title: "Speed",
          cell: ({ bytes_per_second }) => <Bytes bytes={bytes_per_second} perSecond />,
          isNumber: true,
          from: "medium",
        },
        {
          title: "Left",
          cell: ({ ms_left }) => <Duration ms={ms_left} />,
          isNumber: true,
          from: "medium",
        },
        { title: "Progress", cell: (download) => <Progress download={download} />, isNumber: true },
      ]}
    />
  );
}

function Progress({ download: { bytes, size } }: { download: DownloadReport }) {
  if (size === null || size === 0) return <Bytes bytes={bytes} />;
  const share = bytes / size;
  const label = percentText(share);
  return (
    <span class="progress">
      <Meter share={share} label={label} />
      <span class="number">{label}</span>
    </span>
  );
}
