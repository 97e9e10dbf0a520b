import { LIST_DOWNLOADS } from "../../api/downloads.ts";
import { REFRESH, type RefreshProgressEvent } from "../../api/refresh.ts";
import { JSON_OPTION } from "../answer_output.ts";
import { ApiClient, CONNECTION_OPTIONS, type Line } from "../api_client.ts";
import type { Command, OptionValues } from "../command.ts";
import { AdministrationError, EXIT_CODE, type ExitCode } from "../errors.ts";
import { LiveRegion } from "../live_region.ts";
import type { Output, Screen } from "../output.ts";
import { bytesText, countText } from "../quantity.ts";
import { paintsFor, visible } from "../terminal_text.ts";
import { RefreshProgress } from "./refresh_progress.ts";

/** How often the downloads are read. */
const INTERVAL_MS = 500;

export const REFRESH_COMMAND: Command = {
  name: "refresh",
  summary: "Refresh databases, prefetch and clean up",
  description: "Does now what the daemon does every refresh_interval, and shows the progress: as " +
    "bars on a terminal, otherwise as one line per step, or with --json as one JSON object per " +
    "line. " +
    "Exits with 1 if any part failed, or if a refresh is already in progress.",
  options: [JSON_OPTION, ...CONNECTION_OPTIONS],
  examples: [{ command: "pkgstash refresh", description: "Refresh now" }],
  run,
};

async function run(options: OptionValues, output: Output): Promise<ExitCode> {
  const client = ApiClient.of(options);
  await using display = displayFor(options, output, client);
  let last: RefreshProgressEvent | null = null;
  for await (const line of client.stream(REFRESH)) {
    display.show(line);
    last = line.event ?? last;
  }
  if (last?.event === "done") return EXIT_CODE.ok;
  if (last?.event === "failed") {
    const reasons = last.reason.split("\n").map((line) => `  ${visible(line)}`).join("\n");
    throw new AdministrationError(EXIT_CODE.failure, `Cannot refresh everything:\n${reasons}`);
  }
  throw new AdministrationError(
    EXIT_CODE.unreachable,
    "Cannot follow the refresh: the response ended too early. See the daemon's log.",
  );
}

/** Shows the progress of a refresh. */
interface Display extends AsyncDisposable {
  show(line: Line<RefreshProgressEvent>): void;
}

function displayFor(options: OptionValues, output: Output, client: ApiClient): Display {
  if (options.has(JSON_OPTION.name)) return lineDisplay(output, ({ text }) => text);
  const { screen } = output;
  if (screen !== undefined) return new Bars(screen, client, output);
  return lineDisplay(output, ({ event }) => event === null ? null : refreshEventText(event));
}

function lineDisplay(
  output: Output,
  textOf: (line: Line<RefreshProgressEvent>) => string | null,
): Display {
  return {
    show: (line) => {
      const text = textOf(line);
      if (text !== null) output.out(text);
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** Progress bars, driven by events and, in between, by the downloads. */
class Bars implements Display {
  readonly #progress = new RefreshProgress();
  readonly #screen: Screen;
  readonly #client: ApiClient;
  readonly #output: Output;
  readonly #region: LiveRegion;
  readonly #timer: ReturnType<typeof setInterval>;
  #look: Promise<void> | null = null;

  constructor(screen: Screen, client: ApiClient, output: Output) {
    this.#screen = screen;
    this.#client = client;
    this.#output = output;
    this.#region = new LiveRegion(screen);
    this.#timer = setInterval(() => this.#lookAtDownloads(), INTERVAL_MS);
  }

  show({ event }: Line<RefreshProgressEvent>): void {
    if (event === null) return;
    this.#progress.record(event);
    this.#draw();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#look;
    this.#draw();
  }

  #lookAtDownloads(): void {
    if (this.#look !== null || !this.#progress.isPrefetching) return;
    this.#look = this.#client.call(LIST_DOWNLOADS)
      .then(({ downloads }) => {
        this.#progress.measure(downloads);
        this.#draw();
      })
      // The next attempt may succeed.
      .catch(() => {})
      .finally(() => this.#look = null);
  }

  #draw(): void {
    this.#region.draw(this.#progress.lines(this.#screen.columns, paintsFor(this.#output)));
  }
}

/** An event as a line; null if it is not worth one. */
function refreshEventText(event: RefreshProgressEvent): string | null {
  const text = textOf(event);
  return text === null ? null : visible(text);
}

function textOf(event: RefreshProgressEvent): string | null {
  switch (event.event) {
    case "database":
      if (event.status === "started") return null;
      return `database ${event.repository}: ` +
        (event.status === "failed" ? `failed, ${event.reason}` : event.status);
    case "plan": {
      const size = event.bytes === null ? "" : `, ${bytesText(event.bytes)}`;
      return event.files === 0
        ? "prefetch: nothing to do"
        : `prefetch: ${countText(event.files, "package")}${size}`;
    }
    case "prefetch":
      switch (event.status) {
        case "started":
          return null;
        case "fetched":
          return `prefetch ${event.file}: fetched, ${bytesText(event.bytes)}`;
        case "failed":
          return `prefetch ${event.file}: failed, ${event.reason}`;
        case "postponed":
          return `prefetch: remaining packages postponed, ${event.reason}`;
      }
      return null;
    case "cleanup":
      return event.status === "failed"
        ? `cleanup: failed, ${event.reason}`
        : `cleanup: ${countText(event.removed, "file")} removed, ` +
          `${bytesText(event.bytes_freed)} freed`;
    case "done":
      return `done: ${event.failed === 0 ? "" : `${event.databases - event.failed} of `}` +
        `${countText(event.databases, "database")}, ` +
        `${countText(event.prefetched, "package")} prefetched`;
    case "failed":
      // The reasons are printed to standard error.
      return null;
  }
}
