import { LIST_APPROVAL_FILES } from "../../../api/approvals.ts";
import { madeVisible } from "../../../formats/text/characters.ts";
import { Foreign, Visible } from "../../elements/foreign_text.tsx";
import { Bytes } from "../../elements/quantities.tsx";
import type { Content, Page } from "../../page.ts";
import { CodeText } from "./diff_view.tsx";
import { isShell } from "./shell_tokens.ts";

/** One whole file of the proposed or the accepted tree. */
export const APPROVAL_FILE: Page = {
  path: "approvals/{package}/file",
  title: "File",
  section: null,
  role: "viewer",
  render: async (visit): Promise<Content> => {
    const base = visit.params["package"] ?? "";
    const path = visit.query("path");
    const side = visit.query("side") === "before" ? "before" : "after";
    const id = visit.query("id");
    const { packages } = await visit.call(LIST_APPROVAL_FILES, { id });
    const files = packages.find((each) => each.base === base)?.files ?? [];
    const found = files.find((each) => madeVisible(each.path) === madeVisible(path));
    const file = found?.[side] ?? null;
    const back = `/admin/approvals/${encodeURIComponent(base)}?id=${encodeURIComponent(id)}`;
    const others = files.filter((each) => each[side] !== null);
    return {
      heading: `${madeVisible(path)} of ${base}, ${side === "before" ? "as accepted" : "pending"}`,
      commands: [],
      body: (
        <>
          <p class="lead">
            <a href={back}>Back to the decision</a>
            {file === null ? null : (
              <span class="quiet">
                · <Bytes bytes={file.size} />, mode {file.mode}
              </span>
            )}
          </p>
          {file === null ? <p>This version does not have the file.</p> : file.text === null
            ? (
              <p>
                Not a text file, or too long to show. SHA-256:{" "}
                <code>{file.sha256 ?? "unknown"}</code>
              </p>
            )
            : <WholeFile path={path} text={file.text} />}
          <nav class="file-list" aria-label="All files">
            <h2>All files</h2>
            <ul>
              {others.map((each) => (
                <li key={each.path}>
                  <a
                    href={visit.here({ path: each.path })}
                    aria-current={each === found ? "page" : undefined}
                  >
                    <Foreign text={each.path} />
                  </a>{" "}
                  {each.is_changed ? <span class="quiet">differs</span> : null}
                </li>
              ))}
            </ul>
          </nav>
        </>
      ),
    };
  },
};

/** More lines would make the browser slow. */
const MAX_LINES = 10_000;
const MAX_LINE = 2_000;

function WholeFile({ path, text }: { path: string; text: string }) {
  const lines = text.replace(/\n$/, "").split("\n");
  const isCode = isShell(path);
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={`Text of ${madeVisible(path)}`}>
      <div class="code-lines whole-file">
        {lines.slice(0, MAX_LINES).map((line, index) => (
          <div class="line" id={`L${index + 1}`}>
            <a class="line-number" href={`#L${index + 1}`}>{index + 1}</a>
            <code>
              {line.length > MAX_LINE
                ? (
                  <>
                    <Visible text={line.slice(0, MAX_LINE)} />
                    <span class="code-point">{line.length - MAX_LINE} more characters</span>
                  </>
                )
                : <CodeText text={madeVisible(line)} isCode={isCode} />}
            </code>
          </div>
        ))}
      </div>
      {lines.length <= MAX_LINES
        ? null
        : <p class="diff-note">{lines.length - MAX_LINES} more lines are not shown.</p>}
    </div>
  );
}
