import { SHOW_CLIENT_CONFIG } from "../../api/client_config.ts";
import {
  ABANDON_UPLOAD,
  DISCARD_WAITING,
  LIST_REPOSITORIES,
  OPEN_UPLOAD,
  PROMOTE_PACKAGES,
  PUBLISH_KEYRING,
  PUBLISH_UPLOAD,
  REMOVE_PACKAGES,
  ROLL_BACK,
  SHOW_HISTORY,
  SHOW_REPOSITORY,
  SHOW_WAITING,
  UPLOAD_FILE,
  VERIFY_REPOSITORY,
} from "../../api/repositories.ts";
import type { FileBody } from "../../api/endpoint.ts";
import { Fact, Facts, Part } from "../elements/facts.tsx";
import { ActionForm } from "../elements/forms.tsx";
import { bytesText } from "../../config/quantities.ts";
import { counted, Time } from "../elements/quantities.tsx";
import { failureOf } from "../failure.tsx";
import type { FormFile } from "../form_files.ts";
import type { Done, Form, Page } from "../page.ts";
import type { Visit } from "../visit.ts";
import { AddPackages } from "./repositories/add_packages.tsx";
import { ClientLines } from "./repositories/client_lines.tsx";
import { OwnPackages } from "./repositories/own_packages.tsx";
import { publicationText } from "./repositories/publication_text.ts";
import { Publications } from "./repositories/publications.tsx";
import { WaitingFiles } from "./repositories/waiting_files.tsx";

const PER_PAGE = "50";
const PUBLICATIONS_PER_PAGE = "20";
const OTHERS = "100";

/** One repository: its packages and publications, and every change to them. */
export const REPOSITORY: Page = {
  path: "repositories/{repository}",
  title: "Repository",
  section: null,
  role: "viewer",
  render: async (visit) => {
    const { call } = visit;
    const repository = nameIn(visit);
    const [q, after, upload] = ["q", "after", "upload"].map((name) => visit.query(name));
    const before = visit.query("before");
    const [shown, history, config, { repositories }] = await Promise.all([
      call(SHOW_REPOSITORY, {
        repository,
        limit: PER_PAGE,
        ...(q === "" ? {} : { name: /[*?]/.test(q!) ? q! : `*${q}*` }),
        ...(after === "" ? {} : { after: after! }),
      }),
      call(SHOW_HISTORY, {
        ...{ repository, limit: PUBLICATIONS_PER_PAGE },
        ...(before === "" ? {} : { before }),
      }),
      call(SHOW_CLIENT_CONFIG),
      call(LIST_REPOSITORIES, { limit: OTHERS }),
    ]);
    const { repository: { name, packages, bytes, generation, published_at, signing } } = shown;
    const waiting = signing === "external" ? await call(SHOW_WAITING, { repository }) : null;
    const others = repositories.map((each) => each.name).filter((each) => each !== name);
    return {
      heading: generation === null
        ? `${name} has published nothing yet`
        : `${name} publishes ${counted(packages, "package")}`,
      commands: [
        `pkgstash repo add ${name} FILE...`,
        `pkgstash repo show ${name}`,
        `pkgstash repo history ${name}`,
        `pkgstash repo verify ${name}`,
      ],
      body: (
        <>
          <Facts>
            <Fact label="Size" value={bytesText(bytes)} />
            <Fact label="Publication" value={generation ?? "none"}>
              <span class="more">
                <Time at={published_at} />
              </span>
            </Fact>
            <Fact
              label="Signed"
              value={signing === "none" ? "no" : signing === "required" ? "here" : "elsewhere"}
            />
          </Facts>
          {waiting === null ? null : <WaitingFiles name={name} waiting={waiting} />}
          {visit.may("administrator") ? <AddPackages upload={upload!} /> : null}
          <Part title="Packages">
            <OwnPackages packages={shown.packages} next={shown.next} others={others} />
          </Part>
          <ClientLines name={name} config={config} />
          <Part
            title="Publications"
            aside={
              <span class="buttons">
                <ActionForm action="verify" button="Verify all files" />
                {signing === "required"
                  ? <ActionForm action="keyring" button="Publish the keys as a package" />
                  : null}
              </span>
            }
          >
            <Publications {...history} current={generation} />
          </Part>
        </>
      ),
    };
  },
  upload: receive,
  uploadForm: receiveAll,
  actions: {
    publish: { role: "administrator", run: publish },
    abandon: {
      role: "administrator",
      run: async (visit, form) => {
        await visit.call(ABANDON_UPLOAD, {
          repository: nameIn(visit),
          upload: form.text("upload"),
        });
        return { text: "The files have been discarded.", to: visit.here({ upload: null }) };
      },
    },
    remove: {
      role: "administrator",
      confirm: (visit, form) => ({
        heading: `Remove ${form.text("package")} from ${nameIn(visit)}?`,
        body: (
          <>
            <p>Clients keep it installed, but get no more updates from here.</p>
            <label class="check">
              <input type="checkbox" name="force" value="yes" />{" "}
              Even if other packages in this repository depend on it
            </label>
          </>
        ),
        button: "Remove",
      }),
      run: async (visit, form) => {
        const name = form.text("package");
        const publication = await visit.call(REMOVE_PACKAGES, {
          repository: nameIn(visit),
          body: { packages: [name], force: form.has("force") },
        });
        return { text: publicationText(`${name} is removed`, publication) };
      },
    },
    promote: {
      role: "administrator",
      run: async (visit, form) => {
        const [name, to] = [form.text("package"), form.text("to")];
        const publication = await visit.call(PROMOTE_PACKAGES, {
          repository: nameIn(visit),
          body: { packages: [name], to },
        });
        return { text: publicationText(`${name} is published in ${to} as well`, publication) };
      },
    },
    rollback: {
      role: "administrator",
      confirm: (visit, form) => ({
        heading: `Roll back to publication ${form.text("generation")}?`,
        body: (
          <p>
            Its packages become a new publication of{" "}
            {nameIn(visit)}. Clients downgrade with pacman -Syuu.
          </p>
        ),
        button: "Roll back",
      }),
      run: async (visit, form) => {
        const generation = Number(form.text("generation"));
        const publication = await visit.call(ROLL_BACK, {
          repository: nameIn(visit),
          body: { generation },
        });
        return {
          text: publicationText(`The packages of publication ${generation} are back`, publication),
        };
      },
    },
    discard: {
      role: "administrator",
      confirm: (visit) => ({
        heading: `Discard the changes in ${nameIn(visit)} that await signatures?`,
        body: (
          <p>
            This drops everything added, removed or rolled back since the last publication.
            Published packages stay.
          </p>
        ),
        button: "Discard",
      }),
      run: async (visit) => {
        const { changes } = await visit.call(DISCARD_WAITING, { repository: nameIn(visit) });
        return { text: `${counted(changes.length, "change")} discarded.` };
      },
    },
    keyring: {
      role: "administrator",
      run: async (visit) => {
        const repository = nameIn(visit);
        const publication = await visit.call(PUBLISH_KEYRING, { repository });
        return { text: publicationText(`${repository}-keyring is published`, publication) };
      },
    },
    verify: {
      role: "administrator",
      run: async (visit) => {
        const { packages, bytes, faults } = await visit.call(VERIFY_REPOSITORY, {
          repository: nameIn(visit),
        });
        const read = `${counted(packages, "package")} of ${bytesText(bytes)} ` +
          `${packages === 1 ? "was" : "were"} read`;
        return {
          text: faults.length === 0
            ? `${read}: all match what was published.`
            : `${read}, with errors. ` +
              faults.map(({ file, reason }) => `${file}: ${reason}.`).join(" "),
        };
      },
    },
  },
};

