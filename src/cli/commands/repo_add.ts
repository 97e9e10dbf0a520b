import { basename } from "@std/path";
import { UPLOAD_FILE } from "../../api/repositories.ts";
import { reasonOf } from "../../errors.ts";
import { JSON_OPTION, printAnswer } from "../answer_output.ts";
import { ApiClient, CONNECTION_OPTIONS } from "../api_client.ts";
import { type Command, type OptionValues, repeatedArgument, requiredArgument } from "../command.ts";
import { AdministrationError, EXIT_CODE, type ExitCode } from "../errors.ts";
import type { Output } from "../output.ts";
import { publishUpload } from "../repository_upload.ts";
import { TransferBar } from "../transfer_bar.ts";
import { type Paints, visible } from "../terminal_text.ts";
import { CONSENT_OPTIONS, consentOf, publicationText, REPOSITORY } from "./repo_texts.ts";

const FILE = "FILE";

export const REPO_ADD_COMMAND: Command = {
  name: "repo add",
  summary: "Add packages to a repository",
  description:
    "Uploads packages to the daemon, each with its signature FILE.sig if it exists, and " +
    "publishes them together, or none if one is refused. The server signs packages without a " +
    "signature. Shows progress on a terminal.",
  arguments: [
    REPOSITORY,
    {
      name: FILE,
      isPath: true,
      description: "Package files, as made by makepkg",
      required: true,
      isRepeated: true,
    },
  ],
  options: [
    ...CONSENT_OPTIONS,
    {
      name: "ignore-signatures",
      valueName: null,
      description: "Ignore FILE.sig and let the server sign",
    },
    JSON_OPTION,
    ...CONNECTION_OPTIONS,
  ],
  examples: [{
    command: "pkgstash repo add mine foo-1.0-1-x86_64.pkg.tar.zst",
    description: "Publish foo",
  }],
  run,
};

interface Sent {
  readonly path: string;
  readonly size: number;
}

async function run(options: OptionValues, output: Output): Promise<ExitCode> {
  const repository = requiredArgument(options, REPOSITORY.name);
  const files = await filesToSend(options);
  const client = ApiClient.of(options);
  const bar = new TransferBar(options.has(JSON_OPTION.name) ? undefined : output.screen);
  bar.begin(files.reduce((sum, { size }) => sum + size, 0));
  const publication = await publishUpload(client, {
    repository,
    consent: consentOf(options),
    send: async (upload) => {
      for (const { path, size } of files) {
        const file = basename(path);
        using opened = await Deno.open(path);
        const body = { content: bar.follow(file, opened.readable), size };
        await client.call(UPLOAD_FILE, { repository, upload, file, body })
          .finally(() => bar.clear());
      }
    },
  });
  printAnswer(publication, {
    options,
    output,
    render: (answer, paints: Paints) => publicationText(repository, answer, paints),
  });
  return EXIT_CODE.ok;
}

/** The given packages, each with its signature if it exists. */
async function filesToSend(options: OptionValues): Promise<Sent[]> {
  const sent: Sent[] = [];
  for (const path of repeatedArgument(options, FILE)) {
    sent.push({ path, size: await sizeOf(path) });
    if (options.has("ignore-signatures") || path.endsWith(".sig")) continue;
    const signature = `${path}.sig`;
    const size = await sizeOf(signature).catch(() => null);
    if (size !== null) sent.push({ path: signature, size });
  }
  return sent;
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await Deno.stat(path)).size;
  } catch (error) {
    throw new AdministrationError(
      EXIT_CODE.failure,
      `Cannot read ${visible(path)}: ${reasonOf(error)}.`,
      { cause: error },
    );
  }
}
