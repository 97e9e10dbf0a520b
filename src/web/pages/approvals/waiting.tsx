import type { ApprovalReport, FactReport } from "../../../api/approvals.ts";
import { Badge } from "../../elements/badge.tsx";
import { Foreign } from "../../elements/foreign_text.tsx";
import { Time } from "../../elements/quantities.tsx";
import { listText, sentence, subjectsOf } from "./facts.ts";

/** Pending approvals, one entry for each decision. */
export function Waiting(
  { approvals, facts }: {
    approvals: readonly ApprovalReport[];
    /** What changed, by approval id. */
    facts: ReadonlyMap<string, readonly FactReport[]>;
  },
) {
  return (
    <ol class="waiting-list">
      {approvals.map((approval) => (
        <li key={approval.id}>
          <Entry approval={approval} facts={facts.get(approval.id) ?? []} />
        </li>
      ))}
    </ol>
  );
}

function Entry(
  { approval, facts }: { approval: ApprovalReport; facts: readonly FactReport[] },
) {
  const { kind, packages, passes_at, pushed_at } = approval;
  const [first] = packages;
  if (first === undefined) return null;
  return (
    <>
      <p class="entry-title">
        <a href={approvalHref(approval)}>{packages.map(({ base }) => base).join(", ")}</a>{" "}
        <span class="versions">
          {kind === "settings"
            ? "settings"
            : first.accepted === null
            ? packages.length === 1 ? <Foreign text={first.version} /> : null
            : (
              <>
                <Foreign text={first.accepted} /> → <Foreign text={first.version} />
              </>
            )}
        </span>{" "}
        {kind === "first" ? <Badge>first build</Badge> : null}
      </p>
      <p>
        <Foreign text={entryText(approval, facts)} />
      </p>
      <p class="quiet small">
        {kind === "settings" ? "Proposed " : "Pushed "}
        <Time at={kind === "settings" ? first.settings?.at ?? pushed_at : pushed_at} />
        {passes_at === null ? null : (
          <>
            , passes <Time at={passes_at} />
          </>
        )}
      </p>
    </>
  );
}

/** Why it waits and what changed, in a sentence or two. */
export function entryText(
  { kind, reasons, packages }: ApprovalReport,
  facts: readonly FactReport[],
): string {
  if (kind === "settings") {
    const changes = packages.flatMap(({ settings }) => settings?.changes ?? []);
    const why = packages[0]?.settings;
    return `Changed build settings: ${listText(changes.map(({ name }) => name))}.` +
      (why === null || why === undefined ? "" : ` ${why.by} says: ${sentence(why.reason)}`);
  }
  if (kind === "first") {
    const many = packages.length > 1 ? `${packages.length} packages that were` : "It was";
    const look = facts.length === 0 ? "" : ` Worth a look: ${listText(subjectsOf(facts))}.`;
    return `${many} never built here.${look}`;
  }
  if (facts.length === 0) return sentence(reasons.join("; "));
  const others = reasons.filter((each) => !/^more than versions/.test(each));
  const changed = `Changed: ${listText(subjectsOf(facts))}.`;
  return others.length === 0 ? changed : `${changed} ${sentence(others.join("; "))}`;
}

/** The page on which to decide an approval. */
export function approvalHref({ id, packages }: Pick<ApprovalReport, "id" | "packages">): string {
  return `/admin/approvals/${encodeURIComponent(packages[0]?.base ?? "")}?id=${id}`;
}
