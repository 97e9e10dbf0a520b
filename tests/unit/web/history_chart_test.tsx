import { assertEquals, assertMatch } from "@std/assert";
import { renderToString } from "preact-render-to-string";
import type { HistoryReport } from "../../../src/api/history.ts";
import { RANGES } from "../../../src/history/history.ts";
import { monthsOf } from "../../../src/web/elements/month_axis.ts";
import { HistoryChart, rangeOf, roundedUp } from "../../../src/web/elements/history_chart.tsx";
import { clientsSentence } from "../../../src/web/pages/clients.tsx";
import { Visit } from "../../../src/web/visit.ts";
import { VisitContext } from "../../../src/web/visit_context.ts";

const LIST = { clients: [], known: 13, total: 13, behind: 0 };

Deno.test("any text in the URL gives a range, which is the day by default", () => {
  assertEquals(["month", "year", "day", "", "<b>"].map(rangeOf), [
    "month",
    "year",
    "day",
    "day",
    "day",
  ]);
});

Deno.test("the end and the middle of a chart's scale are round numbers", () => {
  const [kib, mib] = [1024, 1024 ** 2];
  assertEquals(
    [0, 1, 700, 1000, 1001, 113 * mib, 226 * mib, 999 * mib, 1001 * mib].map(roundedUp),
    [0, 1, 800, 1000, kib, 160 * mib, 300 * mib, 1000 * mib, 1024 * mib],
  );
});

Deno.test("the heading of the clients says how many are behind", () => {
  assertEquals(clientsSentence(LIST, false), {
    heading: "13 clients, all up to date",
    tone: "good",
  });
  assertMatch(clientsSentence({ ...LIST, behind: 2 }, false).heading, /2 not synced for 30 days/);
  assertEquals(clientsSentence({ ...LIST, behind: 2 }, false).tone, "warn");
  assertMatch(clientsSentence({ ...LIST, total: 1 }, true).heading, /^1 client of 13/);
  assertMatch(clientsSentence({ ...LIST, known: 0, total: 0 }, false).heading, /^No clients/);
});

/** The chart of a range, in which `served` says what was sent in each bucket. */
function chartOf(
  range: HistoryReport["range"],
  served: (index: number) => number,
  fetched: (index: number) => number | null = () => 0,
): string {
  const { lengthS, count } = RANGES[range];
  const first = Date.UTC(2026, 10, 30) - count * lengthS * 1000;
  const zero = { hit: 0, miss: 0, join: 0, stale: 0, direct: 0 };
  const requests = { ...zero, not_modified: 0, not_found: 0, refused: 0, error: 0 };
  const buckets = Array.from({ length: count }, (_, index) => ({
    start: new Date(first + index * lengthS * 1000).toISOString(),
    requests: { ...requests, hit: served(index) > 0 ? 1 : 0 },
    bytes_served: served(index),
    bytes_saved: Math.floor(served(index) / 2),
    bytes_fetched: fetched(index),
  }));
  const history: HistoryReport = {
    ...{ range, client: null, repository: null, bucket_seconds: lengthS, buckets },
    total: {
      requests,
      bytes_served: buckets.reduce((sum, { bytes_served }) => sum + bytes_served, 0),
      bytes_saved: 0,
      bytes_fetched: fetched(0),
      hit_ratio: null,
    },
  };
  const url = new URL(`http://stash/admin/?range=${range}&numbers=1`);
  const visit = new Visit({ call: () => Promise.reject(new Error()) } as never, url, {});
  return renderToString(
    <VisitContext.Provider value={{ visit, regions: new Map() }}>
      <HistoryChart history={history} />
    </VisitContext.Provider>,
  );
}

const ALL_RANGES = ["day", "month", "year"] as const;

Deno.test("a chart of any range has only valid numbers, whatever gaps its history has", () => {
  const shapes: Record<string, (index: number) => number> = {
    nothing: () => 0,
    "one bucket": (index) => index === 17 ? 1 : 0,
    "with gaps": (index) => index % 50 < 20 ? 0 : 1e9 * index,
    "all that a number can be": (index) => index === 0 ? 0 : Number.MAX_SAFE_INTEGER / 1_000,
  };
  for (const range of ALL_RANGES) {
    for (const [what, served] of Object.entries(shapes)) {
      for (const fetched of [() => null, () => 0, served]) {
        const html = chartOf(range, served, fetched);
        assertEquals(/NaN|Infinity|undefined/.test(html), false, `${range}, ${what}`);
        const [, path = ""] = /<path class="saved" d="([^"]*)"/.exec(html) ?? [];
        assertEquals(/^(M[\d.]+ [\d.]+h[\d.]+v-?[\d.]+h-[\d.]+z)*$/.test(path), true, path);
      }
    }
  }
});

Deno.test("the ticks of a chart divide its range evenly, from its beginning to now", () => {
  const ticksOf = (range: typeof ALL_RANGES[number]) =>
    [...(/<div class="ticks"[^>]*>(.*?)<\/div>/.exec(chartOf(range, () => 1))?.[1] ?? "")
      .matchAll(/<span>([^<]*)<\/span>/g)].map(([, tick]) => Number.parseInt(tick!) || 0);
  const lengths = { day: 24, month: 31 };
  for (const range of ["day", "month"] as const) {
    const ticks = ticksOf(range);
    assertEquals([ticks[0], ticks.at(-1)], [lengths[range], 0], range);
    const step = lengths[range] / (ticks.length - 1);
    for (const [index, tick] of ticks.entries()) {
      assertEquals(
        Math.abs(tick - (lengths[range] - index * step)) <= 0.5,
        true,
        `${range}: ${tick}`,
      );
    }
  }
});

Deno.test("each month of a year is named at its middle, if there is room", () => {
  const html = chartOf("year", () => 1);
  const ticks = [...html.matchAll(/<text x="([\d.]+)%"[^>]*>([^<]*)<\/text>/g)]
    .map(([, x, name]) => [name, Number(x)] as const);
  // From 29 November 2025 to 29 November 2026.
  const names = "Dec Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov".split(" ");
  assertEquals(ticks.map(([name]) => name), names);
  const february = ticks[2]![1] / 100 * 366;
  assertEquals(Math.round(february), 2 + 31 + 31 + 14);
  for (const [index, [, x]] of ticks.entries()) {
    assertEquals(index === 0 || x - ticks[index - 1]![1] > 7, true, "names overlap");
  }
});

Deno.test("the days of a single month get no month names", () => {
  const days = Array.from(
    { length: 19 },
    (_, i) => ({ start: `2026-03-${`${i + 1}`.padStart(2, "0")}` }),
  );
  assertEquals(monthsOf(days), { starts: [], names: [] });
  assertEquals(monthsOf([]), { starts: [], names: [] });
});

Deno.test("a year takes few elements in the chart and in its table", () => {
  const html = chartOf("year", (index) => index + 1);
  assertEquals(html.match(/class="hover"/g)?.length, 122);
  assertEquals(html.match(/<tr/g)?.length, 54, "a row for each week, and the head");
});
