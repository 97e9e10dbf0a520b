import type { HistoryReport } from "../../api/history.ts";
import { type HistorySlice, slicesOf } from "../../api/history_slices.ts";
import { bytesText } from "../../config/quantities.ts";
import { useVisit } from "../visit_context.ts";
import { Empty } from "./messages.tsx";
import { monthsOf } from "./month_axis.ts";
import { Bytes, Count, dayText } from "./quantities.tsx";
import { Table } from "./table.tsx";

type Range = HistoryReport["range"];

/** How many buckets are summed up in a bar, and in a table row. */
const BUCKETS = {
  day: { bar: 3, row: 12 },
  month: { bar: 6, row: 24 },
  year: { bar: 3, row: 7 },
} as const;

const RANGES: Readonly<
  Record<Range, {
    title: string;
    bar: string;
    /** Evenly spaced labels; null to name the months. */
    ticks: readonly string[] | null;
  }>
> = {
  day: {
    title: "24 hours",
    bar: "15 min",
    ticks: ["24 h ago", "18 h ago", "12 h ago", "6 h ago", "now"],
  },
  month: {
    title: "31 days",
    bar: "6 h",
    ticks: ["31 days ago", "23 days", "16 days", "8 days", "today"],
  },
  year: {
    title: "12 months",
    bar: "3 days",
    ticks: null,
  },
};

const WIDTH = 1000;
const HEIGHT = 160;

/** The range in a query parameter; "day" by default. */
export function rangeOf(text: string): Range {
  return text === "month" || text === "year" ? text : "day";
}

/**
 * A bar chart of the bytes sent, from the cache and from mirrors. Rendered by the server, so it
 * needs no script and uses the page's colours; a table has the same numbers.
 */
export function HistoryChart({ history }: { history: HistoryReport }) {
  const { range, total } = history;
  const { ticks } = RANGES[range];
  const bars = slicesOf(history, BUCKETS[range].bar);
  const largest = roundedUp(
    Math.max(...bars.map(({ served, fetched }) => Math.max(served, fetched ?? 0))),
  );
  return (
    <div class="history">
      {largest === 0
        ? <Empty title={`Nothing sent in the last ${RANGES[range].title}`} />
        : (
          <figure>
            <figcaption>
              <span class="key saved">Sent from the cache: {bytesText(total.bytes_saved)}</span>
              <span class="key passed">
                Passed through from mirrors: {bytesText(total.bytes_served - total.bytes_saved)}
              </span>
              {total.bytes_fetched === null ? null : (
                <span class="key fetched">
                  Fetched from mirrors: {bytesText(total.bytes_fetched)}
                </span>
              )}
              <span class="unit">Bytes in each {RANGES[range].bar}</span>
            </figcaption>
            <div class="plot">
              <div class="scale" aria-hidden="true">
                <span>{bytesText(largest)}</span>
                <span>{bytesText(Math.round(largest / 2))}</span>
                <span>0</span>
              </div>
              <Bars bars={bars} largest={largest} history={history} />
              {ticks === null
                ? <MonthTicks history={history} />
                : (
                  <div class="ticks" aria-hidden="true">
                    {ticks.map((tick) => <span>{tick}</span>)}
                  </div>
                )}
            </div>
          </figure>
        )}
      {largest === 0 ? null : <Numbers history={history} />}
    </div>
  );
}

/** Links that select the range of a chart, for its heading. */
export function RangeLinks({ range }: { range: Range }) {
  const visit = useVisit();
  return (
    <nav class="ranges" aria-label="Range of the chart">
      {Object.entries(RANGES).map(([each, { title }]) => (
        <a
          href={visit.here({ range: each === "day" ? null : each })}
          aria-current={each === range ? "true" : undefined}
        >
          {title}
        </a>
      ))}
    </nav>
  );
}

/** Positioned with SVG attributes, because the Content-Security-Policy forbids inline styles. */
function MonthTicks({ history: { buckets } }: { history: HistoryReport }) {
  return (
    <svg class="month-ticks" aria-hidden="true">
      {monthsOf(buckets).names.map(({ name, middle }) => (
        <text x={`${round(middle * 100)}%`} y="1em" text-anchor="middle">{name}</text>
      ))}
    </svg>
  );
}

