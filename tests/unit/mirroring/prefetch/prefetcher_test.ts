import { assertEquals } from "@std/assert";
import { ClientDownloads } from "../../../../src/mirroring/downloads/client_downloads.ts";
import { Prefetcher } from "../../../../src/mirroring/prefetch/prefetcher.ts";
import { FakeClock } from "./fake_clock.ts";
import { DIRECTORY, fileOf, wishOf } from "./prefetch_harness.ts";

const MINUTE = 60_000;
/** Half an hour before the time window opens. */
const BEFORE_WINDOW = new Date(2026, 0, 1, 0, 30).getTime();

/** A prefetcher at half past midnight whose window opens at one, and how often that was noticed. */
function prefetcherOf(sizes: readonly (number | null)[]) {
  const clock = new FakeClock(BEFORE_WINDOW);
  const wishes = sizes.map((size, index) => ({ ...wishOf(`p${index}`), size }));
  const opened = { count: 0 };
  const prefetcher = new Prefetcher({
    planner: {
      plan: () => Promise.resolve({ wishes, planned: [DIRECTORY], plannedAt: clock.now() }),
    },
    packages: () => ({
      prefetch: () => {
        throw new Error("outside the time window");
      },
      prefetchSignature: () => Promise.reject(new Error("outside the time window")),
    }),
    clients: new ClientDownloads(),
    index: { wish: () => new Map() },
    tree: () => ({
      fileAt: (path) => ({
        repository: {
          upstream: "arch",
          name: "core",
          architecture: "x86_64",
          directory: DIRECTORY,
        },
        fileName: path.slice(DIRECTORY.length + 1),
        kind: "package",
      }),
    }),
    settings: () => ({
      prefetchConcurrency: 1,
      prefetchBytesPerSecond: 0,
      prefetchWindow: { start: 60, end: 120 },
    }),
    onWindowOpen: () => opened.count++,
    clock,
  });
  return { prefetcher, clock, opened };
}

Deno.test("a prefetch announces its plan, then its steps", async (t) => {
  for (
    const [name, sizes, bytes] of [
      ["sizes known", [10, 20], 30],
      ["a size unknown", [10, null], null],
    ] as const
  ) {
    await t.step(name, async () => {
      const { prefetcher } = prefetcherOf(sizes);
      const events: unknown[] = [];
      const { signal } = new AbortController();
      const report = await prefetcher.run((event) => events.push(event), signal);
      prefetcher.stop();
      assertEquals(events, [
        { event: "plan", files: 2, bytes },
        {
          event: "prefetch",
          file: null,
          status: "postponed",
          reason: "outside prefetch_window",
        },
      ]);
      assertEquals(report.postponed, ["p0", "p1"].map((name) => `${DIRECTORY}/${fileOf(name)}`));
    });
  }
});

Deno.test("a prefetch without wishes announces an empty plan", async () => {
  const { prefetcher, clock, opened } = prefetcherOf([]);
  const events: unknown[] = [];
  await prefetcher.run((event) => events.push(event), new AbortController().signal);
  assertEquals(events, [{ event: "plan", files: 0, bytes: 0 }]);
  clock.advance(30 * MINUTE);
  await Promise.resolve();
  assertEquals(opened.count, 0, "there was nothing to wait for");
});

Deno.test("the opening of the time window is noticed once, however many runs found it closed", async () => {
  const { prefetcher, clock, opened } = prefetcherOf([1]);
  const { signal } = new AbortController();
  await prefetcher.run(() => {}, signal);
  await prefetcher.run(() => {}, signal);
  clock.advance(30 * MINUTE - 1);
  await Promise.resolve();
  assertEquals(opened.count, 0);
  clock.advance(1);
  await Promise.resolve();
  assertEquals(opened.count, 1);
});

Deno.test("the opening of the time window is not awaited after a stop", async () => {
  const { prefetcher, clock, opened } = prefetcherOf([1]);
  await prefetcher.run(() => {}, new AbortController().signal);
  prefetcher.stop();
  clock.advance(30 * MINUTE);
  await Promise.resolve();
  assertEquals(opened.count, 0);
});

Deno.test("the opening of the time window is not awaited if the run was aborted", async () => {
  const { prefetcher, clock, opened } = prefetcherOf([1]);
  await prefetcher.run(() => {}, AbortSignal.abort());
  clock.advance(30 * MINUTE);
  await Promise.resolve();
  assertEquals(opened.count, 0);
});
