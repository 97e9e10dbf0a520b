import {
  type CLIENT_SORTS,
  type ClientDetails,
  type ClientReport,
  LIST_CLIENTS,
  NAME_CLIENT,
  SHOW_CLIENT,
  UNNAME_CLIENT,
} from "../../api/clients.ts";
import { PkgstashError } from "../../errors.ts";
import { canonicalAddress } from "../../formats/network/ip_address.ts";
import type { ClientSync } from "../../history/client_table.ts";
import type { ListedClient } from "../../history/history.ts";
import { hitRatio, requestsIn } from "../../history/tally.ts";
import type { Mirroring } from "../../mirroring/mirroring.ts";
import { parseHttpDate } from "../../formats/http/http_date.ts";
import { trafficOf } from "./history.ts";
import { handle, type Route } from "./route.ts";
import { timestamp, timestampOrNull } from "./timestamp.ts";

/** A client that has not synced for this long is behind. */
const BEHIND_MS = 30 * 86_400_000;

export const clientRoutes: readonly Route[] = [
  handle(LIST_CLIENTS, async ({ query, history }) => {
    const { q, sort, descending, limit, offset } = query;
    const all = await history.clients();
    const words = q?.toLowerCase().split(/\s+/).filter((word) => word !== "") ?? [];
    const found = all.filter((client) => {
      const text = [client.address, client.name, client.hostName, client.agent].join("\n")
        .toLowerCase();
      return words.every((word) => text.includes(word));
    });
    const key = SORT_KEYS[sort];
    const sign = descending === "true" ? -1 : 1;
    found.sort((one, other) =>
      compare(key(one), key(other), sign) || compare(one.address, other.address, 1)
    );
    const since = Date.now() - BEHIND_MS;
    return {
      clients: found.slice(offset, offset + limit).map(clientReport),
      total: found.length,
      known: all.length,
      behind: found.filter(({ syncedAt }) => syncedAt !== null && syncedAt < since).length,
    };
  }),
  handle(SHOW_CLIENT, async ({ path: { address }, history, mirroring }) => {
    const found = await history.client(canonicalAddress(address) ?? address);
    if (found === null) {
      throw new PkgstashError(
        "not_found",
        `Cannot show the client ${address}: it is unknown. List the clients to see all known ones.`,
      );
    }
    return {
      ...clientReport(found.client),
      syncs: await Promise.all(found.syncs.map((sync) => syncReport(sync, mirroring))),
    };
  }),
  handle(NAME_CLIENT, async ({ path, body: { name }, history: { names }, note }) => {
    const address = addressToName(path.address);
    await names.set(address, name);
    note({ client: address, name });
    return { address, name };
  }),
  handle(UNNAME_CLIENT, async ({ path, history: { names }, note }) => {
    const address = addressToName(path.address);
    note({ client: address });
    if (await names.remove(address)) return;
    throw new PkgstashError(
      "not_found",
      `Cannot remove the name of ${address}: it has none. List the clients to see their names.`,
    );
  }),
];

type SortKey = (client: ListedClient) => string | number | null;

const SORT_KEYS: Readonly<Record<typeof CLIENT_SORTS[number], SortKey>> = {
  last_seen: ({ lastSeen }) => lastSeen,
  first_seen: ({ firstSeen }) => firstSeen,
  name: ({ name, hostName }) => name ?? hostName,
  address: ({ address }) => address,
  bytes_served: ({ tally }) => tally.bytesServed,
  bytes_saved: ({ tally }) => tally.bytesSaved,
  requests: ({ tally }) => requestsIn(tally),
  hit_ratio: ({ tally }) => hitRatio(tally),
  synced_at: ({ syncedAt }) => syncedAt,
};

/** Unknown values come last in either order; addresses are sorted numerically. */
function compare(one: string | number | null, other: string | number | null, sign: number): number {
  if (one === null || other === null) return Number(one === null) - Number(other === null);
  const order = typeof one === "number" && typeof other === "number"
    ? one - other
    : COLLATOR.compare(String(one), String(other));
  return sign * order;
}

const COLLATOR = new Intl.Collator("en", { numeric: true });

function clientReport(client: ListedClient): ClientReport {
  const { address, name, hostName, firstSeen, lastSeen, agent, syncedAt, tally } = client;
  return {
    address,
    name,
    host_name: hostName,
    first_seen: timestamp(firstSeen),
    last_seen: timestamp(lastSeen),
    agent,
    pacman_version: agent === null ? null : /^pacman\/(\d[\w.]{0,20})/.exec(agent)?.[1] ?? null,
    ...trafficOf(tally),
    hit_ratio: hitRatio(tally),
    synced_at: timestampOrNull(syncedAt),
  };
}

async function syncReport(
  { directory, databaseAt, syncedAt }: ClientSync,
  { tree, snapshots }: Mirroring,
): Promise<ClientDetails["syncs"][number]> {
  const repository = tree.repositoryAt(directory);
  const current = repository === null ? null : await snapshots.current(repository);
  const served = parseHttpDate(current?.members.db.lastModified ?? "")?.getTime() ?? null;
  return {
    repository: directory,
    synced_at: timestamp(syncedAt),
    database_dated: timestampOrNull(databaseAt),
    is_current: served === null || databaseAt === null ? null : databaseAt >= served,
  };
}

function addressToName(text: string): string {
  const address = canonicalAddress(text);
  if (address !== null) return address;
  throw new PkgstashError(
    "invalid_request",
    `Cannot name ${JSON.stringify(text)}: it is not an IP address. Use the client's address.`,
  );
}