function Bars(
  { bars, largest, history: { range, buckets } }: {
    bars: readonly HistorySlice[];
    largest: number;
    history: HistoryReport;
  },
) {
  const divisions = RANGES[range].ticks === null ? monthsOf(buckets).starts : [0.25, 0.5, 0.75];
  const step = WIDTH / bars.length;
  const height = (bytes: number) => round(bytes / largest * HEIGHT);
  const bar = (index: number, from: number, to: number) =>
    `M${round(index * step)} ${round(HEIGHT - from)}h${round(step * 0.86)}v${round(from - to)}h-${
      round(step * 0.86)
    }z`;
  const path = (part: (slice: HistorySlice) => readonly [number, number]) =>
    bars.map((slice, index) => {
      const [from, to] = part(slice);
      return to > from ? bar(index, height(from), height(to)) : "";
    }).join("");
  const line = bars.map(({ fetched }, index) =>
    `${index === 0 ? "M" : "L"}${round((index + 0.43) * step)} ${
      round(HEIGHT - height(fetched ?? 0))
    }`
  ).join("");
  return (
    <svg
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={`Bytes sent in the last ${
        RANGES[range].title
      }; the link below shows them as a table`}
    >
      <path
        class="grid"
        d={`M0 0.5H${WIDTH}M0 ${HEIGHT / 2}H${WIDTH}M0 ${HEIGHT - 0.5}H${WIDTH}` +
          divisions.map((share) => `M${round(share * WIDTH)} 0V${HEIGHT}`).join("")}
      />
      <path class="saved" d={path(({ saved }) => [0, saved])} />
      <path class="passed" d={path(({ saved, served }) => [saved, served])} />
      {bars[0]?.fetched === null ? null : <path class="fetched" d={line} />}
      {bars.map((slice, index) =>
        slice.served === 0
          ? null
          : (
            <rect class="hover" x={round(index * step)} y="0" width={round(step)} height={HEIGHT}>
              <title>
                {`${startText(slice.start, range)}: ${bytesText(slice.served)} sent, ` +
                  `${bytesText(slice.saved)} of it from the cache`}
              </title>
            </rect>
          )
      )}
    </svg>
  );
}

/** Opened through the URL: an update of the live region would close a <details> element. */
function Numbers({ history }: { history: HistoryReport }) {
  const { range } = history;
  const visit = useVisit();
  if (visit.query("numbers") === "") {
    return <a class="numbers" href={visit.here({ numbers: 1 })}>Show as a table</a>;
  }
  const hasFetched = history.total.bytes_fetched !== null;
  const rows = slicesOf(history, BUCKETS[range].row).toReversed()
    .filter(({ requests, served, fetched }) => requests + served + (fetched ?? 0) > 0);
  return (
    <div class="numbers">
      <a href={visit.here({ numbers: null })}>Hide the table</a>
      <Table
        name="Bytes sent and fetched"
        rows={rows}
        keyOf={({ start }) => start}
        columns={[
          { title: "From (UTC)", cell: ({ start }) => startText(start, range) },
          {
            title: "Requests",
            cell: ({ requests }) => <Count value={requests} />,
            isNumber: true,
            from: "medium",
          },
          { title: "Sent", cell: ({ served }) => <Bytes bytes={served} />, isNumber: true },
          {
            title: "From the cache",
            cell: ({ saved }) => <Bytes bytes={saved} />,
            isNumber: true,
          },
          ...(hasFetched
            ? [{
              title: "Fetched",
              cell: ({ fetched }: HistorySlice) => <Bytes bytes={fetched} />,
              isNumber: true,
              from: "medium" as const,
            }]
            : []),
        ]}
      />
    </div>
  );
}

function startText(iso: string, range: Range): string {
  return range === "year" ? iso.slice(0, 10) : `${dayText(iso)} ${iso.slice(11, 16)}`;
}

/** Multiples of a unit that are round, as are their halves. */
const STEPS = [1, 2, 4, 6, 8, 10, 16, 20, 30, 40, 60, 80, 100, 160, 200, 300, 400, 600, 800, 1000];

/** Rounds bytes up to a number that suits the top of a scale. */
export function roundedUp(bytes: number): number {
  let unit = 1;
  while (bytes > unit * 1000) unit *= 1024;
  return (STEPS.find((step) => step * unit >= bytes) ?? 1000) * unit * Math.sign(bytes);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
