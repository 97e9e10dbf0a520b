import type { FactReport } from "../../../api/approvals.ts";
import { Badge } from "../../elements/badge.tsx";
import { Foreign, Visible } from "../../elements/foreign_text.tsx";
import { counted } from "../../elements/quantities.tsx";
import type { DiffFile } from "./diff_files.ts";
import { lineId } from "./diff_view.tsx";
import { byWeight, wordOf } from "./facts.ts";

type FileHref = (path: string, side: "before" | "after") => string;

/** The findings. If any needs review, the others are folded. */
export function FactList(
  { facts, files, fileHref }: {
    facts: readonly FactReport[];
    files: readonly DiffFile[];
    fileHref: FileHref;
  },
) {
  const sorted = byWeight(facts);
  const urgent = sorted.filter((fact) => fact.class === "review");
  const others = sorted.filter((fact) => fact.class !== "review");
  const shown = linesShown(files);
  const list = (some: readonly FactReport[]) => (
    <ul class="fact-list">
      {some.map((fact) => <Fact fact={fact} shown={shown} fileHref={fileHref} />)}
    </ul>
  );
  if (urgent.length === 0) return list(others);
  return (
    <>
      {list(urgent)}
      {others.length === 0 ? null : (
        <details>
          <summary>{counted(others.length, "other finding")} accepted by the rules</summary>
          {list(others)}
        </details>
      )}
    </>
  );
}

function Fact(
  { fact, shown, fileHref }: { fact: FactReport; shown: ReadonlySet<string>; fileHref: FileHref },
) {
  const { file, line, before, after, reason } = fact;
  const { word, tone } = wordOf(fact);
  const side = after === null && before !== null ? "before" : "after";
  const id = line === null ? null : lineId(file, side, line);
  const place = line === null ? file : `${file}:${line}`;
  const isInDiff = id !== null && shown.has(id);
  const href = isInDiff ? `#${id}` : `${fileHref(file, side)}${line === null ? "" : `#L${line}`}`;
  return (
    <li class={`fact-item ${tone}`}>
      <Badge tone={tone}>{word}</Badge>
      <div>
        <p>
          <Foreign text={reason} />{" "}
          <a class="place" href={href}>
            <Foreign text={place} />
          </a>
        </p>
        {isInDiff && [before, after].some((text) => text?.trimEnd().includes("\n"))
          ? null
          : <BeforeAfter before={before} after={after} />}
      </div>
    </li>
  );
}

/** Longer texts are stacked. In characters. */
const SHORT = 48;

function BeforeAfter({ before, after }: { before: string | null; after: string | null }) {
  if (before === after) return null;
  const isShort = [before, after].every((text) => (text ?? "").length <= SHORT);
  return (
    <p class={isShort ? "before-after" : "before-after stacked"}>
      {before === null ? null : (
        <del>
          <Visible text={shortened(before)} />
        </del>
      )}
      {before === null || after === null || !isShort ? null : <span aria-hidden="true">→</span>}
      {after === null ? null : (
        <ins>
          <Visible text={shortened(after)} />
        </ins>
      )}
    </p>
  );
}

const MAX_LENGTH = 300;

/** The diff below has the full text. */
function shortened(text: string): string {
  return text.length <= MAX_LENGTH
    ? text
    : `${text.slice(0, MAX_LENGTH)} [${text.length - MAX_LENGTH} more characters]`;
}

/** The HTML ids of all lines that a diff shows. */
function linesShown(files: readonly DiffFile[]): Set<string> {
  const ids = new Set<string>();
  for (const { before, after, hunks } of files) {
    const path = after ?? before ?? "";
    for (const block of hunks.flatMap(({ blocks }) => blocks)) {
      if (block.kind === "note") continue;
      for (const { number } of block.after) ids.add(lineId(path, "after", number));
      if (block.kind === "context") continue;
      for (const { number } of block.before) ids.add(lineId(path, "before", number));
    }
  }
  return ids;
}
