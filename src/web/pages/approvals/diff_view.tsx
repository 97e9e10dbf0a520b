import { createHash } from "node:crypto";
import { assetUrl } from "../../assets/assets.ts";
import "../../elements/custom_elements.ts";
import { Visible } from "../../elements/foreign_text.tsx";
import { counted } from "../../elements/quantities.tsx";
import { changedWords, type Span } from "./changed_words.ts";
import type { DiffBlock, DiffFile, NumberedLine } from "./diff_files.ts";
import { segmentsOf } from "./marked_line.ts";
import { isShell, shellTokens } from "./shell_tokens.ts";

/** The HTML id of a line of the old or new file. */
export function lineId(path: string, side: "before" | "after", line: number): string {
  return `${side === "before" ? "L" : "R"}${line}-${hashOf(path)}`;
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 8);
}

/**
 * The files of a diff, unified on narrow screens and side by side on wide ones. `tree` is the hash
 * under which the browser remembers viewed files.
 */
export function DiffView(
  { files, tree, base, fileHref }: {
    files: readonly DiffFile[];
    tree: string;
    base: string;
    /** The URL of the whole file. */
    fileHref: (path: string, side: "before" | "after") => string;
  },
) {
  return (
    <viewed-files class="diff" data-tree={tree}>
      {files.length < 2 ? null : <p class="viewed-count" role="status" hidden></p>}
      {files.map((file) => (
        <FileDiff key={file.after ?? file.before} file={file} base={base} fileHref={fileHref} />
      ))}
      <script defer src={assetUrl("viewed_files.js")}></script>
    </viewed-files>
  );
}

function FileDiff(
  { file, base, fileHref }: {
    file: DiffFile;
    base: string;
    fileHref: (path: string, side: "before" | "after") => string;
  },
) {
  const { before, after, notes, hunks, added, removed } = file;
  const path = after ?? before ?? "";
  const side = after === null ? "before" : "after";
  return (
    <details class="diff-file" open data-path={path}>
      <summary>
        <span class="path">
          {before !== null && after !== null && before !== after
            ? (
              <>
                <Visible text={before} /> → <Visible text={after} />
              </>
            )
            : <Visible text={path} />}
        </span>
        <span class="diff-counts">
          {before === null ? <span class="badge">new</span> : null}
          {after === null ? <span class="badge bad">removed</span> : null}
          <span class="added" title={counted(added, "line") + " added"}>+{added}</span>
          <span class="removed" title={counted(removed, "line") + " removed"}>−{removed}</span>
        </span>
      </summary>
      <p class="diff-actions">
        <a href={fileHref(path, side)} aria-label={`Whole file ${path} of ${base}`}>
          Whole file
        </a>
        {before === null || after === null
          ? null
          : (
            <a href={fileHref(before, "before")} aria-label={`Accepted file ${path} of ${base}`}>
              Accepted file
            </a>
          )}
        <label class="viewed" hidden>
          <input type="checkbox" /> Viewed
        </label>
      </p>
      {notes.map((note) => (
        <p class="diff-note">
          <Visible text={note} />
        </p>
      ))}
      {hunks.length === 0
        ? null
        : (
          <div class="code-lines" role="group" aria-label={`What changed in ${path}`}>
            {hunks.map(({ title, blocks }) => (
              <>
                {title === "" ? null : <p class="hunk">{title}</p>}
                {blocks.map((block) => <Block block={block} file={file} />)}
              </>
            ))}
          </div>
        )}
    </details>
  );
}

function Block({ block, file }: { block: DiffBlock; file: DiffFile }) {
  if (block.kind === "note") {
    return (
      <p class="diff-note">
        <Visible text={block.text} />
      </p>
    );
  }
  const path = file.after ?? file.before ?? "";
  const isCode = isShell(path);
  if (block.kind === "context") {
    return (
      <div class="block context">
        {block.before.map((line) => <Line line={line} side="old" isCode={isCode} isCopy />)}
        {block.after.map((line) => (
          <Line line={line} side="new" isCode={isCode} id={lineId(path, "after", line.number)} />
        ))}
      </div>
    );
  }
  const words = block.before.map((line, index) => {
    const other = block.after[index];
    return other === undefined ? null : changedWords(line.text, other.text);
  });
  const isWhole = file.before === null || file.after === null;
  return (
    <div class={isWhole ? "block change whole" : "block change"}>
      {block.before.map((line, index) => (
        <Line
          line={line}
          side="old"
          isCode={isCode}
          changed={words[index]?.before ?? []}
          id={lineId(path, "before", line.number)}
        />
      ))}
      {block.after.map((line, index) => (
        <Line
          line={line}
          side="new"
          isCode={isCode}
          changed={words[index]?.after ?? []}
          id={lineId(path, "after", line.number)}
        />
      ))}
    </div>
  );
}

function Line(
  { line: { number, text }, side, isCode, changed, id, isCopy = false }: {
    line: NumberedLine;
    side: "old" | "new";
    isCode: boolean;
    /** Undefined for an unchanged line. */
    changed?: readonly Span[];
    id?: string;
    /** Whether it duplicates another line, to be hidden from screen readers. */
    isCopy?: boolean;
  },
) {
  const sign = changed === undefined ? " " : side === "old" ? "−" : "+";
  return (
    <div class={`line ${side}`} id={id} aria-hidden={isCopy ? "true" : undefined}>
      <span class="line-number">{number}</span>
      <span class="sign">{sign}</span>
      <code>
        <CodeText text={text} isCode={isCode} changed={changed ?? []} side={side} />
      </code>
    </div>
  );
}

/** The text of a line, with syntax colours and changed words marked. */
export function CodeText(
  { text, isCode, changed = [], side = "new" }: {
    text: string;
    isCode: boolean;
    changed?: readonly Span[];
    side?: "old" | "new";
  },
) {
  const tokens = isCode ? shellTokens(text) : [{ text, kind: null }];
  return (
    <>
      {segmentsOf(tokens, changed).map(({ text, kind, isChanged }) => {
        const content = kind === null ? <Visible text={text} /> : (
          <span class={kind}>
            <Visible text={text} />
          </span>
        );
        return isChanged ? side === "old" ? <del>{content}</del> : <ins>{content}</ins> : content;
      })}
    </>
  );
}
