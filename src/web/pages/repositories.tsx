import { CREATE_REPOSITORY, LIST_REPOSITORIES } from "../../api/repositories.ts";
import { Part } from "../elements/facts.tsx";
import { ActionForm, Choice, Field } from "../elements/forms.tsx";
import { Empty } from "../elements/messages.tsx";
import { NextPager } from "../elements/pager.tsx";
import { Bytes, Count, counted, Time } from "../elements/quantities.tsx";
import { Table } from "../elements/table.tsx";
import type { Page } from "../page.ts";

const PER_PAGE = "50";
const SIGNING = {
  required: "by this server",
  external: "elsewhere, before it is published",
  none: "not signed",
};

/** The repositories that this server publishes itself. */
export const REPOSITORIES: Page = {
  path: "repositories",
  title: "Repositories",
  section: "Packages of your own",
  role: "viewer",
  render: async (visit) => {
    const after = visit.query("after");
    const { repositories, next } = await visit.call(LIST_REPOSITORIES, {
      limit: PER_PAGE,
      ...(after === "" ? {} : { after }),
    });
    const packages = repositories.reduce((sum, each) => sum + each.packages, 0);
    const isNone = repositories.length === 0 && after === "";
    return {
      heading: isNone
        ? "No repositories of your own yet"
        : `${counted(repositories.length, "repository publishes", "repositories publish")} ` +
          counted(packages, "package"),
      commands: ["pkgstash repo list", "pkgstash repo create NAME"],
      body: (
        <>
          {isNone
            ? (
              <Empty title="Publish your own packages in a signed repository.">
                <p>
                  Create one below, add packages to it, and add its section to pacman.conf on the
                  clients. The signing key is created with the first package.
                </p>
              </Empty>
            )
            : (
              <Table
                name="Repositories"
                rows={repositories}
                keyOf={({ name }) => name}
                columns={[
                  {
                    title: "Name",
                    cell: ({ name }) => (
                      <a href={`/admin/repositories/${encodeURIComponent(name)}`}>{name}</a>
                    ),
                  },
                  {
                    title: "Packages",
                    cell: (each) => <Count value={each.packages} />,
                    isNumber: true,
                  },
                  {
                    title: "Size",
                    cell: ({ bytes }) => <Bytes bytes={bytes} />,
                    isNumber: true,
                    from: "medium",
                  },
                  { title: "Signed", cell: ({ signing }) => SIGNING[signing], from: "medium" },
                  { title: "Published", cell: ({ published_at }) => <Time at={published_at} /> },
                ]}
              />
            )}
          <NextPager next={next} />
          {visit.may("administrator")
            ? (
              <Part title="Create a repository">
                <ActionForm action="create" button="Create" weight="main">
                  <Field
                    name="name"
                    label="Name"
                    hint="The name of its section in pacman.conf, for example: mine"
                    isRequired
                    isCode
                  />
                  <Choice name="signing" label="Signed" options={SIGNING} value="required" />
                </ActionForm>
              </Part>
            )
            : null}
        </>
      ),
    };
  },
  actions: {
    create: {
      role: "administrator",
      run: async ({ call }, form) => {
        const { name } = await call(CREATE_REPOSITORY, {
          body: { name: form.text("name").trim(), signing: form.text("signing") },
        });
        return {
          text: `The repository ${name} has been created. Now add packages.`,
          to: `/admin/repositories/${encodeURIComponent(name)}`,
        };
      },
    },
  },
};
