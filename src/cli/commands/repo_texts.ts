import type { GenerationReport, PublicationReport } from "../../api/repositories.ts";
import type { CommandArgument, CommandOption, OptionValues } from "../command.ts";
import { agoText, countText } from "../quantity.ts";
import { type Paints, visible } from "../terminal_text.ts";

/** The repository argument. */
export const REPOSITORY: CommandArgument = {
  name: "REPOSITORY",
  description: "Name of one of your repositories",
  required: true,
  completion: "own repositories",
};

/** Options that permit risky additions to a repository. */
export const CONSENT_OPTIONS: readonly CommandOption[] = [
  {
    name: "downgrade",
    valueName: null,
    description: "Allow versions older than the published ones",
  },
  {
    name: "replace",
    valueName: null,
    description: "Allow other contents for a published version",
  },
  {
    name: "shadow",
    valueName: null,
    description: "Allow names of packages in mirrored repositories",
  },
];

/** The given `CONSENT_OPTIONS`, as request members. */
export function consentOf(options: OptionValues) {
  return {
    downgrade: options.has("downgrade"),
    replace: options.has("replace"),
    shadow: options.has("shadow"),
  };
}

/** The outcome of a change to a repository, for people. */
export function publicationText(
  repository: string,
  { generation, warnings, debug, waiting }: PublicationReport,
  paints: Paints,
): string {
  const waits = generation === null && waiting > 0;
  return [
    ...warnings.map((warning) => paints.doubtful(visible(`Warning: ${warning}`))),
    ...waits ? [waitingText(repository, waiting)] : generationLines(repository, generation),
    ...(debug === undefined ? [] : generationLines(debug.repository, debug.generation)),
  ].join("\n");
}

function waitingText(repository: string, count: number): string {
  const [name, files] = [visible(repository), countText(count, "file")];
  return `To publish, sign ${files} of ${name}: pkgstash repo sign ${name}`;
}

function generationLines(repository: string, generation: GenerationReport | null): string[] {
  if (generation === null) return [`Nothing to change in ${visible(repository)}.`];
  return [
    ...generation.changes.map((change) => `  ${visible(changeText(change))}`),
    `Published generation ${generation.number} of ${visible(repository)}.`,
  ];
}

/** `upgraded foo 1.0-1 -> 1.1-1` */
export function changeText({ kind, name, from, to }: GenerationReport["changes"][number]): string {
  const versions = from !== null && to !== null && from !== to ? `${from} -> ${to}` : to ?? from;
  return `${kind} ${name} ${versions}`;
}

/** How long ago a time was; `-` for null. */
export function since(time: string | null): string {
  return time === null ? "-" : agoText(time, Date.now());
}
