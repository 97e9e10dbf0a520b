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
export function tableOf({ results, measures, subjects, reference }: ReportOptions): string {
  const cellOf = (measure: Measure, subject: string) => {
    const figure = results.figure(measure, subject);
    if (figure === null) return "-";
    const text = figure.toFixed(measure.digits);
    const ratio = results.ratio(measure, subject, reference);
    if (subject === reference || ratio === null) return text;
    const range = `${ratio.lowest.toFixed(2)}-${ratio.highest.toFixed(2)}`;
    return `${text}  x ${ratio.median.toFixed(2)} (${range})`;
  };
  const rows = [
    ["", "unit", "better", ...subjects],
    ...measures.map((measure) => [
      measure.title,
      measure.unit,
      measure.better,
      ...subjects.map((subject) => cellOf(measure, subject)),
    ]),
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) => row.map((cell, column) => cell.padEnd(widths[column]!)).join("  ").trimEnd())
    .join("\n");
}

/** The same in Markdown, with the machine before it. */
export function markdownOf(
  { results, measures, subjects, reference }: ReportOptions,
  machine: Readonly<Record<string, unknown>>,
): string {
  const cellOf = (measure: Measure, subject: string) => {
    const figure = results.figure(measure, subject);
    if (figure === null) return "-";
    const ratio = results.ratio(measure, subject, reference);
    const text = figure.toFixed(measure.digits);
    if (subject === reference || ratio === null) return text;
    return `${text} (x ${ratio.median.toFixed(2)})`;
  };
  const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [
    "# Results",
    "",
    ...Object.entries(machine).map(([name, value]) => `- ${name}: ${value}`),
    "",
    `Medians; in parentheses the median ratio to ${reference} within a round. 1 MB is 10^6 bytes,`,
    "1 GB 10^9. A dash: not measured for this one.",
    "",
    row(["measure", "unit", "better", ...subjects]),
    row(["---", "---", "---", ...subjects.map(() => "--:")]),
    ...measures.map((measure) =>
      row([
        measure.title.trim(),
        measure.unit,
        measure.better,
        ...subjects.map((subject) => cellOf(measure, subject)),
      ])
    ),
    "",
  ].join("\n");
}

/** The same for programs, with the figures of every round. */
export function jsonOf(
  { results, measures, subjects, reference }: ReportOptions,
  machine: Readonly<Record<string, unknown>>,
): string {
  const rows = measures.map((measure) => ({
    ...measure,
    title: measure.title.trim(),
    subjects: Object.fromEntries(subjects.map((subject) => [subject, {
      median: results.figure(measure, subject),
      rounds: results.figures(measure, subject),
      ratio: results.ratio(measure, subject, reference),
    }])),
  }));
  const { failures } = results;
  return JSON.stringify({ machine, reference, measures: rows, failures }, null, 2) + "\n";
}
