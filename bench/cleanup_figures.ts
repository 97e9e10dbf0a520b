/**
 * Measures a cleanup of 100,000 packages on disk, whose files take almost no space:
 * `deno run -A --v8-flags=--expose-gc bench/cleanup_figures.ts`.
 */
import { join } from "@std/path";
import { CacheIndex } from "../src/mirroring/cache/cache_index.ts";
import { CacheLayout } from "../src/mirroring/cache/cache_layout.ts";
import { CutFiles } from "../src/mirroring/cache/cut_files.ts";
import { Quarantine } from "../src/mirroring/cache/quarantine.ts";
import { Inventory } from "../src/mirroring/cache/inventory.ts";
import { RepositoryTree } from "../src/repositories/repository.ts";
import { Cleanup } from "../src/mirroring/cleanup/cleanup.ts";
import { configOf } from "../tests/support/configuration.ts";
import { DIRECTORIES, NOW, packages } from "./large_cache.ts";

const collect = (globalThis as { gc?: () => void }).gc ?? (() => {});
const mebibytes = (bytes: number) => `${Math.round(bytes / 1024 ** 2)} MiB`;

/** Runs `work`, and prints its time, the longest time that it blocked the event loop, and memory. */
async function measured<T>(what: string, work: () => Promise<T>): Promise<T> {
  collect();
  const before = Deno.memoryUsage();
  let peak = before.rss;
  let longest = 0;
  let last = performance.now();
  const look = () => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
    peak = Math.max(peak, Deno.memoryUsage().rss);
  };
  const timer = setInterval(look, 5);
  const start = performance.now();
  const result = await work();
  const time = performance.now() - start;
  await new Promise((resolve) => setTimeout(resolve, 10));
  look();
  clearInterval(timer);
  collect();
  const held = Deno.memoryUsage().heapUsed - before.heapUsed;
  console.log(
    `${what}: ${Math.round(time)} ms, event loop blocked for ${Math.round(longest)} ms at most, ` +
      `peak +${mebibytes(peak - before.rss)} of RSS (${mebibytes(peak)}), result ${
        mebibytes(held)
      } of heap`,
  );
  return result;
}

const root = await Deno.makeTempDir({ prefix: "pkgstash-figures-" });
try {
  const layout = new CacheLayout(root);
  const entries = packages(100_000);
  for (const directory of DIRECTORIES) {
    await Deno.mkdir(join(root, directory), { recursive: true });
  }
  for (const { directory, fileName } of entries) {
    using file = Deno.openSync(join(root, directory, fileName), { write: true, create: true });
    file.truncateSync(1);
    Deno.writeFileSync(join(root, directory, `${fileName}.sig`), new Uint8Array(1));
  }
  const current = new Map(DIRECTORIES.map((directory) => [
    directory,
    new Set(entries.filter((e) => e.current && e.directory === directory).map((e) => e.fileName)),
  ]));
  const tree = new RepositoryTree(configOf(""));
  using index = await CacheIndex.open(join(layout.state, "index.sqlite"));
  const downloads = { get: () => null };
  const now = () => NOW;
  const quarantine = new Quarantine(layout);
  const inventory = new Inventory({
    layout,
    index,
    cutFiles: new CutFiles({ layout, index, quarantine, downloads }),
    tree: () => tree,
    settings: () => ({ pinnedPackages: ["package-1?", "package-2"] }),
    downloads,
    snapshots: {
      trustedPackagesOf: ({ directory }) => Promise.resolve(current.get(directory) ?? null),
    },
    now,
  });
  const cleanup = new Cleanup({
    layout,
    index,
    inventory,
    downloads,
    snapshotStore: { forget: () => {} },
    settings: () => ({
      keepVersions: 3,
      maxCacheAgeMs: 0,
      maxCacheBytes: 100_000,
      cacheLowWaterPercent: 90,
      minFreeBytes: 0,
    }),
    freeSpace: () => Promise.resolve(null),
    now,
  });
  await measured("reconcile, index lost", () => inventory.reconcile());
  await measured("reconcile, index complete", () => inventory.reconcile());
  await measured("list packages", () => inventory.packages());
  await measured(
    "show one package",
    () => inventory.package(DIRECTORIES[0]!, entries[0]!.fileName),
  );
  const { report } = await measured("plan", () => cleanup.plan());
  const { removed } = await measured("run", () => cleanup.run());
  console.log(`${report.removed.length} files planned, ${removed.length} removed`);
} finally {
  await Deno.remove(root, { recursive: true });
}
