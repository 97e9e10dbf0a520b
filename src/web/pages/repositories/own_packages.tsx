import type { OwnPackageReport } from "../../../api/repositories.ts";
import { Filter } from "../../elements/filter.tsx";
import { ActionForm, Choice } from "../../elements/forms.tsx";
import { Empty } from "../../elements/messages.tsx";
import { NextPager } from "../../elements/pager.tsx";
import { Bytes, Time } from "../../elements/quantities.tsx";
import { Table } from "../../elements/table.tsx";
import { useVisit } from "../../visit_context.ts";

/** A page of a repository's packages, as the URL filters them. */
export function OwnPackages(
  { packages, next, others }: {
    packages: readonly OwnPackageReport[];
    next: string | null;
    /** Repositories that packages can be promoted to. */
    others: readonly string[];
  },
) {
  const visit = useVisit();
  const [other] = others;
  return (
    <>
      <Filter label="Search packages" placeholder="name, with * and ?" />
      {packages.length === 0
        ? (
          <Empty
            title={visit.query("q") === "" ? "No packages yet." : "No package matches."}
          >
            <p>Drop packages above, or use pkgstash repo add.</p>
          </Empty>
        )
        : (
          <Table
            name="Packages"
            rows={packages}
            keyOf={({ file }) => file}
            columns={[
              { title: "Package", cell: ({ name }) => name },
              { title: "Version", cell: ({ version }) => version },
              { title: "For", cell: ({ architecture }) => architecture, from: "wide" },
              {
                title: "Size",
                cell: ({ bytes }) => <Bytes bytes={bytes} />,
                isNumber: true,
                from: "medium",
              },
              { title: "Added", cell: ({ added_at }) => <Time at={added_at} />, from: "medium" },
              ...(other === undefined || !visit.may("administrator") ? [] : [{
                title: "Publish in",
                cell: ({ name }: OwnPackageReport) => (
                  <ActionForm
                    action="promote"
                    fields={{ package: name }}
                    button="Publish"
                    weight="quiet"
                    label={`Publish ${name} in another repository`}
                  >
                    <Choice
                      name="to"
                      label="Repository"
                      options={Object.fromEntries(others.map((each) => [each, each]))}
                      value={other}
                    />
                  </ActionForm>
                ),
                from: "wide" as const,
              }]),
              {
                title: "Actions",
                isAction: true,
                cell: ({ name }) => (
                  <ActionForm
                    action="remove"
                    fields={{ package: name }}
                    button="Remove"
                    weight="quiet"
                    label={`Remove ${name}`}
                  />
                ),
              },
            ]}
          />
        )}
      <NextPager next={next} />
    </>
  );
}
