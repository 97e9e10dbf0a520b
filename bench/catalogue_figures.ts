/**
 * Measures the list of 100,000 cached packages, whose files take almost no space:
 * `deno run -A bench/catalogue_figures.ts`.
 */
import { join } from "@std/path";
import { CacheIndex } from "../src/mirroring/cache/cache_index.ts";
import { CacheLayout } from "../src/mirroring/cache/cache_layout.ts";
import { Catalogue, type ListQuery } from "../src/mirroring/cache/catalogue.ts";
import { CutFiles } from "../src/mirroring/cache/cut_files.ts";
import { Inventory } from "../src/mirroring/cache/inventory.ts";
import { Quarantine } from "../src/mirroring/cache/quarantine.ts";
import { RepositoryTree } from "../src/repositories/repository.ts";
import { configOf } from "../tests/support/configuration.ts";
import { DIRECTORIES, NOW, packages } from "./large_cache.ts";

const ROUNDS = 11;

const PAGE: ListQuery = {
  pattern: null,
  directories: null,
  words: [],
  kept: null,
  sort: "name",
  isDescending: false,
  limit: 50,
  offset: 0,
};

async function median(work: () => Promise<unknown>): Promise<string> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    await work();
    times.push(performance.now() - start);
  }
  return `${times.sort((a, b) => a - b)[ROUNDS >> 1]!.toFixed(1)} ms`;
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
  }
  const current = new Map(DIRECTORIES.map((directory) => [
    directory,
    new Set(entries.filter((e) => e.current && e.directory === directory).map((e) => e.fileName)),
  ]));
  const tree = new RepositoryTree(configOf(""));
  using index = await CacheIndex.open(join(layout.state, "index.sqlite"));
  const downloads = { get: () => null, entries: () => [] };
  const settings = () => ({ pinnedPackages: ["package-1?", "package-2"], keepVersions: 3 });
  const inventory = new Inventory({
    layout,
    index,
    cutFiles: new CutFiles({ layout, index, quarantine: new Quarantine(layout), downloads }),
    tree: () => tree,
    settings,
    downloads,
    snapshots: {
      trustedPackagesOf: ({ directory }) => Promise.resolve(current.get(directory) ?? null),
    },
    now: () => NOW,
  });
  await inventory.reconcile();
  using catalogue = new Catalogue({ layout, index, inventory, settings, downloads });
  const before = Deno.memoryUsage().rss;
  let longest = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }, 1);
  const start = performance.now();
  await catalogue.list(PAGE);
  console.log(
    `first page, which makes the list: ${Math.round(performance.now() - start)} ms, ` +
      `event loop blocked for ${Math.round(longest)} ms at most, ` +
      `+${Math.round((Deno.memoryUsage().rss - before) / 1024 ** 2)} MiB of RSS`,
  );
  clearInterval(timer);
  const queries: [string, Partial<ListQuery>][] = [
    ["by name, first page", {}],
    ["by name, page 1,000", { offset: 50_000 }],
    ["by name, page 2,000", { offset: 99_950 }],
    ["by size, the largest first", { sort: "size", isDescending: true }],
    ["search, half found, by last use", { words: ["package-1"], sort: "used_at" }],
    ["search, few found", { words: ["package-1999"] }],
    ["search, none found", { words: ["nothing"] }],
    ["search, one letter", { words: ["p"] }],
    ["only pinned", { kept: "pinned" }],
    ["only what nothing keeps", { kept: "nothing", sort: "size", isDescending: true }],
    ["one package by its name", { pattern: "package-1999", limit: null }],
  ];
  for (const [what, query] of queries) {
    const start = performance.now();
    const { totals } = await catalogue.list({ ...PAGE, ...query });
    const first = (performance.now() - start).toFixed(1);
    const time = await median(() => catalogue.list({ ...PAGE, ...query }));
    console.log(`${what}: ${first} ms at first, then ${time} (${totals.packages} found)`);
  }
} finally {
  await Deno.remove(root, { recursive: true });
}
