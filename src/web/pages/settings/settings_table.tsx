import type { SettingReport } from "../../../api/configuration.ts";
import { Badge } from "../../elements/badge.tsx";
import { Pager } from "../../elements/pager.tsx";
import { listed, Table } from "../../elements/table.tsx";
import { useVisit } from "../../visit_context.ts";

const PER_PAGE = 25;

/** The keys and their values. By default, keys that differ from the defaults come first. */
export function SettingsTable({ settings }: { settings: readonly SettingReport[] }) {
  const visit = useVisit();
  const setFirst = settings.toSorted((a, b) => Number(isDefault(a)) - Number(isDefault(b)));
  const list = listed(visit, setFirst, {
    search: ({ table, name, value, description }) => `${table}.${name} ${value} ${description}`,
    sorts: { name: fullName, origin: ({ origin }) => origin },
    perPage: PER_PAGE,
  });
  return (
    <>
      <Table
        name="Settings"
        rows={list.rows}
        keyOf={fullName}
        columns={[
          {
            title: "Key",
            sort: "name",
            cell: (setting) => (
              <>
                <code>{fullName(setting)}</code>
                <span class="hint">{setting.description}</span>
              </>
            ),
          },
          { title: "Value", cell: ({ value }) => <code>{value}</code> },
          {
            title: "From",
            sort: "origin",
            cell: (setting) =>
              isDefault(setting)
                ? <span class="quiet">default</span>
                : <Badge>{setting.origin}</Badge>,
            from: "medium",
          },
          {
            title: "A change needs",
            cell: ({ needs_restart }) =>
              needs_restart ? "a restart" : <span class="quiet">a reload</span>,
            from: "wide",
          },
        ]}
      />
      <Pager list={list} one="key" />
    </>
  );
}

function fullName({ table, name }: SettingReport): string {
  return table === "" ? name : `${table}.${name}`;
}

function isDefault({ origin }: SettingReport): boolean {
  return origin === "default";
}
