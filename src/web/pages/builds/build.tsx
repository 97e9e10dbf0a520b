import {
  APPROVE_BUILD,
  type BuildDetails,
  type BuildReport,
  CANCEL_BUILD,
  LIST_BUILDS,
  READ_LOG_LINES,
  REBUILD_PACKAGE,
  REFUSE_BUILD,
  RETRY_BUILD,
  SEARCH_LOG,
  SHOW_BUILD,
} from "../../../api/builds.ts";
import { madeVisible } from "../../../formats/text/characters.ts";
import { Part } from "../../elements/facts.tsx";
import { Live } from "../../elements/live.tsx";
import { Empty } from "../../elements/messages.tsx";
import type { Action, Page, Tone } from "../../page.ts";
import type { Visit } from "../../visit.ts";
import { Attempts } from "./attempts.tsx";
import { BuildActions } from "./build_actions.tsx";
import { BuildFacts } from "./build_facts.tsx";
import { type Excerpt, FailureNotice } from "./failure_notice.tsx";
import { HoldNotice } from "./hold_notice.tsx";
import { LogState } from "./log.tsx";
import { LAST_LINES, linesFor, logHref, LogView } from "./log_view.tsx";
import { Products } from "./products.tsx";
import { Steps } from "./steps.tsx";
import { failureText, STATES } from "./words.ts";

/** Log lines to show before and after the first error. */
const LINES_AROUND = 10;

/** One build: its progress, its outcome and its log. */
export const BUILD: Page = {
  path: "builds/{build}",
  title: "Build",
  section: null,
  role: "viewer",
  isLive: true,
  render: async (visit) => {
    const build = await visit.call(SHOW_BUILD, { build: visit.params["build"] ?? "" });
    const { number, attempts, state } = build;
    const hasLog = attempts.length > 0;
    const [log, excerpt, lastMs] = await Promise.all([
      hasLog
        ? visit.call(READ_LOG_LINES, { build: `${number}`, limit: linesFor(visit, LAST_LINES) })
        : null,
      hasLog && state === "failed" ? excerptOf(number, visit) : null,
      lastDuration(build, visit),
    ]);
    return {
      ...buildSentence(build),
      commands: [`pkgstash builds show ${number}`, `pkgstash builds log ${number} --follow`],
      body: (
        <>
          <Live id="build">
            {build.failure === null || state !== "failed" ? null : (
              <FailureNotice
                build={number}
                failure={build.failure}
                excerpt={excerpt}
                endedAt={build.ended_at}
              />
            )}
            {build.hold === null || state !== "held" ? null : <HoldNotice hold={build.hold} />}
            <BuildActions build={build} />
            <BuildFacts build={build} lastMs={lastMs} />
            {hasLog ? <Steps build={build} /> : null}
            {build.products.length === 0 ? null : <Products products={build.products} />}
            {attempts.length < 2 ? null : <Attempts build={build} />}
          </Live>
          <Part
            title="Log"
            aside={hasLog ? <a href={logHref(number, {})}>Full page</a> : null}
          >
            {log === null ? <Empty title="No builder has started it." /> : (
              <>
                <LogView build={number} log={log} />
                <LogState total={log.total} hasEnded={log.has_ended} />
              </>
            )}
          </Part>
        </>
      ),
    };
  },
  actions: {
    cancel: {
      role: "administrator",
      confirm: async ({ call, params }) => {
        const { package_base, version } = await call(SHOW_BUILD, { build: params["build"] ?? "" });
        return {
          heading: `Cancel the build of ${package_base} ${madeVisible(version)}?`,
          body: <p>The builder stops and discards its work. You can retry the build later.</p>,
          button: "Cancel it",
        };
      },
      run: async ({ call, params }) => {
        await call(CANCEL_BUILD, { build: params["build"] ?? "", body: {} });
        return { text: "The build has been cancelled." };
      },
    },
    retry: changing(RETRY_BUILD, "It is queued again.", "administrator"),
    approve: changing(APPROVE_BUILD, "The build continues.", "approver"),
    refuse: changing(
      REFUSE_BUILD,
      "The build has been refused, and nothing is published.",
      "approver",
    ),
    rebuild: {
      role: "administrator",
      run: async ({ call, params }, form) => {
        const { package_base } = await call(SHOW_BUILD, { build: params["build"] ?? "" });
        const { builds } = await call(REBUILD_PACKAGE, {
          body: { package: package_base, reason: form.text("note") },
        });
        const [first] = builds;
        return {
          text: `${package_base} is queued for a rebuild.`,
          ...first === undefined ? {} : { to: `/admin/builds/${first.number}` },
        };
      },
    },
  },
};

/** An action that takes only an optional note. */
function changing(
  endpoint: typeof RETRY_BUILD | typeof APPROVE_BUILD | typeof REFUSE_BUILD,
  text: string,
  role: Action["role"],
): Action {
  return {
    role,
    run: async ({ call, params }, form) => {
      const body = { reason: form.text("note").trim() };
      await call(endpoint as typeof RETRY_BUILD, { build: params["build"] ?? "", body });
      return { text };
    },
  };
}

/** The log lines around the first error; null if the log reports none. */
async function excerptOf(number: number, { call }: Visit): Promise<Excerpt | null> {
  const build = `${number}`;
  const { matches } = await call(SEARCH_LOG, { build, limit: "1" });
  const [first] = matches;
  if (first === undefined) return null;
  const from = Math.max(1, first.line - LINES_AROUND);
  const limit = `${2 * LINES_AROUND + 1}`;
  const { lines, attempt } = await call(READ_LOG_LINES, { build, from: `${from}`, limit });
  return { line: first.line, from, lines, attempt };
}

/**
 * How long the last published build of the package took, in milliseconds; null if there is none.
 */
async function lastDuration(
  { number, package_base, architecture }: BuildReport,
  { call }: Visit,
): Promise<number | null> {
  const { builds } = await call(LIST_BUILDS, {
    package: package_base,
    state: "published",
    before: `${number}`,
    limit: "10",
  });
  const last = builds.find((each) => each.architecture === architecture);
  if (last === undefined) return null;
  const { attempts } = await call(SHOW_BUILD, { build: `${last.number}` });
  const attempt = attempts.at(-1);
  return attempt?.ended_at == null
    ? null
    : Date.parse(attempt.ended_at) - Date.parse(attempt.started_at);
}

/** The state of a build, in one sentence. */
export function buildSentence(build: BuildDetails): { heading: string; tone: Tone } {
  const { package_base, version, state, failure, waits_for } = build;
  const name = `${package_base} ${madeVisible(version)}`;
  const { word, tone } = STATES[state];
  if (state === "failed" && failure !== null) {
    const text = failureText(failure);
    return { heading: `${name} failed: ${text[0]!.toLowerCase()}${text.slice(1)}`, tone };
  }
  if (state === "waiting") {
    return { heading: `${name} waits: ${madeVisible(waits_for ?? "for a builder")}`, tone };
  }
  if (state === "leased") return { heading: `${name} is being built`, tone };
  return { heading: `${name} is ${word}`, tone };
}
