import type { DownloadReport } from "../../api/downloads.ts";
import type { RefreshProgressEvent } from "../../api/refresh.ts";
import { AdministrationError } from "../administration_error.ts";
import { ApiClient } from "../api_client.ts";
import type { OptionValues } from "../command.ts";
import { EXIT_CODE, type ExitCode } from "../exit_code.ts";
import { LiveRegion } from "../live_region.ts";
import type { Output, Screen } from "../output.ts";
import { paintsFor } from "../paint.ts";
import { RefreshProgress } from "../refresh_progress.ts";
import { visible } from "../visible.ts";
import { refreshEventText } from "../refresh_event_text.ts";

/** Milliseconds between two looks at the downloads. */
const INTERVAL = 500;

/** Refreshes, prefetches and cleans up, and tells how it goes; 1 if any of it failed. */
export async function run(options: OptionValues, output: Output): Promise<ExitCode> {
  const client = await ApiClient.of(options);
  const show = options.has("json")
    ? printer(output, JSON.stringify)
    : output.screen === undefined
    ? printer(output, refreshEventText)
    : new Drawing(output.screen, client, output);
  let last: RefreshProgressEvent | null = null;
  try {
    for await (const event of client.lines<RefreshProgressEvent>("refresh", { method: "POST" })) {
      show.take(event);
      last = event;
    }
  } finally {
    await show.end();
  }
  if (last?.event === "done") return EXIT_CODE.ok;
  if (last?.event === "failed") {
    const reasons = last.reason.split("\n").map((line) => `  ${visible(line)}`).join("\n");
    throw new AdministrationError(EXIT_CODE.failure, `Not all of it was refreshed:\n${reasons}`);
  }
  throw new AdministrationError(
    EXIT_CODE.unreachable,
    "The refresh was cut off before its end. See what the daemon's log says.",
  );
}

/** A way to show what happens. */
interface Show {
  take(event: RefreshProgressEvent): void;
  end(): Promise<void> | void;
}

/** One line for each event that has one. */
function printer(output: Output, text: (event: RefreshProgressEvent) => string | null): Show {
  return {
    take: (event) => {
      const line = text(event);
      if (line !== null) output.out(line);
    },
    end: () => {},
  };
}

/** Bars that grow; in between it asks how far the downloads are. */
class Drawing implements Show {
  readonly #progress = new RefreshProgress();
  readonly #region: LiveRegion;
  readonly #timer: ReturnType<typeof setInterval>;
  #looking: Promise<void> = Promise.resolve();
  #isLooking = false;

  constructor(
    private readonly screen: Screen,
    private readonly client: ApiClient,
    private readonly output: Output,
  ) {
    this.#region = new LiveRegion(screen);
    this.#timer = setInterval(() => this.#look(), INTERVAL);
  }

  take(event: RefreshProgressEvent): void {
    this.#progress.take(event);
    this.#draw();
  }

  async end(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
    this.#draw();
  }

  #look(): void {
    if (this.#isLooking || !this.#progress.isPrefetching) return;
    this.#isLooking = true;
    // What cannot be seen now is seen the next time.
    this.#looking = this.client.ask<{ downloads: DownloadReport[] }>("downloads")
      .then(({ downloads }) => {
        this.#progress.measure(downloads);
        this.#draw();
      })
      .catch(() => {})
      .finally(() => this.#isLooking = false);
  }

  #draw(): void {
    this.#region.draw(this.#progress.lines(this.screen.columns, paintsFor(this.output)));
  }
}
