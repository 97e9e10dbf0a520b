import {
  BUILD_STATES,
  type BuildReport,
  LIST_BUILDERS,
  LIST_BUILDS,
  READ_LOG_LINES,
} from "../../api/builds.ts";
import { LIST_APPROVALS } from "../../api/approvals.ts";
import { Choice } from "../elements/forms.tsx";
import { Part } from "../elements/facts.tsx";
import { Filter } from "../elements/filter.tsx";
import { Live } from "../elements/live.tsx";
import { Empty, Notice } from "../elements/messages.tsx";
import { counted } from "../elements/quantities.tsx";
import type { Page, Tone } from "../page.ts";
import type { Visit } from "../visit.ts";
import { BuildsToDecide } from "./approvals/builds_to_decide.tsx";
import { History } from "./builds/history.tsx";
import { Queue } from "./builds/queue.tsx";
import { Running, type RunningBuild } from "./builds/running.tsx";
import { STATES } from "./builds/words.ts";

const PER_PAGE = 50;
/** Most running or waiting builds to show. */
const MOST_SHOWN = "50";

/** Running, waiting and failed builds. */
export const BUILDS: Page = {
  path: "builds",
  title: "Builds",
  section: "Packages of your own",
  role: "viewer",
  isLive: true,
  render: async (visit) => {
    const { call } = visit;
    const inState = async (state: BuildReport["state"]) =>
      (await call(LIST_BUILDS, { state, limit: MOST_SHOWN })).builds;
    const [leased, uploading, waiting, { builds: toDecide }, { builders }, history] = await Promise
      .all([
        inState("leased"),
        inState("uploading"),
        inState("waiting"),
        call(LIST_APPROVALS),
        call(LIST_BUILDERS),
        historyOf(visit),
      ]);
    const running = await withLastLines([...uploading, ...leased], visit);
    const isFiltered = ["q", "state", "after"].some((name) => visit.query(name) !== "");
    const isNew = history.builds.length === 0 && !isFiltered;
    return {
      ...buildsSentence({ running: running.length, waiting: waiting.length, toDecide }),
      commands: ["pkgstash builds", "pkgstash builds show NUMBER", "pkgstash builds log NUMBER"],
      body: (
        <>
          <Live id="builders" isPolite>
            {builders.length === 0 && waiting.length > 0
              ? (
                <Notice tone="warn" title="No builder has connected since the daemon started">
                  <p>
                    Nothing is built until one does. Check that pkgstash-builder is running and that
                    its token is valid.
                  </p>
                </Notice>
              )
              : null}
          </Live>
          {isNew
            ? (
              <Empty title="Nothing has been built yet.">
                <p>
                  Add an AUR package with{" "}
                  <code>pkgstash aur add NAME</code>, approve it, and start a builder:{" "}
                  <code>pkgstash-builder</code>.
                </p>
              </Empty>
            )
            : null}
          <Live id="running">
            {toDecide.length === 0 ? null : (
              <Part title="Needs your decision">
                <BuildsToDecide builds={toDecide} />
              </Part>
            )}
            {running.length === 0 ? null : (
              <Part title="Building now">
                <Running builds={running} />
              </Part>
            )}
            {waiting.length === 0 ? null : (
              <Part title="Queue">
                <Queue builds={waiting.toReversed()} />
              </Part>
            )}
          </Live>
          {isNew ? null : (
            <Part title="All builds">
              <Filter label="Package" placeholder="exact name">
                <Choice
                  name="state"
                  label="State"
                  value={visit.query("state")}
                  options={{
                    "": "any",
                    ...Object.fromEntries(BUILD_STATES.map((each) => [each, STATES[each].word])),
                  }}
                />
              </Filter>
              <Live id="history">
                <History {...history} />
              </Live>
            </Part>
          )}
        </>
      ),
    };
  },
};

async function historyOf(
  visit: Visit,
): Promise<{ builds: readonly BuildReport[]; next: number | null }> {
  const name = visit.query("q").trim();
  const state = BUILD_STATES.find((each) => each === visit.query("state"));
  const before = visit.query("after");
  // The API rejects an invalid name; here it simply matches nothing.
  if (name !== "" && !/^[A-Za-z0-9@_+][A-Za-z0-9@._+-]{0,127}$/.test(name)) {
    return { builds: [], next: null };
  }
  const { builds } = await visit.call(LIST_BUILDS, {
    limit: `${PER_PAGE + 1}`,
    ...name === "" ? {} : { package: name },
    ...state === undefined ? {} : { state },
    ...(/^[1-9]\d{0,14}$/.test(before) ? { before } : {}),
  });
  const page = builds.slice(0, PER_PAGE);
  return { builds: page, next: builds.length > PER_PAGE ? page.at(-1)?.number ?? null : null };
}

async function withLastLines(
  builds: readonly BuildReport[],
  { call }: Visit,
): Promise<RunningBuild[]> {
  return await Promise.all(builds.map(async (build) => {
    // The builder may not have sent any output yet.
    const log = await call(READ_LOG_LINES, { build: `${build.number}`, limit: "1" })
      .catch(() => null);
    return { build, lastLine: log?.lines.at(-1) ?? null };
  }));
}

/** Answers "what is being built, and what failed?" in one sentence. */
export function buildsSentence(
  { running, waiting, toDecide }: {
    running: number;
    waiting: number;
    toDecide: readonly Pick<BuildReport, "state">[];
  },
): { heading: string; tone: Tone } {
  const failed = toDecide.filter(({ state }) => state === "failed").length;
  const held = toDecide.length - failed;
  const parts = [
    ...failed === 0 ? [] : [`${counted(failed, "package")} failed to build`],
    ...held === 0 ? [] : [`${counted(held, "build is", "builds are")} held`],
    ...running === 0 ? [] : [{ count: running, is: "is being built", are: "are being built" }],
    ...waiting === 0 ? [] : [{ count: waiting, is: "waits", are: "wait" }],
  ].map((part, index) => {
    if (typeof part === "string") return part;
    const { count, is, are } = part;
    // Only the first count names what it counts.
    return index === 0
      ? counted(count, `package ${is}`, `packages ${are}`)
      : counted(count, is, are);
  });
  if (parts.length === 0) {
    return { heading: "No builds in progress, and none failed", tone: "good" };
  }
  const text = parts.join(", ");
  return { heading: text, tone: failed > 0 ? "bad" : held > 0 ? "warn" : "calm" };
}
