import { CLIENT_SORTS, type ClientList, LIST_CLIENTS } from "../../api/clients.ts";
import { SHOW_CLIENT_CONFIG } from "../../api/client_config.ts";
import { CopyField } from "../elements/copy_field.tsx";
import { Part } from "../elements/facts.tsx";
import { Filter } from "../elements/filter.tsx";
import { Live } from "../elements/live.tsx";
import { Empty } from "../elements/messages.tsx";
import { Pager } from "../elements/pager.tsx";
import { counted } from "../elements/quantities.tsx";
import type { Content, Page } from "../page.ts";
import type { Visit } from "../visit.ts";
import { ClientTable } from "./clients/client_table.tsx";

const PER_PAGE = 50;

/** Who uses this mirror, and who is behind. */
export const CLIENTS: Page = {
  path: "clients",
  title: "Clients",
  section: "Mirror",
  role: "viewer",
  isLive: true,
  render: async (visit) => {
    const page = Math.max(1, Math.trunc(Number(visit.query("page"))) || 1);
    const list = await visit.call(LIST_CLIENTS, {
      ...orderOf(visit),
      q: visit.query("q"),
      limit: String(PER_PAGE),
      offset: String((page - 1) * PER_PAGE),
    });
    const { upstreams } = await visit.call(SHOW_CLIENT_CONFIG);
    const { clients, known, total } = list;
    const pages = Math.max(1, Math.ceil(total / PER_PAGE));
    return {
      ...clientsSentence(list, visit.query("q") !== ""),
      commands: ["pkgstash clients", "pkgstash clients name ADDRESS NAME"],
      body: (
        <Part title="Clients of this mirror">
          {known === 0 ? null : <Filter label="Search" placeholder="address, name or pacman" />}
          <Live id="clients">
            {known === 0
              ? (
                <Empty title="No client has requested a file yet">
                  <p>
                    Put this line at the top of <code>/etc/pacman.d/mirrorlist</code> on a client.
                  </p>
                  {upstreams.map(({ name, server }) => (
                    <CopyField label={`Line for the mirrorlist, ${name}`} value={server} />
                  ))}
                </Empty>
              )
              : total === 0
              ? <Empty title="No client matches" />
              : (
                <>
                  <ClientTable clients={clients} />
                  <Pager list={{ rows: clients, total, page, pages }} one="client" />
                </>
              )}
          </Live>
        </Part>
      ),
    };
  },
};

/** The sort order in the URL; the API's default if it has none. */
function orderOf(
  visit: Visit,
): { sort?: typeof CLIENT_SORTS[number]; descending?: "true" | "false" } {
  const wanted = visit.query("sort");
  const sort = CLIENT_SORTS.find((each) => each === wanted.replace(/^-/, ""));
  return sort === undefined ? {} : { sort, descending: wanted.startsWith("-") ? "true" : "false" };
}

/** How many clients there are, and whether any is behind, in one sentence. */
export function clientsSentence(
  { known, total, behind }: ClientList,
  isFiltered: boolean,
): Pick<Content, "heading" | "tone"> {
  if (known === 0) return { heading: "No clients yet", tone: "calm" };
  const who = isFiltered ? `${counted(total, "client")} of ${known}` : counted(total, "client");
  return behind === 0 ? { heading: `${who}, all up to date`, tone: "good" } : {
    heading: `${who}, ${behind} not synced for 30 days`,
    tone: "warn",
  };
}
