import { assertEquals } from "@std/assert";
import { setImmediate } from "node:timers/promises";
import { RepositoryTree } from "../../../src/repositories/repository.ts";
import { CacheLayout } from "../../../src/mirroring/cache/cache_layout.ts";
import { Listings } from "../../../src/server/files/listing.ts";
import { ListingPage } from "../../../src/server/files/listing_page.ts";
import { configOf } from "../../support/configuration.ts";
import { TempFolder } from "../../support/temp_folder.ts";

const DIRECTORY = "core/os/x86_64";
const NO_OWN_FILES = {
  tree: new RepositoryTree({ upstreams: [] }),
  filesOf: () => Promise.resolve([]),
};

/** Listings of a cache whose repository has some files, and how often its pages were made. */
class Bench {
  made = 0;
  readonly listings = new Listings(0);
  readonly #folder: TempFolder;
  readonly #needs: Parameters<Listings["respond"]>[1];

  constructor(folder: TempFolder) {
    this.#folder = folder;
    this.#needs = {
      tree: new RepositoryTree(configOf("")),
      layout: new CacheLayout(folder.path),
      snapshots: {
        current: () => Promise.resolve({ generation: "1", members: { db: { blob: "db" } } }),
        pathOf: () => {
          this.made++;
          return folder.join("none");
        },
      },
    } as unknown as Parameters<Listings["respond"]>[1];
  }

  async put(name: string, changedMs: number): Promise<void> {
    const directory = this.#folder.join(DIRECTORY);
    await Deno.mkdir(directory, { recursive: true });
    await Deno.writeTextFile(`${directory}/${name}-1-1-any.pkg.tar.zst`, "x");
    await Deno.utime(directory, new Date(changedMs), new Date(changedMs));
  }

  async page(): Promise<string> {
    return await (await this.respond()).text();
  }

  respond(): Promise<Response> {
    return this.listings.respond(DIRECTORY, this.#needs, NO_OWN_FILES);
  }
}

Deno.test("concurrent requests share one page, which is made again only after a change", async () => {
  await using folder = await TempFolder.create();
  const bench = new Bench(folder);
  await bench.put("a", Date.parse("2026-01-01"));
  const pages = await Promise.all(Array.from({ length: 20 }, () => bench.page()));
  assertEquals([new Set(pages).size, bench.made], [1, 1]);
  assertEquals(/a-1-1-any/.test(pages[0]!), true);
  assertEquals([await bench.page(), bench.made], [pages[0]!, 1]);
  await bench.put("b", Date.parse("2026-01-02"));
  // It may be as old as a few times what it took.
  while (!/b-1-1-any/.test(await bench.page()));
  assertEquals(bench.made, 2);
});

Deno.test("slow clients hold one older page, not one for each change", async () => {
  await using folder = await TempFolder.create();
  const bench = new Bench(folder);
  await bench.put("a", Date.parse("2026-01-01"));
  const slow = await bench.respond();
  await bench.put("b", Date.parse("2026-01-02"));
  while (!/b-1-1-any/.test(await bench.page()));
  await bench.put("c", Date.parse("2026-01-03"));
  for (let count = 0; count < 500; count++) await bench.page();
  assertEquals(bench.made, 2);
  await slow.body?.cancel();
  while (!/c-1-1-any/.test(await bench.page()));
});

Deno.test("a directory that has only just changed is read again", async () => {
  await using folder = await TempFolder.create();
  const bench = new Bench(folder);
  const now = Date.now();
  await bench.put("a", now);
  await bench.page();
  await bench.put("b", now);
  while (!/b-1-1-any/.test(await bench.page()));
});

Deno.test("other work proceeds while a long page is made, and readers receive it as it grows", async () => {
  const rows = Array.from({ length: 10_000 }, (_, index) => ({ name: `name-${index}`, size: 1 }));
  const page = new ListingPage("core", Promise.resolve(rows));
  let turns = 0;
  let isDone = false;
  const counting = (async () => {
    while (!isDone) {
      await setImmediate();
      turns++;
    }
  })();
  const [early, text] = await Promise.all([
    page.respond().then((response) => response.headers.get("content-length")),
    page.respond().then((response) => response.text()),
  ]);
  isDone = true;
  await counting;
  assertEquals(turns >= rows.length / 500 - 1, true, `${turns}`);
  assertEquals([early, text.match(/<tr><td>/g)?.length], [null, rows.length]);
  const late = await page.respond();
  assertEquals(late.headers.get("content-length"), `${new TextEncoder().encode(text).length}`);
  assertEquals(await late.text(), text);
});

Deno.test("a page that cannot be made fails for everyone who waits for it, and for nobody else", async () => {
  const page = new ListingPage("core", Promise.reject(new Error("no such disk")));
  const failed = await Promise.allSettled([page.respond(), page.respond(), page.done]);
  assertEquals(failed.map(({ status }) => status), ["rejected", "rejected", "rejected"]);
});
