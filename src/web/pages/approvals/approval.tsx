import {
  type ApprovalDetail,
  type ApprovalReport,
  LIST_APPROVALS,
  SHOW_APPROVAL,
} from "../../../api/approvals.ts";
import { SHOW_WATCHED } from "../../../api/aur.ts";
import { Empty, Notice } from "../../elements/messages.tsx";
import { CallError } from "../../call.ts";
import type { Content, Page, Tone } from "../../page.ts";
import type { Visit } from "../../visit.ts";
import { approve, hold, skip } from "./decide.ts";
import { DecisionForm } from "./decision_form.tsx";
import { listText, subjectsOf } from "./facts.ts";
import { LastDecisions } from "./last_decisions.tsx";
import { Inspected } from "./inspected.tsx";
import { Moved } from "./moved.tsx";
import { approvalHref } from "./waiting.tsx";

/** Everything needed to decide about a package. */
export const APPROVAL: Page = {
  path: "approvals/{package}",
  title: "Approval",
  section: null,
  role: "viewer",
  render: async (visit) => {
    const { call, params } = visit;
    const base = params["package"] ?? "";
    const { approvals } = await call(LIST_APPROVALS);
    const ofBase = approvals.filter(({ packages }) => packages.some((each) => each.base === base));
    const wanted = visit.query("id");
    const chosen = ofBase.find(({ id }) => id === wanted) ??
      ofBase.find(({ is_asked }) => is_asked) ?? ofBase[0];
    if (chosen === undefined) return await nothingWaits(base, visit);
    const since = visit.query("since");
    const detail = await call(SHOW_APPROVAL, {
      id: chosen.id,
      ...since === "" ? {} : { since },
    });
    const others = ofBase.filter(({ id }) => id !== chosen.id);
    return {
      ...approvalSentence(detail),
      commands: [
        `pkgstash approvals show ${base}`,
        `pkgstash approvals approve ${chosen.id}`,
        `pkgstash approvals reject ${chosen.id} --reason TEXT`,
      ],
      body: <Body detail={detail} others={others} visit={visit} hasMoved={wanted !== ""} />,
    };
  },
  actions: {
    approve: { role: "approver", run: approve },
    skip: { role: "approver", run: skip },
    hold: { role: "approver", run: hold },
  },
};

function Body(
  { detail, others, visit, hasMoved }: {
    detail: ApprovalDetail;
    others: readonly ApprovalReport[];
    visit: Visit;
    /** Whether the URL names an approval. */
    hasMoved: boolean;
  },
) {
  const since = visit.query("since").split(",").filter((each) => each !== "");
  const isOther = hasMoved && visit.query("id") !== detail.id;
  return (
    <>
      {since.length > 0 || isOther ? <Moved detail={detail} since={since} /> : null}
      {others.map((other) => (
        <Notice tone="calm" title="This package has another pending approval">
          <p>
            <a href={approvalHref(other)}>
              {other.kind === "settings" ? "Changed build settings" : "A change"}
            </a>
          </p>
        </Notice>
      ))}
      <p class="lead">
        <a class="button" href="#decide">Decide</a>
        {detail.packages.length < 2 ? null : (
          <span class="quiet">
            on {detail.packages.length} packages at once, in the order in which they are built
          </span>
        )}
      </p>
      {detail.packages.map((each) => (
        <Inspected
          key={each.base}
          approval={detail}
          inspected={each}
          hasHeading={detail.packages.length > 1}
        />
      ))}
      <DecisionForm detail={detail} />
    </>
  );
}

/** What waits and why it needs a person, in one sentence. */
export function approvalSentence(detail: ApprovalDetail): { heading: string; tone: Tone } {
  const { kind, packages, is_asked } = detail;
  const [first] = packages;
  if (first === undefined) return { heading: "Nothing waits", tone: "good" };
  const names = listText(packages.map(({ base }) => base));
  if (kind === "settings") {
    return { heading: `${names}: changed build settings`, tone: "warn" };
  }
  if (kind === "first") {
    const version = packages.length === 1 ? ` ${first.version}` : "";
    return { heading: `${names}${version}: never built here`, tone: "calm" };
  }
  const versions = first.accepted === first.version
    ? `${first.version}, changed without a new version`
    : `${first.accepted} to ${first.version}`;
  const urgent = packages.flatMap(({ facts }) => facts).filter((fact) => fact.class === "review");
  const what = urgent.length === 0
    ? is_asked ? "a person must decide" : "its cool-down is not over"
    : `${listText(subjectsOf(urgent))} changed`;
  return { heading: `${names} ${versions}: ${what}`, tone: urgent.length > 0 ? "warn" : "calm" };
}

/** The page of a package without pending approvals: its last decisions. */
async function nothingWaits(base: string, { call }: Visit): Promise<Content> {
  const watched = await call(SHOW_WATCHED, { name: base }).catch((error) => {
    if (error instanceof CallError && [400, 404].includes(error.problem.status)) return null;
    throw error;
  });
  if (watched === null) {
    return {
      heading: "This package is not watched",
      tone: "warn",
      commands: ["pkgstash aur list"],
      body: (
        <Empty title="It may have been removed from the watched packages.">
          <p>
            <a href="/admin/approvals">What waits for you</a>
          </p>
        </Empty>
      ),
    };
  }
  return {
    heading: `No pending approvals for ${watched.base}`,
    tone: "good",
    commands: [`pkgstash aur show ${watched.base}`],
    body: <LastDecisions watched={watched} />,
  };
}
