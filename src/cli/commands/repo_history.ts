import { type GenerationReport, ROLL_BACK, SHOW_HISTORY } from "../../api/repositories.ts";
import { MAX_LIMIT } from "../../api/paging.ts";
import { JSON_OPTION, printAnswer } from "../answer_output.ts";
import { ApiClient, CONNECTION_OPTIONS } from "../api_client.ts";
import { type Command, type OptionValues, requiredArgument } from "../command.ts";
import { EXIT_CODE, type ExitCode, UsageError } from "../errors.ts";
import type { Output } from "../output.ts";
import { countText } from "../quantity.ts";
import { type Paints, visible } from "../terminal_text.ts";
import { changeText, publicationText, REPOSITORY } from "./repo_texts.ts";

const OPTIONS = [JSON_OPTION, ...CONNECTION_OPTIONS];
const GENERATION = "GENERATION";

export const REPO_HISTORY_COMMANDS: readonly Command[] = [
  {
    name: "repo history",
    summary: "List the publications of a repository",
    description: "Lists the kept publications, newest first, with what changed, when, and by " +
      "whom. Clients can be held at one by its number, day or time: Server = " +
      "URL/REPOSITORY@2026-11-28/os/$arch.",
    arguments: [REPOSITORY],
    options: [
      {
        name: "limit",
        valueName: "NUMBER",
        description: "Maximum number of entries, up to 1000 (default: all)",
      },
      {
        name: "before",
        valueName: "GENERATION",
        description: "Only publications with lower numbers",
      },
      ...OPTIONS,
    ],
    examples: [{ command: "pkgstash repo history mine", description: "See what changed in mine" }],
    run: history,
  },
  {
    name: "repo rollback",
    summary: "Roll back to an earlier publication",
    description: "Publishes the packages of an earlier publication as a new one.",
    arguments: [
      REPOSITORY,
      {
        name: GENERATION,
        description: 'Number of the publication, as listed by "pkgstash repo history"',
        required: true,
        completion: "publications of the repository",
      },
    ],
    options: OPTIONS,
    examples: [{
      command: "pkgstash repo rollback mine 41",
      description: "Publish the packages of publication 41 again",
    }],
    run: rollBack,
  },
];

async function history(options: OptionValues, output: Output): Promise<ExitCode> {
  const repository = requiredArgument(options, REPOSITORY.name);
  const client = ApiClient.of(options);
  const limit = options.get("limit");
  const before = options.get("before");
  const generations: GenerationReport[] = [];
  let next = before ?? null;
  do {
    const page = await client.call(SHOW_HISTORY, {
      ...{ repository, limit: limit ?? String(MAX_LIMIT) },
      ...(next === null ? {} : { before: next }),
    });
    generations.push(...page.generations);
    next = page.next === null ? null : String(page.next);
  } while (limit === undefined && next !== null);
  const answer = { generations, next: next === null ? null : Number(next) };
  printAnswer(answer, {
    options,
    output,
    render: (report, paints) =>
      report.generations.length === 0 && before !== undefined
        ? `Nothing before generation ${visible(before)} is kept.`
        : renderHistory(report, paints),
  });
  return EXIT_CODE.ok;
}

async function rollBack(options: OptionValues, output: Output): Promise<ExitCode> {
  const repository = requiredArgument(options, REPOSITORY.name);
  const text = requiredArgument(options, GENERATION);
  const generation = Number(text);
  if (!Number.isSafeInteger(generation) || generation < 1) {
    throw new UsageError(
      `"${text}" is not a publication number. See pkgstash repo history.`,
    );
  }
  const answer = await ApiClient.of(options).call(ROLL_BACK, {
    repository,
    body: { generation },
  });
  printAnswer(answer, {
    options,
    output,
    render: (report, paints) => publicationText(repository, report, paints),
  });
  return EXIT_CODE.ok;
}

function renderHistory(
  { generations, next }: { generations: readonly GenerationReport[]; next: number | null },
  paints: Paints,
): string {
  if (generations.length === 0) return "Nothing has been published yet.";
  const more = next === null ? [] : ["", `There are more: --before ${next}`];
  const texts = generations.map(({ number, published_at, by, action, changes }) =>
    [
      paints.title(visible(`${number}  ${secondText(published_at)}  ${action} by ${by}`)) +
      (changes.length === 0 ? "" : `, ${countText(changes.length, "change")}`),
      ...changes.map((change) => `  ${visible(changeText(change))}`),
    ].join("\n")
  );
  return [...texts, ...more].join("\n");
}

/** `2026-11-28T19:00:00Z`, which also selects a view. */
function secondText(iso: string): string {
  return `${iso.slice(0, 19)}Z`;
}
