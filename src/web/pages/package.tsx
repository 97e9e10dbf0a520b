import { type PackageDetails, REMOVE_PACKAGE, SHOW_PACKAGE } from "../../api/packages.ts";
import { ADD_PIN, LIST_PINS, REMOVE_PIN } from "../../api/pins.ts";
import { bytesText } from "../../config/quantities.ts";
import { CopyField } from "../elements/copy_field.tsx";
import { Fact, Facts, Part } from "../elements/facts.tsx";
import { ActionForm } from "../elements/forms.tsx";
import { Notice } from "../elements/messages.tsx";
import { Bytes, Count, Time } from "../elements/quantities.tsx";
import type { Content, Page } from "../page.ts";
import { KeptBadges } from "./packages/kept_badges.tsx";
import { PackageTable } from "./packages/package_table.tsx";

/** One cached package: its file, its use, and why it is kept. */
export const PACKAGE: Page = {
  path: "packages/{directory}/{file}",
  title: "Package",
  section: null,
  role: "viewer",
  render: async ({ call, params }) => {
    const [shown, { pins }] = await Promise.all([
      call(SHOW_PACKAGE, { directory: params["directory"] ?? "", file: params["file"] ?? "" }),
      call(LIST_PINS),
    ]);
    const ownPin = pins.find(({ pattern, source }) => source === "api" && pattern === shown.name);
    const { name, bytes, signed, uses, used_at, fetched_at, sha256, listed, versions } = shown;
    return {
      ...headingOf(shown),
      commands: [`pkgstash packages show ${name}`, `pkgstash packages remove ${shown.path}`],
      body: (
        <>
          <Facts>
            <Fact label="Size" value={<Bytes bytes={bytes} />}>
              <span class="more">{signed ? "with its signature" : "signature not cached"}</span>
            </Fact>
            <Fact label="Downloads by clients" value={<Count value={uses} />}>
              <span class="more">
                last used <Time at={used_at} />
              </span>
            </Fact>
            <Fact label="Fetched" value={<Time at={fetched_at} />} />
            <Fact label="Kept because" value={<KeptBadges reasons={shown.kept_because} />} />
          </Facts>
          {shown.newer_version === null
            ? null
            : (
              <Notice tone="calm" title={`The database lists ${shown.newer_version}`}>
                <p>It is fetched when a client requests it, or by the next prefetch.</p>
              </Notice>
            )}
          <div class="buttons">
            {ownPin === undefined
              ? <ActionForm action="pin" button={`Pin ${name}`} />
              : <ActionForm action="unpin" button={`Unpin ${name}`} />}
            <ActionForm action="remove" weight="danger" button="Remove this file" />
          </div>
          <Part title="File">
            <CopyField label="Path below the server's root" value={`/${shown.path}`} />
            {sha256 === null
              ? <p class="quiet">The SHA-256 is calculated when the file is first read.</p>
              : <CopyField label="SHA-256" value={sha256} />}
          </Part>
          <Part title={`Cached versions of ${name}`}>
            <PackageTable packages={versions} name={`Cached versions of ${name}`} />
          </Part>
          <Part title="In databases">
            {listed.length === 0
              ? <p class="quiet">No database lists {name}.</p>
              : (
                <ul class="plain-list">
                  {listed.map(({ directory, version }) => (
                    <li key={directory}>{directory} lists {version}</li>
                  ))}
                </ul>
              )}
          </Part>
        </>
      ),
    };
  },
  actions: {
    pin: {
      role: "administrator",
      run: async ({ call, params }) => {
        const pattern = nameOf(await call(SHOW_PACKAGE, fileOf(params)));
        await call(ADD_PIN, { pattern });
        return { text: `${pattern} is pinned: cleanup keeps every version of it.` };
      },
    },
    unpin: {
      role: "administrator",
      run: async ({ call, params }) => {
        const pattern = nameOf(await call(SHOW_PACKAGE, fileOf(params)));
        await call(REMOVE_PIN, { pattern });
        return { text: `${pattern} is no longer pinned.` };
      },
    },
    remove: {
      role: "administrator",
      confirm: async ({ call, params }) => {
        const { name, version, bytes, pinned, current } = await call(
          SHOW_PACKAGE,
          fileOf(params),
        );
        return {
          heading: `Remove ${name} ${version} from the cache?`,
          body: (
            <>
              <p>
                This frees {bytesText(bytes)}. {current === true
                  ? "A database lists it, so it is fetched again when a client requests it."
                  : "No database lists it anymore, so it cannot be fetched again."}
              </p>
              {pinned ? <p>It is pinned, and the pin stays.</p> : null}
            </>
          ),
          button: "Remove",
        };
      },
      run: async ({ call, params }) => {
        const { path, bytes_freed } = await call(REMOVE_PACKAGE, fileOf(params));
        return {
          text: `${path} is removed, ${bytesText(bytes_freed)} freed.`,
          to: "/admin/packages",
        };
      },
    },
  },
};

function fileOf(params: Readonly<Record<string, string>>) {
  return { directory: params["directory"] ?? "", file: params["file"] ?? "" };
}

function nameOf({ name }: PackageDetails): string {
  return name;
}

function headingOf(shown: PackageDetails): Pick<Content, "heading" | "tone"> {
  const { name, version, current, newer_version: newer } = shown;
  const what = `${name} ${version}`;
  if (current === true) return { heading: `${what} is cached and current`, tone: "good" };
  if (current === null) {
    return { heading: `${what} is cached; no database is known`, tone: "warn" };
  }
  return newer === null
    ? { heading: `${what} is cached, but no database lists it anymore`, tone: "calm" }
    : { heading: `${what} is cached; ${newer} is the current one`, tone: "calm" };
}
