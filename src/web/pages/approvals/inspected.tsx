import type { ApprovalDetail, InspectedReport } from "../../../api/approvals.ts";
import { Foreign } from "../../elements/foreign_text.tsx";
import { Part } from "../../elements/facts.tsx";
import { Count, counted, Time } from "../../elements/quantities.tsx";
import { type DiffFile, filesOfDiff } from "./diff_files.ts";
import { DiffView } from "./diff_view.tsx";
import { FactList } from "./fact_list.tsx";
import { SettingsChange } from "./settings_change.tsx";

/** One pending package: its findings, its maintainers, and the diff. */
export function Inspected(
  { approval, inspected, hasHeading }: {
    approval: ApprovalDetail;
    inspected: InspectedReport;
    /** Whether to show the package name, because the page shows several. */
    hasHeading: boolean;
  },
) {
  const { base, accepted, version, facts, diff, settings } = inspected;
  const files = filesOfDiff(diff);
  const fileHref = (path: string, side: "before" | "after") =>
    `/admin/approvals/${encodeURIComponent(base)}/file?${new URLSearchParams({
      id: approval.id,
      path,
      side,
    })}`;
  return (
    <>
      {hasHeading
        ? (
          <h2 class="package-title">
            {base}{" "}
            <span class="versions">
              {accepted === null ? null : (
                <>
                  <Foreign text={accepted} /> →
                </>
              )}
              <Foreign text={version} />
            </span>
          </h2>
        )
        : null}
      {settings === null ? null : <SettingsChange settings={settings} />}
      <Behind inspected={inspected} />
      {facts.length === 0 ? null : (
        <Part
          title={inspected.verdict === null ? "Worth a look" : "What changed"}
          aside={<span class="quiet">{counted(facts.length, "finding")}</span>}
        >
          <FactList facts={facts} files={files} fileHref={fileHref} />
        </Part>
      )}
      <Files inspected={inspected} files={files} fileHref={fileHref} />
    </>
  );
}

function Files(
  { inspected, files, fileHref }: {
    inspected: InspectedReport;
    files: readonly DiffFile[];
    fileHref: (path: string, side: "before" | "after") => string;
  },
) {
  const { base, accepted, tree, diff, compared_with } = inspected;
  const rest = diff.at(-1);
  return (
    <Part
      title={compared_with === null ? "All files" : "Files"}
      aside={
        <span class="quiet">
          {files.length === 0
            ? "none differ"
            : accepted === null
            ? counted(files.length, "file")
            : `${counted(files.length, "file")} differ${files.length === 1 ? "s" : ""}`}
        </span>
      }
    >
      {files.length === 0
        ? <p class="quiet">The files are those of the last accepted version.</p>
        : (
          <DiffView
            files={files}
            tree={`${compared_with ?? ""}${tree}`}
            base={base}
            fileHref={fileHref}
          />
        )}
      {rest?.kind === "note" && /too long to show/.test(rest.text)
        ? (
          <p class="notice warn">
            The rest is too long to show here. Read it with{" "}
            <code>pkgstash approvals show {base}</code>, or in the AUR.
          </p>
        )
        : null}
    </Part>
  );
}

/** Who is behind a package: its maintainers, votes and age. */
function Behind({ inspected }: { inspected: InspectedReport }) {
  const { maintainers, maintainer_history, votes, first_submitted, pushed_at, news } = inspected;
  const { maintainer, co_maintainers } = maintainers;
  const isNew = maintainer_history.length > 1;
  const before = maintainer_history.at(-2);
  return (
    <>
      {inspected.description === null ? null : (
        <p class="quiet">
          <Foreign text={inspected.description} />
        </p>
      )}
      {news.length === 0 ? null : (
        <ul class="news notice warn">
          {news.slice(0, 5).map(({ at, text }) => (
            <li key={`${at} ${text}`}>
              <Foreign text={text.replace(/\.$/, "")} />, <Time at={at} />
            </li>
          ))}
        </ul>
      )}
      <dl class="about">
        <div>
          <dt>Maintainer</dt>
          <dd class={maintainer === null ? "warn" : undefined}>
            <Foreign text={[maintainer ?? "nobody", ...co_maintainers].join(", ")} />
            {isNew && before !== undefined
              ? (
                <span class="hint">
                  until <Time at={maintainer_history.at(-1)!.at} />:{" "}
                  <Foreign
                    text={[before.maintainer ?? "nobody", ...before.co_maintainers].join(", ")}
                  />
                </span>
              )
              : null}
          </dd>
        </div>
        <div>
          <dt>Votes</dt>
          <dd>
            <Count value={votes} />
          </dd>
        </div>
        <div>
          <dt>First submitted</dt>
          <dd>
            <Time at={first_submitted} none="unknown" />
          </dd>
        </div>
        <div>
          <dt>Pushed</dt>
          <dd>
            <Time at={pushed_at} />
          </dd>
        </div>
      </dl>
      <Sources inspected={inspected} />
    </>
  );
}

/** The hosts that sources come from, with the URLs folded. */
function Sources({ inspected: { sources, dependencies } }: { inspected: InspectedReport }) {
  const hosts = Map.groupBy(sources, hostOf);
  return (
    <details class="sources">
      <summary>
        {hosts.size === 0 ? "No sources" : (
          <>
            Sources from <Foreign text={[...hosts.keys()].join(", ")} />
          </>
        )}, {counted(dependencies.length, "dependency", "dependencies")}
      </summary>
      <ul>
        {sources.map((source) => (
          <li key={source}>
            <code>
              <Foreign text={source} />
            </code>
          </li>
        ))}
      </ul>
      {dependencies.length === 0 ? null : (
        <p class="quiet">
          Depends on <Foreign text={dependencies.join(", ")} />
        </p>
      )}
    </details>
  );
}

/** The host of a source, or "its own files" for a local one. */
export function hostOf(source: string): string {
  const url = source.replace(/^.*?::/, "").replace(/^[a-z]+\+/, "");
  return /^[a-z][a-z0-9+.-]*:\/\/([^/]*)/i.exec(url)?.[1] ?? "its own files";
}
