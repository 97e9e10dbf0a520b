import { assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { App } from "../../../src/app.ts";
import { CacheIndex } from "../../../src/mirroring/cache/cache_index.ts";
import { FakeMirror } from "../../support/fake_mirror.ts";
import { exchange } from "../../support/http_exchange.ts";
import { LogLines } from "../../support/log_lines.ts";
import { beforeTimeouts } from "../../support/patience.ts";
import { TempFolder } from "../../support/temp_folder.ts";
import { TestApp, testConfig } from "../../support/test_app.ts";
import { administer, TOKEN } from "../../support/administration.ts";
import { PublishedRepository } from "../../support/published_repository.ts";
import { allRecords } from "../../support/indexed_files.ts";

/** What can happen to the index between two runs. */
const LOSSES: Record<string, (path: string) => Promise<void>> = {
  removed: (path) => Deno.remove(path),
  overwritten: (path) => Deno.writeTextFile(path, "this is no database\n".repeat(1000)),
  truncated: (path) => Deno.truncate(path, 1000),
  "damaged in the middle": async (path) => {
    const bytes = await Deno.readFile(path);
    await Deno.writeFile(path, bytes.fill(0xff, 4096, 12_288));
  },
};

for (const [what, lose] of Object.entries(LOSSES)) {
  Deno.test(`a cache is served, kept and brought up to date after its index was ${what}`, async () => {
    await using folder = await TempFolder.create();
    const root = folder.path;
    await using mirror = await FakeMirror.start();
    const core = new PublishedRepository(mirror);
    const settings = {
      database_max_age: "0s",
      refresh_interval: "0",
      min_free_space: "0",
      keep_versions: 1,
      max_cache_age: "1h",
    };
    const config = testConfig(root, [mirror], {
      token: TOKEN,
      settings,
      tables: () => `mirrored_repos = ["core"]\n`,
    });
    const log = new LogLines();
    const contents = new Map<string, Uint8Array>();
    const index = join(root, ".pkgstash", "index.sqlite");

    {
      await using app = await App.start(config);
      await core.set("a", 1).set("b", 1).set("rebuilt", 1).publish();
      for (const name of ["a", "b", "rebuilt"]) await fetchWhole(app, core.package(name, 1));
      assertEquals((await administer(app.url, "/api/refresh")).status, 204);
      await core.set("a", 2).publish();
      assertEquals((await administer(app.url, "/api/refresh")).status, 204);
      const directory = join(root, core.directory);
      for await (const { name } of Deno.readDir(directory)) {
        contents.set(core.path(name), await Deno.readFile(join(directory, name)));
      }
      assertEquals(contents.size, 8);
    }
    await lose(index);

    {
      await using app = await App.start(config);
      const requestsOfPackages = () =>
        mirror.requests.filter(({ path }) => path.endsWith(".zst")).length;
      const requests = requestsOfPackages();
      for (const [path, bytes] of contents) {
        const { status, headers, body } = await exchange(app.url, path);
        assertEquals(status, 200, path);
        if (path.endsWith(".zst")) assertEquals(headers.get("x-cache"), "HIT", path);
        assertEquals(body, bytes, path);
      }
      assertEquals(requestsOfPackages(), requests);
      const { text } = await administer(app.url, "/api/v1/cleanup?dry_run=true");
      const report = JSON.parse(text);
      assertEquals([report.files, report.kept.files], [[], 4]);
      assertEquals((await administer(app.url, "/api/v1/cleanup")).status, 200);
      assertEquals((await administer(app.url, "/api/refresh")).status, 204);
      for (const path of contents.keys()) await Deno.stat(join(root, path));
    }
    await core.set("b", 2).set("rebuilt", 1, { seed: 77 }).publish();
    // Now the second run's index is lost as well, after the database has changed.
    await lose(index);
    const identified = /verified a package found on disk.*a-2-1/;
    const before = log.matching(identified).length;

    {
      await using app = await App.start(config);
      const { headers } = await exchange(app.url, core.path("core.db"));
      assertEquals(headers.get("x-cache"), "REFRESHED");
      const rebuilt = await exchange(app.url, core.package("rebuilt", 1));
      assertEquals(rebuilt.body, core.bytesOf("rebuilt"));
      assertEquals((await administer(app.url, "/api/refresh")).status, 204);
      const b = await exchange(app.url, core.package("b", 2));
      assertEquals([b.headers.get("x-cache"), b.body], ["HIT", core.bytesOf("b")]);
      assertEquals(
        ["a", "b", "rebuilt"].map((name) => mirror.count(core.package(name, 1))),
        [1, 1, 2],
      );
      await beforeTimeouts(log.waitFor(identified, before + 1));
    }
    // The index has everything again, from the packages' bytes.
    using rebuilt = await CacheIndex.open(index);
    const files = (await allRecords(rebuilt)).map((
      { fileName, sha256, size },
    ) => [fileName, sha256, size]);
    assertEquals(files.map(([fileName]) => fileName).sort(), [
      "a-1-1-any.pkg.tar.zst",
      "a-2-1-any.pkg.tar.zst",
      "b-1-1-any.pkg.tar.zst",
      "b-2-1-any.pkg.tar.zst",
      "rebuilt-1-1-any.pkg.tar.zst",
    ]);
    for (const [fileName, sha256] of files) {
      // The others are in no database, so nothing needs their digests.
      if (/^(a-2|b-2|rebuilt)/.test(String(fileName))) {
        assertMatch(String(sha256), /^[0-9a-f]{64}$/);
      }
    }
    assertEquals(log.matching(/ ERROR /), []);
  });
}

Deno.test("without an index, a cached package is removed if the database lists other content", async () => {
  await using folder = await TempFolder.create();
  const directory = folder.join("core/os/x86_64");
  await Deno.mkdir(directory, { recursive: true });
  await Deno.writeFile(join(directory, "a-1-1-any.pkg.tar.zst"), new Uint8Array(1000));
  // So many that the database arrives before all of them have been read.
  for (let number = 0; number < 3000; number++) {
    await Deno.writeTextFile(join(directory, `z${number}-1-1-any.pkg.tar.zst`), "");
  }
  await using app = await TestApp.start({
    cacheRoot: folder.path,
    settings: { refresh_interval: "0", min_free_space: "0" },
    tables: () => `mirrored_repos = ["core"]\n`,
  });
  const core = new PublishedRepository(app.mirror).set("a", 1);
  await core.publish();
  assertEquals((await app.get(core.path("core.db"))).status, 200);
  await beforeTimeouts(app.log.waitFor(/removed a package.*a-1-1/));
  assertEquals((await app.get(core.package("a", 1))).body, core.bytesOf("a"));
});

async function fetchWhole(app: App, path: string): Promise<void> {
  for (const target of [path, `${path}.sig`]) {
    const { status, isComplete } = await exchange(app.url, target);
    assertEquals([status, isComplete], [200, true], target);
  }
}
