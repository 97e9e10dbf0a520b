import type { ReportOptions } from "./report.ts";

const ROW = 16;
const GAP = 14;
const LABEL_WIDTH = 260;
const BARS_WIDTH = 560;
const FIGURE_WIDTH = 120;
/** Ratios beyond these bounds are cut off; the figure beside the bar is not. */
const LOWEST = 1 / 16;
const HIGHEST = 16;
const COLOURS = ["#1f77b4", "#17becf", "#7f7f7f", "#bcbd22", "#c7c7c7", "#ff7f0e", "#9467bd"];

/**
 * An SVG chart of every measure: how many times better each subject is than the reference, on a
 * logarithmic scale; to the right is better.
 */
export function chartOf({ results, measures, subjects, reference }: ReportOptions): string {
  const others = subjects.filter((subject) => subject !== reference);
  const middle = LABEL_WIDTH + BARS_WIDTH / 2;
  const scale = BARS_WIDTH / 2 / Math.log2(HIGHEST);
  const lines: string[] = [];
  let y = 56;
  for (const measure of measures) {
    if (measure.isOfLoad) continue;
    const bars = others.flatMap((subject) => {
      const ratio = results.ratio(measure, subject, reference)?.median ?? null;
      return ratio === null ? [] : [{ subject, ratio }];
    });
    if (bars.length === 0) continue;
    lines.push(text(LABEL_WIDTH - 8, y + 12, measure.title.trim(), "end"));
    for (const { subject, ratio } of bars) {
      const better = measure.better === "higher" ? ratio : 1 / ratio;
      const length = scale * Math.log2(Math.min(HIGHEST, Math.max(LOWEST, better)));
      const fill = COLOURS[others.indexOf(subject) % COLOURS.length];
      const x = middle + Math.min(0, length);
      lines.push(
        `<rect x="${x.toFixed(1)}" y="${y}" width="${Math.max(1, Math.abs(length)).toFixed(1)}" ` +
          `height="${ROW - 3}" fill="${fill}"/>`,
        text(LABEL_WIDTH + BARS_WIDTH + 8, y + 11, `x ${better.toFixed(2)}`, "start"),
      );
      y += ROW;
    }
    y += GAP;
  }
  const width = LABEL_WIDTH + BARS_WIDTH + FIGURE_WIDTH;
  const legend = others.map((subject, index) => {
    const x = 8 + index * 140;
    const fill = COLOURS[index % COLOURS.length];
    return `<rect x="${x}" y="8" width="12" height="12" fill="${fill}"/>` +
      text(x + 18, 18, subject, "start");
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${y}" ` +
    `font-family="sans-serif" font-size="12" role="img" ` +
    `aria-label="How many times better than ${escape(reference)}">`,
    `<rect width="${width}" height="${y}" fill="white"/>`,
    ...legend,
    text(middle, 42, `times better than ${reference}, logarithmic`, "middle"),
    `<line x1="${middle}" x2="${middle}" y1="50" y2="${y}" stroke="#444"/>`,
    ...lines,
    "</svg>\n",
  ].join("\n");
}

function text(x: number, y: number, content: string, anchor: string): string {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}">${escape(content)}</text>`;
}

function escape(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
