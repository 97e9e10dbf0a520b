import { VERIFY, type VerifyProgressEvent } from "../../api/verify.ts";
import { JSON_OPTION } from "../answer_output.ts";
import { ApiClient, CONNECTION_OPTIONS } from "../api_client.ts";
import type { Command, OptionValues } from "../command.ts";
import { AdministrationError, EXIT_CODE, type ExitCode } from "../errors.ts";
import { LiveRegion } from "../live_region.ts";
import type { Output } from "../output.ts";
import { barText, bytesText, countText } from "../quantity.ts";
import { visible } from "../terminal_text.ts";

const REPOSITORY = "REPOSITORY";

export const VERIFY_COMMAND: Command = {
  name: "verify",
  summary: "Check cached packages for damage",
  description: "Reads the cached packages and compares their checksums with the databases or " +
    "the daemon's records, and their signatures with the packages. Prints damaged files and, on " +
    "a terminal, progress; with --json, one JSON object per line. Ctrl-C stops it. Exits with 1 " +
    "if a file is damaged, even if repaired, or if a verification is already in progress.",
  arguments: [{
    name: REPOSITORY,
    description: "Name or directory of a repository (default: all)",
    required: false,
    completion: "repositories",
  }],
  options: [
    {
      name: "repair",
      valueName: null,
      description: "Quarantine damaged files and fetch them again",
    },
    JSON_OPTION,
    ...CONNECTION_OPTIONS,
  ],
  examples: [
    { command: "pkgstash verify core", description: "Check core for damage" },
    { command: "pkgstash verify --repair", description: "Replace all damaged files" },
  ],
  run,
};

async function run(options: OptionValues, output: Output): Promise<ExitCode> {
  const client = ApiClient.of(options);
  const repository = options.get(REPOSITORY);
  const isJson = options.has(JSON_OPTION.name);
  const progress = isJson || output.screen === undefined ? null : new Progress(output.screen);
  let last: VerifyProgressEvent | null = null;
  const events = client.stream(VERIFY, {
    repair: options.has("repair") ? "true" : "false",
    ...(repository === undefined ? {} : { repository }),
  });
  for await (const { text, event } of events) {
    if (isJson) output.out(text);
    if (event === null) continue;
    last = event;
    if (isJson) continue;
    const line = textOf(event);
    if (line !== null) progress?.clear();
    if (line !== null) output.out(visible(line));
    progress?.show(event);
  }
  if (last?.event === "done") return last.wrong === 0 ? EXIT_CODE.ok : EXIT_CODE.failure;
  if (last?.event === "failed") {
    throw new AdministrationError(EXIT_CODE.failure, visible(last.reason));
  }
  throw new AdministrationError(
    EXIT_CODE.unreachable,
    "Cannot follow the verification: the response ended too early. See the daemon's log.",
  );
}

/** An event as a line; null if it is not worth one. */
function textOf(event: VerifyProgressEvent): string | null {
  switch (event.event) {
    case "file":
      switch (event.status) {
        case "wrong":
          return `${event.file}: damaged, ${event.reason}`;
        case "set_aside":
          return `${event.file}: quarantined`;
        case "fetched":
          return `${event.file}: fetched again`;
        case "failed":
          return `${event.file}: not repaired, ${event.reason}`;
      }
      return null;
    case "done": {
      const { packages, bytes, wrong, repaired, unknown } = event;
      const read = `${countText(packages, "package")} read, ${bytesText(bytes)}`;
      const found = wrong === 0
        ? "no damage found"
        : `${countText(wrong, "file")} damaged, ${repaired} repaired`;
      const rest = unknown === 0 ? "" : `; no checksum known for ${unknown} of them`;
      return `${read}: ${found}${rest}.`;
    }
    default:
      return null;
  }
}

/** A progress bar on the last line of a terminal. */
class Progress {
  readonly #region: LiveRegion;
  readonly #width: number;
  #total = 0;

  constructor(screen: NonNullable<Output["screen"]>) {
    this.#region = new LiveRegion(screen);
    this.#width = Math.min(30, Math.max(10, screen.columns - 40));
  }

  show(event: VerifyProgressEvent): void {
    if (event.event === "plan") this.#total = event.bytes;
    if (event.event !== "progress") return;
    const share = this.#total === 0 ? 1 : event.bytes / this.#total;
    this.#region.draw([
      `${barText(share, this.#width)} ${bytesText(event.bytes)} of ${bytesText(this.#total)}`,
    ]);
  }

  /** Clears the bar before a line is printed. */
  clear(): void {
    this.#region.draw([]);
  }
}
