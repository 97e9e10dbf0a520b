import {
  type ClientDetails,
  LIST_CLIENTS,
  NAME_CLIENT,
  SHOW_CLIENT,
  UNNAME_CLIENT,
} from "../../api/clients.ts";
import { SHOW_TRAFFIC_HISTORY } from "../../api/history.ts";
import { bytesText } from "../../config/quantities.ts";
import { Badge } from "../elements/badge.tsx";
import { Fact, Facts, Part } from "../elements/facts.tsx";
import { ActionForm, Field } from "../elements/forms.tsx";
import { HistoryChart, RangeLinks, rangeOf } from "../elements/history_chart.tsx";
import { Live } from "../elements/live.tsx";
import { Empty } from "../elements/messages.tsx";
import { countText, None, percentText, Time } from "../elements/quantities.tsx";
import { lengthText } from "../elements/relative_text.ts";
import { Table } from "../elements/table.tsx";
import type { Page } from "../page.ts";
import type { Visit } from "../visit.ts";
import { labelOf, worthText } from "./clients/client_table.tsx";
import { MissNotice } from "./clients/miss_notice.tsx";

/** How many of the most recent other clients it is compared with. */
const OTHERS_READ = "200";

/** One client: its traffic, and how current its databases are. */
export const CLIENT: Page = {
  path: "clients/{address}",
  title: "Client",
  section: null,
  role: "viewer",
  isLive: true,
  render: async (visit) => {
    const address = addressIn(visit);
    const [client, { clients: others }, history] = await Promise.all([
      visit.call(SHOW_CLIENT, { address }),
      visit.call(LIST_CLIENTS, { limit: OTHERS_READ }),
      visit.call(SHOW_TRAFFIC_HISTORY, { client: address, range: rangeOf(visit.query("range")) }),
    ]);
    return {
      heading: `${labelOf(client)} ${syncedText(client, visit.now)}`,
      commands: [
        `pkgstash clients show ${client.address}`,
        `pkgstash history --client ${client.address}`,
      ],
      body: (
        <>
          <Live id="client">
            <ClientFacts client={client} />
            <MissNotice client={client} others={others} />
          </Live>
          <Part title="Traffic" aside={<RangeLinks range={history.range} />}>
            <Live id="history">
              <HistoryChart history={history} />
            </Live>
          </Part>
          <Part title="Databases">
            <Live id="syncs">
              <Syncs client={client} />
            </Live>
          </Part>
          {visit.may("administrator") && client.address !== "unknown"
            ? (
              <Part title="Name">
                <ActionForm action="name" button="Save the name">
                  <Field name="name" label="Name" value={client.name ?? ""} isRequired />
                </ActionForm>
                {client.name === null
                  ? null
                  : <ActionForm action="unname" weight="quiet" button="Remove the name" />}
              </Part>
            )
            : null}
        </>
      ),
    };
  },
  actions: {
    name: {
      role: "administrator",
      run: async (visit, form) => {
        const address = addressIn(visit);
        const { name } = await visit.call(NAME_CLIENT, {
          address,
          body: { name: form.text("name").trim() },
        });
        return { text: `${address} is ${name}.` };
      },
    },
    unname: {
      role: "administrator",
      run: async (visit) => {
        const address = addressIn(visit);
        await visit.call(UNNAME_CLIENT, { address });
        return { text: `${address} no longer has a name.` };
      },
    },
  },
};

function addressIn({ params }: Visit): string {
  return params["address"] ?? "";
}

function syncedText({ synced_at }: ClientDetails, now: number): string {
  if (synced_at === null) return "has synced no database";
  const passed = now - Date.parse(synced_at);
  return passed < 60_000 ? "synced just now" : `last synced ${lengthText(passed)} ago`;
}

function ClientFacts({ client }: { client: ClientDetails }) {
  const { address, agent, pacman_version, host_name, hit_ratio, requests } = client;
  const all = Object.values(requests).reduce((sum, count) => sum + count, 0);
  return (
    <Facts>
      <Fact label="Address" value={address}>
        <span class="more">{host_name ?? "no host name known"}</span>
      </Fact>
      <Fact label="Last seen" value={<Time at={client.last_seen} />}>
        <span class="more">
          first <Time at={client.first_seen} />
        </span>
      </Fact>
      <Fact
        label="Served from the cache"
        value={hit_ratio === null ? <None /> : percentText(hit_ratio)}
      >
        <span class="more">
          of {countText(all)} requests, {countText(requests.not_found)} not found
        </span>
      </Fact>
      <Fact label="Saved" value={bytesText(client.bytes_saved)}>
        <span class="more">{worthText(client)}</span>
      </Fact>
      <Fact label="pacman" value={pacman_version ?? <None />}>
        <span class="more path">{agent ?? "no user agent"}</span>
      </Fact>
    </Facts>
  );
}

function Syncs({ client: { syncs } }: { client: ClientDetails }) {
  if (syncs.length === 0) {
    return (
      <Empty title="No database requested">
        <p>This client downloads packages here, but syncs its databases from another mirror.</p>
      </Empty>
    );
  }
  return (
    <Table
      name="Databases of the client"
      rows={syncs}
      keyOf={({ repository }) => repository}
      columns={[
        { title: "Repository", cell: ({ repository }) => repository },
        { title: "Synced", cell: ({ synced_at }) => <Time at={synced_at} /> },
        {
          title: "Database dated",
          cell: ({ database_dated }) => <Time at={database_dated} none="not dated" />,
          from: "medium",
        },
        {
          title: "State",
          cell: ({ is_current }) =>
            is_current === null
              ? <None />
              : is_current
              ? <Badge tone="good">current</Badge>
              : <Badge tone="calm">outdated</Badge>,
        },
      ]}
    />
  );
}
