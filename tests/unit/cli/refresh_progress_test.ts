import { assertEquals } from "@std/assert";
import type { DownloadReport } from "../../../src/api/downloads.ts";
import type { RefreshProgressEvent } from "../../../src/api/refresh.ts";
import { paintsFor } from "../../../src/cli/terminal_text.ts";
import { RefreshProgress } from "../../../src/cli/commands/refresh_progress.ts";
import { stripAnsiCode } from "@std/fmt/colors";

const PLAIN = paintsFor({});
const KIB = 1024;

function after(
  events: readonly RefreshProgressEvent[],
  downloads: readonly Partial<DownloadReport>[] = [],
): string[] {
  const progress = new RefreshProgress();
  for (const event of events) progress.record(event);
  progress.measure(downloads as DownloadReport[]);
  return progress.lines(70, PLAIN);
}

const BEGUN: RefreshProgressEvent[] = [
  { event: "database", repository: "core", status: "started" },
  { event: "database", repository: "extra", status: "started" },
  { event: "database", repository: "core", status: "updated" },
];

const FETCHING: RefreshProgressEvent[] = [
  ...BEGUN,
  { event: "database", repository: "extra", status: "current" },
  { event: "plan", files: 3, bytes: 40 * KIB },
  { event: "prefetch", file: "core/a", status: "started", bytes: 10 * KIB },
  { event: "prefetch", file: "core/b", status: "started", bytes: 20 * KIB },
  { event: "prefetch", file: "core/a", status: "fetched", bytes: 10 * KIB },
];

Deno.test("the bar is empty before the first event", () => {
  assertEquals(after([]), ["Databases  [--------] 0 of 0, 0 updated"]);
});

Deno.test("the bar of the databases counts those that are updated and those that failed", () => {
  assertEquals(after(BEGUN), ["Databases  [####----] 1 of 2, 1 updated"]);
  assertEquals(
    after([...BEGUN, { event: "database", repository: "extra", status: "failed", reason: "no" }]),
    ["Databases  [########] 2 of 2, 1 updated", "extra: no"],
  );
});

Deno.test("the bar of the prefetch counts bytes, including those in flight", () => {
  const downloads = [
    { file: "core/b", bytes: 10 * KIB, bytes_per_second: 2 * KIB },
    { file: "core/other", bytes: 10 * KIB, bytes_per_second: 2 * KIB },
  ];
  assertEquals(after(FETCHING, downloads), [
    "Databases  [########] 2 of 2, 1 updated",
    "Prefetch   [####----] 1 of 3, 20 KiB of 40 KiB, 2 KiB/s",
    "  [#####-----] b 2 KiB/s",
  ]);
});

Deno.test("the bar of the prefetch counts files if sizes are unknown, and the cleanup comes last", () => {
  const events: RefreshProgressEvent[] = [
    { event: "plan", files: 2, bytes: null },
    { event: "prefetch", file: "core/a", status: "started", bytes: null },
    { event: "prefetch", file: "core/a", status: "failed", reason: "gone\x1b[2J" },
    { event: "prefetch", file: null, status: "postponed", reason: "stopped" },
    { event: "cleanup", status: "done", removed: 1, bytes_freed: 2 * KIB },
  ];
  assertEquals(after(events).slice(1), [
    "Prefetch   [####----] 1 of 2, 0 B",
    "Cleanup    1 file removed, 2 KiB freed",
    "core/a: gone\\u{001b}[2J",
    "Remaining packages postponed: stopped",
  ]);
  assertEquals(after([{ event: "plan", files: 0, bytes: 0 }])[1], "Prefetch   nothing to do");
});

Deno.test("colours do not change the text", () => {
  const progress = new RefreshProgress();
  for (const event of FETCHING) progress.record(event);
  const colored = paintsFor({ color: true });
  assertEquals(
    progress.lines(70, colored).map((line) => stripAnsiCode(line)),
    progress.lines(70, PLAIN),
  );
});
