import type { Fact, FactClass, Judgement, Verdict } from "../../building/review/fact.ts";
import { judge } from "../../building/review/judge.ts";
import { readSourceFolder } from "../../building/source_folder.ts";
import { JSON_OPTION, printAnswer } from "../answer_output.ts";
import { type Command, requiredArgument } from "../command.ts";
import { EXIT_CODE } from "../errors.ts";
import { type Paints, visible, visibleLine } from "../terminal_text.ts";

const OLD = "OLD";
const NEW = "NEW";

export const AUR_JUDGE_COMMAND: Command = {
  name: "aur judge",
  summary: "Classify the change between two folders",
  description: "Compares two folders that each contain a PKGBUILD, without running anything and " +
    "without the daemon. Prints the changes and whether they would pass automatically: bump " +
    "(only a new version), pin (a new version with a new commit, tag or hash), harmless (also " +
    "comments, white space, licence, description or quotes), or review (a person must review " +
    "it). Exits with 0 whatever the verdict, and with 1 if a folder cannot be read.",
  arguments: [
    {
      name: OLD,
      description: "Folder with the last accepted package source",
      required: true,
      isPath: true,
    },
    {
      name: NEW,
      description: "Folder with the package source to judge",
      required: true,
      isPath: true,
    },
  ],
  options: [JSON_OPTION],
  examples: [
    {
      command: "pkgstash aur judge ./accepted ./candidate",
      description: "See why a change needs review",
    },
    {
      command: "pkgstash aur judge --json ./accepted ./candidate | jq -r .verdict",
      description: "Print only the verdict",
    },
  ],
  run: async (options, output) => {
    const accepted = await readSourceFolder(requiredArgument(options, OLD));
    const candidate = await readSourceFolder(requiredArgument(options, NEW));
    printAnswer(judge(accepted, candidate), { options, output, render: renderJudgement });
    return EXIT_CODE.ok;
  },
};

const VERDICTS: Readonly<Record<Verdict, string>> = {
  bump: "bump: only a new version",
  pin: "pin: a new version with a new commit, tag or hash",
  harmless: "harmless: apart from a new version, nothing that affects the build",
  review: "review: a person must review it",
};

const CLASSES: readonly FactClass[] = ["review", "pin", "harmless", "value"];

/** The verdict, then each fact with its old and new text. */
export function renderJudgement({ verdict, facts }: Judgement, paints: Paints): string {
  const paint = verdict === "bump"
    ? paints.good
    : verdict === "review"
    ? paints.bad
    : paints.doubtful;
  return [
    paint(VERDICTS[verdict]),
    ...sortedFacts(facts).map((fact) => renderFact(fact, paints)),
  ].join("\n\n");
}

/** Sorts facts, the most important first. */
export function sortedFacts<F extends ShownFact>(facts: readonly F[]): F[] {
  return CLASSES.flatMap((each) => facts.filter((fact) => fact.class === each));
}

/** A fact, also as the API sends it. */
type ShownFact = Omit<Fact, "kind"> & { readonly kind: string };

/** Further lines of a value are only counted. */
const MAX_LINES = 12;

/** A fact with its place, and its old and new text. */
export function renderFact(
  { kind, class: factClass, file, line, before, after, reason }: ShownFact,
  paints: Paints,
): string {
  const paint = factClass === "review"
    ? paints.bad
    : factClass === "value"
    ? paints.good
    : paints.doubtful;
  const place = line === null ? visible(file) : `${visible(file)}:${line}`;
  return [
    `${paints.title(place)}  ${paint(kind)}  ${visible(reason)}`,
    ...renderValue("-", before, paints.bad),
    ...renderValue("+", after, paints.good),
  ].join("\n");
}

function renderValue(
  sign: string,
  value: string | null,
  paint: (text: string) => string,
): string[] {
  if (value === null) return [];
  const lines = value.split("\n");
  const shown = lines.slice(0, MAX_LINES).map((line) => paint(`  ${sign} ${visibleLine(line)}`));
  const hidden = lines.length - shown.length;
  return hidden === 0 ? shown : [...shown, `    (${hidden} more lines)`];
}
