import type { PackageReport } from "../../../api/packages.ts";
import { ActionForm } from "../../elements/forms.tsx";
import { Bytes, Count, Time } from "../../elements/quantities.tsx";
import { type Column, Table } from "../../elements/table.tsx";
import { KeptBadges } from "./kept_badges.tsx";

/** The path of a package's page. */
export function packagePath({ directory, file }: Pick<PackageReport, "directory" | "file">) {
  return `/admin/packages/${encodeURIComponent(directory)}/${encodeURIComponent(file)}`;
}

/** A table of cached packages. */
export function PackageTable(
  { packages, name, isWhole = false }: {
    packages: readonly PackageReport[];
    name: string;
    /** Whether it is the main list, which can be sorted and has buttons to pin. */
    isWhole?: boolean;
  },
) {
  const sorts = (key: string) => isWhole ? { sort: key } : {};
  const columns: Column<PackageReport>[] = [
    {
      title: "Package",
      ...sorts("name"),
      cell: (each) => (
        <span class="file" title={each.path}>
          <a class="name" href={packagePath(each)}>{each.name}</a>
          <span class="directory">{each.version} · {each.directory}</span>
        </span>
      ),
    },
    {
      title: "Size",
      ...sorts("size"),
      cell: ({ bytes }) => <Bytes bytes={bytes} />,
      isNumber: true,
    },
    {
      title: "Uses",
      ...sorts("uses"),
      cell: ({ uses }) => <Count value={uses} />,
      isNumber: true,
      from: "medium",
    },
    {
      title: "Last used",
      ...sorts("used_at"),
      cell: ({ used_at }) => <Time at={used_at} />,
      isNumber: true,
      from: "medium",
    },
    {
      title: "Fetched",
      ...sorts("fetched_at"),
      cell: ({ fetched_at }) => <Time at={fetched_at} />,
      isNumber: true,
      from: "wide",
    },
    {
      title: "Kept because",
      cell: ({ kept_because }) => <KeptBadges reasons={kept_because} />,
      from: "wide",
    },
  ];
  if (isWhole) {
    columns.push({
      title: "Pin",
      isAction: true,
      cell: ({ name, pinned }) =>
        pinned ? <span class="quiet">pinned</span> : (
          <ActionForm
            action="pin"
            fields={{ name }}
            weight="quiet"
            label={`Pin ${name}`}
            button="Pin"
          />
        ),
    });
  }
  return <Table name={name} rows={packages} keyOf={({ path }) => path} columns={columns} />;
}
