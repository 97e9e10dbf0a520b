import { basename } from "@std/path";
import {
  ABANDON_UPLOAD,
  OPEN_UPLOAD,
  type PublicationReport,
  PUBLISH_UPLOAD,
  UPLOAD_FILE,
} from "../../api/repositories.ts";
import { reasonOf } from "../../errors.ts";
import { JSON_OPTION, printAnswer } from "../answer_output.ts";
import { ApiClient, CONNECTION_OPTIONS } from "../api_client.ts";
import { type Command, type OptionValues, repeatedArgument, requiredArgument } from "../command.ts";
import { AdministrationError, EXIT_CODE, type ExitCode } from "../errors.ts";
import { LiveRegion } from "../live_region.ts";
import type { Output } from "../output.ts";
import { barText, bytesText, rateText } from "../quantity.ts";
import { type Paints, visible } from "../terminal_text.ts";
import { CONSENT_OPTIONS, consentOf, publicationText, REPOSITORY } from "./repo_texts.ts";

const FILE = "FILE";

export const REPO_ADD_COMMAND: Command = {
  name: "repo add",
  summary: "Put packages into a repository",
  description:
    "Sends packages to the daemon, with the signature FILE.sig of each that has one, and " +
    "publishes them together, or none if one is refused. The server signs what has no signature. " +
    "Shows the progress on a terminal.",
  arguments: [
    REPOSITORY,
    {
      name: FILE,
      description: "Packages, as makepkg makes them",
      required: true,
      isRepeated: true,
    },
  ],
  options: [
    ...CONSENT_OPTIONS,
    {
      name: "ignore-signatures",
      valueName: null,
      description: "Leave FILE.sig out, so that the server signs",
    },
    JSON_OPTION,
    ...CONNECTION_OPTIONS,
  ],
  examples: [{
    command: "pkgstash repo add mine foo-1.0-1-x86_64.pkg.tar.zst",
    description: "Publish foo",
  }],
  readsFiles: true,
  run,
};

/** A file to be sent. */
interface Sent {
  readonly path: string;
  readonly size: number;
}

async function run(options: OptionValues, output: Output): Promise<ExitCode> {
  const repository = requiredArgument(options, REPOSITORY.name);
  const files = await filesToSend(options);
  const client = await ApiClient.of(options);
  const { upload } = await client.call(OPEN_UPLOAD, { repository });
  let publication: PublicationReport;
  try {
    const progress = new Progress(files, options.has(JSON_OPTION.name) ? undefined : output.screen);
    for (const { path, size } of files) {
      const file = basename(path);
      using opened = await Deno.open(path);
      const body = { content: progress.follow(file, opened.readable), size };
      await client.call(UPLOAD_FILE, { repository, upload, file, body }).finally(() =>
        progress.clear()
      );
    }
    publication = await client.call(PUBLISH_UPLOAD, {
      ...{ repository, upload },
      body: consentOf(options),
    });
  } catch (error) {
    // The failure itself counts; an upload that stays is dropped by the daemon after a while.
    await client.call(ABANDON_UPLOAD, { repository, upload }).catch(() => {});
    throw error;
  }
  printAnswer(publication, {
    options,
    output,
    render: (answer, paints: Paints) => publicationText(repository, answer, paints),
  });
  return EXIT_CODE.ok;
}

/** The packages that were named, each with its signature if there is one. */
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

/** A bar for all files on the last line of a terminal. */
class Progress {
  readonly #region: LiveRegion | null;
  readonly #width: number;
  readonly #total: number;
  readonly #startedAt = performance.now();
  #sent = 0;

  constructor(files: readonly Sent[], screen: Output["screen"]) {
    this.#total = files.reduce((sum, { size }) => sum + size, 0);
    this.#region = screen === undefined ? null : new LiveRegion(screen);
    this.#width = Math.min(30, Math.max(10, (screen?.columns ?? 80) - 60));
  }

  /** The bytes of a file as they come, counted. */
  follow(
    name: string,
    bytes: ReadableStream<Uint8Array<ArrayBuffer>>,
  ): ReadableStream<Uint8Array<ArrayBuffer>> {
    return bytes.pipeThrough(
      new TransformStream({
        transform: (chunk, controller) => {
          this.#sent += chunk.length;
          this.#draw(name);
          controller.enqueue(chunk);
        },
      }),
    );
  }

  /** Makes way for lines that stay. */
  clear(): void {
    this.#region?.draw([]);
  }

  #draw(name: string): void {
    const rate = this.#sent / Math.max(0.001, (performance.now() - this.#startedAt) / 1000);
    const share = this.#total === 0 ? 1 : this.#sent / this.#total;
    this.#region?.draw([
      `${barText(share, this.#width)} ${bytesText(this.#sent)} of ${bytesText(this.#total)}, ` +
      `${rateText(rate)} ${visible(name)}`,
    ]);
  }
}
