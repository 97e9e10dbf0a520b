import { basename } from "@std/path";
import {
  DISCARD_WAITING,
  type PublicationReport,
  SHOW_WAITING,
  SIGN_WAITING,
  type WaitingFileReport,
} from "../../api/repositories.ts";
import { reasonOf } from "../../errors.ts";
import { JSON_OPTION, printAnswer } from "../answer_output.ts";
import { ApiClient, CONNECTION_OPTIONS } from "../api_client.ts";
import { type Command, type OptionValues, repeatedArgument, requiredArgument } from "../command.ts";
import { AdministrationError, EXIT_CODE, type ExitCode } from "../errors.ts";
import type { Output } from "../output.ts";
import { bytesText } from "../quantity.ts";
import { renderTable } from "../table.ts";
import { type Paints, visible } from "../terminal_text.ts";
import { changeText, publicationText, REPOSITORY } from "./repo_texts.ts";

const SIGNATURE = "SIGNATURE";

export const REPO_SIGN_COMMAND: Command = {
  name: "repo sign",
  summary: "List files that need signatures, or add signatures",
  description: 'For repositories with signing = "external". Without files, lists the files that ' +
    "need a signature and how to fetch and sign them, on this or another machine. With files, " +
    "adds detached signatures; the last one publishes. They must be made by keys trusted with " +
    '"pkgstash key trust".',
  arguments: [
    REPOSITORY,
    {
      name: SIGNATURE,
      isPath: true,
      description: "Detached signatures, named FILE.sig",
      required: false,
      isRepeated: true,
    },
  ],
  options: [JSON_OPTION, ...CONNECTION_OPTIONS],
  examples: [
    { command: "pkgstash repo sign mine", description: "List the files that need signatures" },
    { command: "pkgstash repo sign mine *.sig", description: "Add signatures" },
  ],
  run,
};

export const REPO_DISCARD_COMMAND: Command = {
  name: "repo discard",
  summary: "Discard changes that await signatures",
  description: 'For repositories with signing = "external". Drops everything that was added, ' +
    "removed or rolled back since the last publication and is not yet signed. What is published " +
    "stays.",
  arguments: [REPOSITORY],
  options: [JSON_OPTION, ...CONNECTION_OPTIONS],
  examples: [{
    command: "pkgstash repo discard mine",
    description: "Discard what awaits signatures in mine",
  }],
  run: discard,
};

async function discard(options: OptionValues, output: Output): Promise<ExitCode> {
  const repository = requiredArgument(options, REPOSITORY.name);
  const answer = await ApiClient.of(options).call(DISCARD_WAITING, { repository });
  printAnswer(answer, {
    options,
    output,
    render: ({ by, action, changes }) =>
      [
        ...changes.map((change) => `  ${visible(changeText(change))}`),
        visible(`Discarded ${action} by ${by}. What is published in ${repository} stays.`),
      ].join("\n"),
  });
  return EXIT_CODE.ok;
}

async function run(options: OptionValues, output: Output): Promise<ExitCode> {
  const repository = requiredArgument(options, REPOSITORY.name);
  const paths = options.has(SIGNATURE) ? repeatedArgument(options, SIGNATURE) : [];
  const client = ApiClient.of(options);
  if (paths.length === 0) {
    const waiting = await client.call(SHOW_WAITING, { repository });
    printAnswer(waiting, {
      options,
      output,
      render: ({ files }, paints) => waitingText(repository, files, { url: client.url, paints }),
    });
    return EXIT_CODE.ok;
  }
  let publication: PublicationReport | null = null;
  for (const path of paths) {
    const content = await signatureAt(path);
    publication = await client.call(SIGN_WAITING, {
      ...{ repository, file: basename(path) },
      body: { content: ReadableStream.from([content]), size: content.length },
    });
  }
  printAnswer(publication!, {
    options,
    output,
    render: (answer, paints) => publicationText(repository, answer, paints),
  });
  return EXIT_CODE.ok;
}

function waitingText(
  repository: string,
  files: readonly WaitingFileReport[],
  { url, paints }: { url: string; paints: Paints },
): string {
  if (files.length === 0) return `Nothing in ${visible(repository)} needs a signature.`;
  const table = renderTable<WaitingFileReport>(
    [
      { title: "FILE", text: ({ name }) => name },
      { title: "SIZE", align: "right", text: ({ bytes }) => bytesText(bytes) },
      { title: "SIGNATURE", text: ({ signed }) => signed ? "present" : "missing" },
    ],
    files,
    paints.title,
  );
  const missing = files.filter(({ signed }) => !signed);
  return [
    table,
    "",
    "Fetch and sign them on the machine that has the key:",
    ...missing.map(({ name, path }) => visible(`  curl -fsS -o ${name} '${url}/${path}'`)),
    ...missing.map(({ name }) => visible(`  gpg --no-armor --detach-sign ${name}`)),
    "Add the signatures and publish:",
    visible(
      `  pkgstash repo sign ${repository} ${missing.map(({ name }) => `${name}.sig`).join(" ")}`,
    ),
  ].join("\n");
}

async function signatureAt(path: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    throw new AdministrationError(
      EXIT_CODE.failure,
      `Cannot read ${visible(path)}: ${reasonOf(error)}.`,
      { cause: error },
    );
  }
}
