import type { ClientReport } from "../../../api/clients.ts";
import { bytesText } from "../../../config/quantities.ts";
import { Bytes, None, percentText, Time } from "../../elements/quantities.tsx";
import { Table } from "../../elements/table.tsx";

/** Clients of this mirror. */
export function ClientTable({ clients }: { clients: readonly ClientReport[] }) {
  return (
    <Table
      name="Clients"
      rows={clients}
      keyOf={({ address }) => address}
      columns={[
        { title: "Client", cell: (client) => <ClientName client={client} />, sort: "name" },
        { title: "Seen", cell: ({ last_seen }) => <Time at={last_seen} />, sort: "last_seen" },
        {
          title: "Synced",
          cell: ({ synced_at }) => <Time at={synced_at} />,
          sort: "synced_at",
          from: "medium",
        },
        {
          title: "pacman",
          cell: ({ pacman_version }) => pacman_version ?? <None />,
          from: "wide",
        },
        {
          title: "Sent",
          cell: ({ bytes_served }) => <Bytes bytes={bytes_served} />,
          sort: "bytes_served",
          isNumber: true,
        },
        {
          title: "Saved",
          cell: ({ bytes_saved }) => <Bytes bytes={bytes_saved} />,
          sort: "bytes_saved",
          isNumber: true,
          from: "medium",
        },
        {
          title: "Hits",
          cell: ({ hit_ratio }) => hit_ratio === null ? <None /> : percentText(hit_ratio),
          sort: "hit_ratio",
          isNumber: true,
          from: "wide",
        },
      ]}
    />
  );
}

function ClientName({ client: { address, name, host_name } }: { client: ClientReport }) {
  const label = name ?? host_name;
  return (
    <>
      <a href={`/admin/clients/${encodeURIComponent(address)}`}>{label ?? address}</a>
      {label === null ? null : <span class="quiet below">{address}</span>}
    </>
  );
}

/** The name of a client, else its host name or address. */
export function labelOf({ address, name, host_name }: ClientReport): string {
  return name ?? host_name ?? address;
}

/** `120 MiB sent, 118 MiB of it from the cache` */
export function worthText({ bytes_served, bytes_saved }: ClientReport): string {
  return `${bytesText(bytes_served)} sent, ${bytesText(bytes_saved)} of it from the cache`;
}