function nameIn({ params }: Visit): string {
  return params["repository"] ?? "";
}

/** Receives one file. The first opens an upload; the others name it in the query. */
async function receive(visit: Visit, file: FileBody): Promise<Done> {
  const { call } = visit;
  const repository = nameIn(visit);
  const name = visit.query("file");
  const upload = visit.query("upload") || (await call(OPEN_UPLOAD, { repository })).upload;
  try {
    await call(UPLOAD_FILE, { repository, upload, file: name, body: file });
  } catch (error) {
    // An upload is published as a whole or not at all.
    await call(ABANDON_UPLOAD, { repository, upload }).catch(() => {});
    throw error;
  }
  return { text: `${name} has arrived.`, to: visit.here({ upload, file: null }) };
}

/**
 * Receives all files of a form and publishes them together. If that is refused, the upload stays,
 * so that the reader can allow it.
 */
async function receiveAll(visit: Visit, files: AsyncIterable<FormFile>): Promise<Done> {
  const { call } = visit;
  const repository = nameIn(visit);
  let upload: string | null = null;
  try {
    for await (const { name, content } of files) {
      upload ??= (await call(OPEN_UPLOAD, { repository })).upload;
      await call(UPLOAD_FILE, { repository, upload, file: name, body: { content, size: null } });
    }
  } catch (error) {
    if (upload !== null) await call(ABANDON_UPLOAD, { repository, upload }).catch(() => {});
    throw error;
  }
  if (upload === null) return { text: "No file selected.", tone: "bad" };
  try {
    const publication = await call(PUBLISH_UPLOAD, { repository, upload, body: {} });
    return { text: publicationText("The packages are published", publication) };
  } catch (error) {
    const { text } = failureOf(error, visit.url.pathname);
    return { text, tone: "bad", to: visit.here({ upload }) };
  }
}

async function publish(visit: Visit, form: Form): Promise<Done> {
  const publication = await visit.call(PUBLISH_UPLOAD, {
    repository: nameIn(visit),
    upload: form.text("upload"),
    body: {
      downgrade: form.has("downgrade"),
      replace: form.has("replace"),
      shadow: form.has("shadow"),
    },
  });
  return {
    text: publicationText("The packages are published", publication),
    to: visit.here({ upload: null, file: null }),
  };
}
