import type { ApprovalDetail, InspectedReport } from "../../api/approvals.ts";
import { agoText, durationText } from "../quantity.ts";
import { type Paints, renderFacts, visible, visibleLine } from "../terminal_text.ts";
import { renderFact, sortedFacts } from "./aur_judge.ts";
import { renderSettingChange } from "./setting_change_text.ts";

/** Everything needed to decide: first the facts, then the files. */
export function renderApproval(approval: ApprovalDetail, paints: Paints): string {
  const { id, kind, reasons, passes_at, packages } = approval;
  const now = Date.now();
  const order = packages.map(({ base }) => base).join(", ");
  const facts: [string, string][] = [
    ["Approval", id],
    [
      "About",
      kind === "first"
        ? `first builds of ${order}, in this order`
        : kind === "settings"
        ? `how ${order} is built`
        : `a change of ${order}`,
    ],
    ["Waits", reasons.join("; ") || "-"],
  ];
  if (passes_at !== null) {
    facts.push(["Passes", `automatically in ${durationText(Date.parse(passes_at) - now)}`]);
  }
  return [
    renderFacts(facts, paints),
    ...packages.map((each) => renderPackage(each, { paints, now })),
    "",
    `To approve exactly this: pkgstash approvals approve ${id}`,
  ].join("\n");
}

function renderPackage(
  inspected: InspectedReport,
  { paints, now }: { paints: Paints; now: number },
): string {
  const { base, accepted, version, verdict, maintainers, diff, news, sources } = inspected;
  const about: [string, string][] = [
    ["Package base", base],
    ["Version", accepted === null ? version : `${accepted} -> ${version}`],
    [
      "Verdict",
      inspected.settings !== null && diff.length === 0
        ? "files unchanged"
        : verdict ?? "first build: review everything",
    ],
    ["Description", inspected.description ?? "-"],
    inspected.repository === null
      ? [
        "Maintainer",
        [maintainers.maintainer ?? "nobody", ...maintainers.co_maintainers].join(", "),
      ]
      : [
        "Repository",
        `${inspected.repository}: who can or could push there is unknown`,
      ],
    ["Pushed", agoText(inspected.pushed_at, now)],
    [
      "In the AUR",
      inspected.first_submitted === null
        ? "-"
        : `since ${inspected.first_submitted.slice(0, 10)}, ${inspected.votes ?? 0} votes`,
    ],
    ["Depends on", inspected.dependencies.join(", ") || "-"],
    ["Tree", inspected.tree],
  ];
  const lines = ["", renderFacts(about, paints)];
  const { settings } = inspected;
  if (settings !== null) {
    const why = `Changed settings, proposed ${agoText(settings.at, now)} by ${settings.by}: ` +
      settings.reason;
    lines.push("", paints.doubtful(visible(why)));
    lines.push(...settings.changes.flatMap((change) => renderSettingChange(change, paints)));
  }
  for (const { at, text } of news) {
    lines.push(paints.doubtful(visible(`${at.slice(0, 10)}  ${text}`)));
  }
  const byHost = Map.groupBy(sources, hostOf);
  if (byHost.size > 0) lines.push("", paints.title("Sources, by host"));
  for (const [host, entries] of byHost) {
    lines.push(`  ${visible(host)}`, ...entries.map((entry) => `    ${visible(entry)}`));
  }
  const facts = sortedFacts(inspected.facts);
  if (facts.length > 0) lines.push("", ...facts.map((fact) => renderFact(fact, paints)));
  lines.push("", ...diff.map(({ kind, text }) => paintLine(kind, visibleLine(text), paints)));
  return lines.join("\n");
}

/** The host of a source, or the package itself for a local one. */
function hostOf(source: string): string {
  const url = source.replace(/^.*?::/, "").replace(/^[a-z]+\+/, "");
  return /^[a-z][a-z0-9+.-]*:\/\/([^/]*)/i.exec(url)?.[1] ?? "the package's own files";
}

function paintLine(kind: InspectedReport["diff"][number]["kind"], text: string, paints: Paints) {
  switch (kind) {
    case "added":
      return paints.good(text);
    case "removed":
      return paints.bad(text);
    case "hunk":
      return paints.accent(text);
    case "file":
      return paints.title(text);
    case "note":
      return paints.doubtful(text);
    case "context":
      return text;
  }
}
