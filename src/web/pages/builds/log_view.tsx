import { assetUrl } from "../../assets/assets.ts";
import "../../elements/custom_elements.ts";
import { countText } from "../../elements/quantities.tsx";
import type { Visit } from "../../visit.ts";
import { LogLine } from "./log_line.tsx";

/** Lines per request. `client/log_view.js` has the same number. */
export const LINES_AT_ONCE = 256;
/** Lines to show at the end of a log. */
export const LAST_LINES = 200;

/** How many lines a page reads. An open page fetches lines itself and needs only their total. */
export function linesFor({ isUpdate }: Visit, count: number): string {
  return isUpdate ? "1" : `${count}`;
}

/** Lines of a log, as the API returns them. */
export interface LogPart {
  readonly attempt: number;
  readonly total: number;
  readonly has_ended: boolean;
  readonly from: number;
  readonly lines: readonly string[];
}

/** The path of a build's log page. */
export function logHref(
  build: number,
  query: Readonly<Record<string, string | number>>,
): string {
  const text = new URLSearchParams(
    Object.entries(query).map(([name, value]) => [name, String(value)]),
  );
  return `/admin/builds/${build}/log?${text}`;
}

/**
 * A log. With scripts, the browser fetches lines as they are scrolled into view; without, it shows
 * the given ones, with links to the rest.
 */
export function LogView(
  { build, log, query = "" }: { build: number; log: LogPart; query?: string },
) {
  const { attempt, total, from, lines } = log;
  const last = from + lines.length - 1;
  const older = Math.max(1, from - LINES_AT_ONCE);
  return (
    <log-view data-src={logHref(build, { attempt })} data-total={total} data-watch="log-state">
      <form class="log-bar" role="search" action={`/admin/builds/${build}/log`}>
        <input type="hidden" name="attempt" value={attempt} />
        <input
          type="search"
          name="q"
          value={query}
          aria-label="Search the log"
          placeholder="Search the log"
          maxLength={200}
        />
        <button type="submit">Search</button>
        <span class="log-found" role="status"></span>
        <span class="log-links">
          <button type="button" class="quiet log-end" hidden>To the end</button>
          <a href={logHref(build, { attempt, raw: 1 })}>Raw file</a>
        </span>
      </form>
      {lines.length === 0
        ? <p class="empty">{total === 0 ? "No output yet." : "The log has no such lines."}</p>
        : null}
      <div
        class="log-lines code-lines"
        tabIndex={0}
        role="region"
        aria-label="Log"
        hidden={lines.length === 0}
      >
        {lines.map((text, index) => <LogLine number={from + index} text={text} />)}
      </div>
      <nav class="pager log-pager" aria-label="Parts of the log">
        <span class="quiet">
          {lines.length === 0
            ? null
            : `Lines ${countText(from)} to ${countText(last)} of ${countText(total)}`}
        </span>
        {from > 1 ? <a href={logHref(build, { attempt, from: older })}>Older lines</a> : null}
        {last < total
          ? <a href={logHref(build, { attempt, from: last + 1 })}>Newer lines</a>
          : null}
        {last < total ? <a href={logHref(build, { attempt })}>The end</a> : null}
      </nav>
      <script defer src={assetUrl("log_view.js")}></script>
    </log-view>
  );
}
