import type { DownloadReport } from "../../../api/downloads.ts";
import { Badge } from "../../elements/badge.tsx";
import { Empty } from "../../elements/messages.tsx";
import { Meter } from "../../elements/meter.tsx";
import { Bytes, Count, Duration, None, percentText } from "../../elements/quantities.tsx";
import { Table } from "../../elements/table.tsx";
import { FileName } from "../../elements/file_name.tsx";

/** Transfers in progress. */
export function DownloadsNow({ downloads }: { downloads: readonly DownloadReport[] }) {
  if (downloads.length === 0) {
    return (
      <Empty title="No transfers in progress.">
        <p>Files appear here while they are downloaded for a client or by prefetch.</p>
      </Empty>
    );
  }
  return (
    <Table
      name="Transfers in progress"
      rows={downloads}
      keyOf={({ file }) => file}
      columns={[
        {
          title: "File",
          cell: (download) => (
            <>
              <FileName path={download.file} />
              <SlowestClient download={download} />
            </>
          ),
        },
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

/** The slowest client of a transfer, if it falls far behind the mirror. */
function SlowestClient({ download }: { download: DownloadReport }) {
  const { slowest_client: slowest } = download;
  if (slowest === null || !isHeldUp(download)) return null;
  const { address, bytes, bytes_per_second } = slowest;
  return (
    <p class="trouble">
      <Badge tone="warn">slow client</Badge>{" "}
      <a href={`/admin/clients/${encodeURIComponent(address)}`}>{address}</a> receives{" "}
      <Bytes bytes={bytes_per_second} perSecond />, has <Bytes bytes={bytes} />
    </p>
  );
}

/** A slow client lags by more than the bytes that buffers may hold for it. */
const BEHIND_BYTES = 8 * 1024 * 1024;

/** Whether a client is slower than the mirrors, rather than just late. */
function isHeldUp(
  { bytes, bytes_per_second, slowest_client: slowest }: DownloadReport,
): boolean {
  return slowest !== null && slowest.bytes_per_second < bytes_per_second / 2 &&
    bytes - slowest.bytes > BEHIND_BYTES;
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
