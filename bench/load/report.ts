import { table } from "../../deploy/build/markdown.ts";
import type { Machine } from "./machine.ts";
import type { Results } from "./results.ts";
import type { Measure } from "./scenario.ts";

/** What a report is about. */
export interface ReportOptions {
  readonly results: Results;
  readonly measures: readonly Measure[];
  /** Names, in the order of the columns. */
  readonly subjects: readonly string[];
  readonly reference: string;
}

/** A table for people: a row for each measure, and a figure with its ratio for each subject. */
export function tableOf(options: ReportOptions): string {
  const { measures, subjects } = options;
  const rows = [
    ["", "unit", "better", ...subjects],
    ...measures.map((measure) => [
      (measure.isOfLoad ? "  load generator: " : "") + measure.title,
      measure.unit,
      measure.better,
      ...subjects.map((subject) => cellOf(measure, subject, options)),
    ]),
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) => row.map((cell, column) => cell.padEnd(widths[column]!)).join("  ").trimEnd())
    .join("\n");
}

/** The same in Markdown, with the machine before it. */
export function markdownOf(options: ReportOptions, machine: Machine): string {
  const { measures, subjects, reference, results } = options;
  const tableFor = (wanted: readonly Measure[]) =>
    table(["measure", "unit", "better", ...subjects], [
      ...wanted.map((measure) => [
        measure.title.replace(/^ +/, "… "),
        measure.unit,
        measure.better,
        ...subjects.map((subject) => cellOf(measure, subject, options)),
      ]),
    ]);
  return [
    "# Results",
    "",
    ...Object.entries(machine).map(([name, value]) => `- ${name}: ${value}`),
    "",
    `Medians, with the median ratio to ${reference} within a round and its lowest and highest. 1 MB is`,
    "10^6 bytes, 1 GB 10^9. A dash: it does not apply to this one.",
    "",
    tableFor(measures.filter(({ isOfLoad }) => !isOfLoad)),
    "",
    "## The load generator",
    "",
    "How busy the one thread of wrk was. At 100 % it is the limit, and the subject could do more.",
    "",
    tableFor(measures.filter(({ isOfLoad }) => isOfLoad)),
    ...results.failures.length === 0 ? [] : [
      "",
      "## Failed measurements",
      "",
      ...results.failures.map((failure) => `- ${failure.replaceAll(/\s+/g, " ")}`),
    ],
    "",
  ].join("\n");
}

/** The same for programs, with the figures of every round. */
export function jsonOf(
  { results, measures, subjects, reference }: ReportOptions,
  machine: Machine,
): string {
  const rows = measures.map((measure) => ({
    ...measure,
    title: measure.title.trim(),
    subjects: Object.fromEntries(subjects.map((subject) => [subject, {
      median: results.figure(measure, subject),
      rounds: results.figures(measure, subject),
      ratio: results.ratio(measure, subject, reference),
      failed: results.hasFailed(measure, subject),
    }])),
  }));
  const { failures } = results;
  return JSON.stringify({ machine, reference, measures: rows, failures }, null, 2) + "\n";
}

/** A figure and its ratio; one that comes from fewer rounds than others says so. */
function cellOf(
  measure: Measure,
  subject: string,
  { results, reference }: ReportOptions,
): string {
  const hasFailed = results.hasFailed(measure, subject);
  const figure = results.figure(measure, subject);
  if (figure === null) return hasFailed ? "failed" : "-";
  const text = figure.toFixed(measure.digits) + (hasFailed ? " (not in every round)" : "");
  const ratio = results.ratio(measure, subject, reference);
  if (subject === reference || ratio === null || measure.isOfLoad) return text;
  const range = `${ratio.lowest.toFixed(2)}-${ratio.highest.toFixed(2)}`;
  return `${text} x ${ratio.median.toFixed(2)} (${range})`;
}
