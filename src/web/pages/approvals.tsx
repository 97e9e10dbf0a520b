import {
  type ApprovalReport,
  type FactReport,
  LIST_APPROVALS,
  SHOW_APPROVAL,
} from "../../api/approvals.ts";
import { LIST_WATCHED } from "../../api/aur.ts";
import { LIST_EVENTS } from "../../api/events.ts";
import { Part } from "../elements/facts.tsx";
import { Live } from "../elements/live.tsx";
import { counted } from "../elements/quantities.tsx";
import type { Page, Tone } from "../page.ts";
import type { Visit } from "../visit.ts";
import { BuildsToDecide } from "./approvals/builds_to_decide.tsx";
import { LetThrough, letThroughIn } from "./approvals/let_through.tsx";
import { NothingWaits } from "./approvals/nothing_waits.tsx";
import { Waiting } from "./approvals/waiting.tsx";

/** Each detail costs a call, so only this many entries list what changed. */
const MOST_DETAILS = 20;
const EVENTS_READ = "200";

/** Changes of packages and settings, and builds, that wait for a decision. */
export const APPROVALS: Page = {
  path: "approvals",
  title: "Approvals",
  section: "Packages of your own",
  role: "viewer",
  isLive: true,
  waiting: async ({ call }) => {
    const { approvals, builds } = await call(LIST_APPROVALS);
    return approvals.filter(({ is_asked }) => is_asked).length + builds.length;
  },
  render: async (visit) => {
    const { call } = visit;
    const [{ approvals, builds }, { packages, last_check }, { events }] = await Promise.all([
      call(LIST_APPROVALS),
      call(LIST_WATCHED),
      call(LIST_EVENTS, { limit: EVENTS_READ }),
    ]);
    const asked = approvals.filter(({ is_asked }) => is_asked);
    const cooling = approvals.filter(({ is_asked }) => !is_asked);
    const facts = await factsOf(asked, visit);
    const passed = letThroughIn(events);
    return {
      ...approvalsSentence(asked.length, builds.length),
      commands: ["pkgstash approvals", "pkgstash approvals show NAME"],
      body: (
        <Live id="approvals">
          {asked.length === 0 && builds.length === 0
            ? (
              <NothingWaits
                watched={packages.length}
                cooling={cooling.length}
                lastCheck={last_check}
              />
            )
            : null}
          {asked.length === 0 ? null : <Waiting approvals={asked} facts={facts} />}
          {builds.length === 0 ? null : (
            <Part title="Builds that need a decision">
              <BuildsToDecide builds={builds} />
            </Part>
          )}
          {cooling.length === 0 ? null : (
            <Part title="In cool-down, then accepted by rule">
              <Waiting approvals={cooling} facts={new Map()} />
            </Part>
          )}
          {passed.length === 0 ? null : (
            <Part
              title="Recently accepted by rule"
              aside={<span class="quiet">with the reason for each</span>}
            >
              <LetThrough passed={passed} />
            </Part>
          )}
        </Live>
      ),
    };
  },
};

/**
 * What changed in the first approvals of a list, by id. Approvals decided meanwhile are left out.
 */
async function factsOf(
  asked: readonly ApprovalReport[],
  { call }: Visit,
): Promise<Map<string, readonly FactReport[]>> {
  const found = new Map<string, readonly FactReport[]>();
  for (const { id } of asked.slice(0, MOST_DETAILS)) {
    const approval = await call(SHOW_APPROVAL, { id }).catch(() => null);
    if (approval !== null) found.set(id, approval.packages.flatMap(({ facts }) => facts));
  }
  return found;
}

/** How much waits for a decision, in one sentence. */
export function approvalsSentence(
  changes: number,
  builds: number,
): { heading: string; tone: Tone } {
  if (changes === 0 && builds === 0) return { heading: "Nothing waits for you", tone: "good" };
  const waiting = [
    ...changes === 0 ? [] : [counted(changes, "change")],
    ...builds === 0 ? [] : [counted(builds, "build")],
  ].join(" and ");
  const isOne = changes + builds === 1;
  return { heading: `${waiting} ${isOne ? "waits" : "wait"} for you`, tone: "calm" };
}
