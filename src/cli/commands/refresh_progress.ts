import type { DownloadReport } from "../../api/downloads.ts";
import type { RefreshProgressEvent } from "../../api/refresh.ts";
import { barText, bytesText, countText, rateText } from "../quantity.ts";
import { type Paints, visible } from "../terminal_text.ts";

/** A package that is being fetched. */
interface Running {
  /** Size in the database, in bytes; null if unknown. */
  readonly size: number | null;
  bytes: number;
  rate: number;
}

/** Turns the events of a refresh into progress bars. */
export class RefreshProgress {
  readonly #databases = new Map<string, string>();
  readonly #problems: string[] = [];
  readonly #running = new Map<string, Running>();
  #plan: { files: number; bytes: number | null } | null = null;
  #files = 0;
  #bytes = 0;
  #cleanup: string | null = null;

  /** Whether packages are being fetched, so that reading the downloads makes sense. */
  get isPrefetching(): boolean {
    return this.#running.size > 0;
  }

  record(event: RefreshProgressEvent): void {
    switch (event.event) {
      case "database":
        this.#databases.set(event.repository, event.status);
        if (event.status === "failed") {
          this.#problems.push(`${event.repository}: ${event.reason}`);
        }
        break;
      case "plan":
        this.#plan = event;
        break;
      case "prefetch":
        if (event.file === null) {
          this.#problems.push(
            `Remaining packages postponed: ${event.reason}`,
          );
        } else if (event.status === "started") {
          this.#running.set(event.file, { size: event.bytes, bytes: 0, rate: 0 });
        } else {
          this.#bytes += this.#running.get(event.file)?.size ?? 0;
          this.#files++;
          this.#running.delete(event.file);
          if (event.status === "failed") this.#problems.push(`${event.file}: ${event.reason}`);
        }
        break;
      case "cleanup":
        this.#cleanup = event.status === "failed"
          ? `failed, ${event.reason}`
          : `${countText(event.removed, "file")} removed, ${bytesText(event.bytes_freed)} freed`;
    }
  }

  /** Records the progress of downloads, ignoring those of other requests. */
  measure(downloads: readonly DownloadReport[]): void {
    for (const { file, bytes, bytes_per_second } of downloads) {
      const running = this.#running.get(file);
      if (running === undefined) continue;
      running.bytes = bytes;
      running.rate = bytes_per_second;
    }
  }

  lines(columns: number, paints: Paints): string[] {
    const width = Math.min(30, Math.max(10, columns - 60));
    const row = (name: string, text: string) => `${paints.title(name.padEnd(10))} ${text}`;
    const bar = (part: number, width: number) => paints.accent(barText(part, width));
    const states = [...this.#databases.values()];
    const ready = states.filter((state) => state !== "started").length;
    const updated = states.filter((state) => state === "updated").length;
    return [
      row(
        "Databases",
        `${bar(states.length === 0 ? 0 : ready / states.length, width)} ` +
          `${ready} of ${states.length}, ${updated} updated`,
      ),
      ...this.#prefetchLines(row, (part) => bar(part, width)),
      ...[...this.#running].map(([file, { size, bytes, rate }]) =>
        `  ${bar(size ? bytes / size : 0, 12)} ${visible(file.slice(file.lastIndexOf("/") + 1))} ` +
        paints.faint(rateText(rate))
      ),
      ...(this.#cleanup === null ? [] : [row("Cleanup", visible(this.#cleanup))]),
      ...this.#problems.map((problem) => paints.bad(visible(problem))),
    ];
  }

  #prefetchLines(
    row: (name: string, text: string) => string,
    bar: (part: number) => string,
  ): string[] {
    if (this.#plan === null) return [];
    const { files, bytes: total } = this.#plan;
    if (files === 0) return [row("Prefetch", "nothing to do")];
    const running = [...this.#running.values()];
    const bytes = this.#bytes + running.reduce((sum, each) => sum + each.bytes, 0);
    const rate = running.reduce((sum, each) => sum + each.rate, 0);
    const part = total ? bytes / total : this.#files / files;
    return [row(
      "Prefetch",
      `${bar(part)} ${this.#files} of ${files}, ${bytesText(bytes)}` +
        `${total === null ? "" : ` of ${bytesText(total)}`}` +
        `${running.length === 0 ? "" : `, ${rateText(rate)}`}`,
    )];
  }
}
