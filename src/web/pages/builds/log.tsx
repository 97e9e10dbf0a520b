import { READ_BUILD_LOG, READ_LOG_LINES, SEARCH_LOG, SHOW_BUILD } from "../../../api/builds.ts";
import { madeVisible } from "../../../formats/text/characters.ts";
import { Live } from "../../elements/live.tsx";
import { Part } from "../../elements/facts.tsx";
import { Empty } from "../../elements/messages.tsx";
import { counted, countText } from "../../elements/quantities.tsx";
import type { Page } from "../../page.ts";
import type { Visit } from "../../visit.ts";
import { LogLine } from "./log_line.tsx";
import { LAST_LINES, LINES_AT_ONCE, linesFor, logHref, LogView } from "./log_view.tsx";

/** Most matches to show. */
const MATCHES = 200;
/** Lines to show before a match. */
const CONTEXT = 20;

/** The log of one attempt: any part of it, search results, or the raw file. */
export const BUILD_LOG: Page = {
  path: "builds/{build}/log",
  title: "Log",
  section: null,
  role: "viewer",
  isLive: true,
  file: async (visit) => {
    if (visit.query("raw") === "") return null;
    const build = visit.params["build"] ?? "";
    const parts = await visit.call(READ_BUILD_LOG, { build, ...attemptIn(visit) });
    const { number } = await visit.call(SHOW_BUILD, { build });
    return {
      name: `build-${number}.log`,
      content: parts.pipeThrough(
        new TransformStream<{ text: string }, string>({
          transform: ({ text }, controller) => controller.enqueue(text),
        }),
      ).pipeThrough(new TextEncoderStream()),
    };
  },
  render: async (visit) => {
    const build = visit.params["build"] ?? "";
    const [{ number, package_base, version, attempts }, found] = await Promise.all([
      visit.call(SHOW_BUILD, { build }),
      matchesOf(visit, build),
    ]);
    const from = visit.query("from");
    const log = await visit.call(READ_LOG_LINES, {
      build,
      ...attemptIn(visit),
      limit: linesFor(visit, from === "" ? LAST_LINES : LINES_AT_ONCE),
      ...from === "" ? {} : { from },
    });
    const { attempt } = log;
    const query = visit.query("q");
    return {
      heading: `Log of ${package_base} ${madeVisible(version)}`,
      commands: [`pkgstash builds log ${number}`, `pkgstash builds log ${number} --search TEXT`],
      body: (
        <>
          <p class="lead">
            <a href={`/admin/builds/${number}`}>Build {number}</a>
            {attempts.length < 2
              ? null
              : <span class="quiet">, attempt {attempt} of {attempts.length}</span>}
          </p>
          {found === null ? null : (
            <Part title={foundText(found, query)}>
              <div class="log-lines code-lines matches">
                {found.matches.map(({ line, text }) => (
                  <LogLine
                    number={line}
                    text={text}
                    href={`${
                      logHref(number, { attempt, from: Math.max(1, line - CONTEXT) })
                    }#L${line}`}
                  />
                ))}
              </div>
              {found.matches.length === 0
                ? <Empty title="No line matches. Colour codes are ignored." />
                : null}
            </Part>
          )}
          {found === null ? <LogView build={number} log={log} query={query} /> : (
            <p class="buttons">
              <a href={logHref(number, { attempt })}>Show the whole log</a>
            </p>
          )}
          <LogState total={log.total} hasEnded={log.has_ended} />
        </>
      ),
    };
  },
};

/** The current length of a log. The log view watches it to load new lines. */
export function LogState({ total, hasEnded }: { total: number; hasEnded: boolean }) {
  return (
    <Live id="log-state">
      <p class="quiet small" data-total={total}>
        {counted(total, "line")}
        {hasEnded ? "" : " so far"}
      </p>
    </Live>
  );
}

interface Found {
  readonly matches: readonly { readonly line: number; readonly text: string }[];
  readonly is_complete: boolean;
}

async function matchesOf(visit: Visit, build: string): Promise<Found | null> {
  const q = visit.query("q").slice(0, MATCHES);
  if (q === "") return null;
  return await visit.call(SEARCH_LOG, { build, q, ...attemptIn(visit), limit: `${MATCHES}` });
}

function foundText({ matches, is_complete }: Found, query: string): string {
  const count = is_complete
    ? counted(matches.length, "line contains", "lines contain")
    : `The first ${countText(matches.length)} lines that contain`;
  return `${count} “${madeVisible(query)}”`;
}

function attemptIn(visit: Visit): { attempt?: string } {
  const attempt = visit.query("attempt");
  return /^[1-9]\d{0,5}$/.test(attempt) ? { attempt } : {};
}
