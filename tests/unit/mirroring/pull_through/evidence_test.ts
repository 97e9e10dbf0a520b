// What packages tell of the served database.
import { assertEquals } from "@std/assert";
import type { PkgstashError } from "../../../../src/errors.ts";
import { CacheLayout } from "../../../../src/mirroring/cache/cache_layout.ts";
import { ClientDownloads } from "../../../../src/mirroring/downloads/client_downloads.ts";
import { RefusedBeginnings } from "../../../../src/mirroring/downloads/refused_beginnings.ts";
import { Hops } from "../../../../src/mirroring/mirrors/hops.ts";
import { MissingFiles } from "../../../../src/mirroring/pull_through/missing_files.ts";
import { PackageRequests } from "../../../../src/mirroring/pull_through/package_requests.ts";
import { PackageSignatures } from "../../../../src/mirroring/pull_through/package_signatures.ts";
import type { Expectation } from "../../../../src/repositories/package_index.ts";
import type { Snapshot } from "../../../../src/repositories/snapshot.ts";
import { Gate } from "../../../support/fake_mirror.ts";
import { packageBytes } from "../../../support/package_bytes.ts";
import { sha256Of } from "../../../support/sha256.ts";
import { syncDbBytes } from "../../../support/sync_db_bytes.ts";
import { TestApp } from "../../../support/test_app.ts";
import { DownloadBed, EXTRA, PACKAGE, pathOf } from "../downloads/download_bed.ts";
import { NO_DATABASES } from "./no_databases.ts";
import { HotFiles } from "../../../../src/repositories/hot_files.ts";

const CLIENT = { hostname: "192.0.2.1", port: null };

const SIZE = 1000;
const BODY = packageBytes(SIZE, 1);

/** Requests of packages, with a database that says this of each. */
class Bed implements AsyncDisposable {
  readonly doubts: string[] = [];
  readonly events: string[] = [];

  private constructor(readonly downloads: DownloadBed, readonly packages: PackageRequests) {}

  static async start(expectation: Expectation | null, mirrors = 2): Promise<Bed> {
    const downloads = await DownloadBed.start({ mirrors });
    const shared = {
      hot: new HotFiles(),
      layout: new CacheLayout(downloads.folder),
      downloads: downloads.registry,
      missing: new MissingFiles(),
      traffic: downloads.metrics,
      upstreams: { get: () => downloads.upstream, hops: new Hops() },
      snapshots: {
        ...NO_DATABASES,
        // It came from the first mirror.
        current: () =>
          Promise.resolve({ members: {}, mirror: downloads.mirror(0).name } as Snapshot),
        expectationOf: () => Promise.resolve(expectation),
        knownExpectationOf: () => expectation,
        checkBehind: () => bed.events.push("checked"),
        doubt: (_: unknown, evidence: string) => bed.doubts.push(evidence),
      },
    };
    const packages = new PackageRequests({
      ...shared,
      quarantine: { makeWay: () => Promise.resolve() },
      clients: new ClientDownloads(),
      refused: new RefusedBeginnings(null),
      roomFor: null,
      signatures: new PackageSignatures({
        ...shared,
        settings: () => ({ answerTimeoutMs: 5_000, missingSignatureAgeMs: 5_000 }),
      }),
      onFetched: () => {},
      answerTimeoutMs: 5_000,
    });
    const bed: Bed = new Bed(downloads, packages);
    return bed;
  }

  /** Asks for the package, and waits for the end of its download. */
  async ask(): Promise<number | string> {
    const file = { repository: EXTRA, fileName: PACKAGE, kind: "package" as const };
    try {
      const response = await this.packages.respond(file, new Request("http://host/"), CLIENT);
      this.events.push("answered");
      await response.arrayBuffer().catch(() => {});
      return response.status;
    } catch (error) {
      return (error as PkgstashError).kind;
    } finally {
      await this.downloads.registry.get(`${EXTRA.directory}/${PACKAGE}`)?.done.catch(() => {});
      // The judgement follows the end of the download, by promises alone.
      for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.downloads[Symbol.asyncDispose]();
  }
}

const LISTED = { size: SIZE, sha256: sha256Of(BODY) };

Deno.test("a listed package that no mirror has puts the database in doubt", async () => {
  await using bed = await Bed.start(LISTED);
  assertEquals(await bed.ask(), "not_found");
  assertEquals(bed.doubts.at(-1), `${PACKAGE} is on no mirror`);
});

Deno.test("a listed package with other bytes puts the database in doubt", async (t) => {
  for (const [what, bytes] of [["length", SIZE + 1], ["SHA-256", SIZE]] as const) {
    await t.step(`another ${what}`, async () => {
      await using bed = await Bed.start(LISTED);
      bed.downloads.put(PACKAGE, packageBytes(bytes, 2));
      await bed.ask();
      assertEquals(bed.doubts.at(-1), `${PACKAGE} differs on a mirror`);
    });
  }
});

Deno.test("the mirror of the database puts it in doubt even if another one has the package", async (t) => {
  const cases = [["lacks it", null], ["has other bytes", packageBytes(SIZE + 1, 3)]] as const;
  for (const [what, bytes] of cases) {
    await t.step(what, async () => {
      await using bed = await Bed.start(LISTED);
      const [first, second] = bed.downloads.mirrors;
      if (bytes !== null) first!.put(pathOf(PACKAGE), bytes);
      second!.put(pathOf(PACKAGE), BODY);
      assertEquals(await bed.ask(), 200);
      assertEquals(bed.doubts.length, 1);
    });
  }
});

Deno.test("a mirror that lags behind the database's says nothing about it", async () => {
  await using bed = await Bed.start(LISTED);
  const [first, second] = bed.downloads.mirrors;
  first!.put(pathOf(PACKAGE), BODY);
  bed.downloads.pool.markCurrent(EXTRA.directory, bed.downloads.mirror(1));
  assertEquals(await bed.ask(), 200);
  assertEquals([second!.count(), bed.doubts.length], [1, 0]);
});

Deno.test("failing mirrors say nothing about the database", async () => {
  await using bed = await Bed.start(LISTED);
  for (const mirror of bed.downloads.mirrors) mirror.behave("*", { kind: "status", code: 503 });
  assertEquals(await bed.ask(), "upstream");
  assertEquals(bed.doubts, []);
});

Deno.test("an unlisted package says nothing about the database", async () => {
  await using bed = await Bed.start(null);
  assertEquals(await bed.ask(), "not_found");
  assertEquals(bed.doubts, []);
});

Deno.test("the database is checked behind each request for a package, hit or not", async () => {
  await using bed = await Bed.start(LISTED);
  await bed.ask();
  assertEquals(bed.events, ["checked"]);
  bed.downloads.put(PACKAGE, BODY);
  assertEquals([await bed.ask(), await bed.ask()], [200, 200]);
  assertEquals(bed.events.filter((event) => event === "checked").length, 3);
});

Deno.test("a package requested while the first database arrives is checked against it", async () => {
  const path = "/core/os/x86_64/foo-1-1-any.pkg.tar.zst";
  const database = "/core/os/x86_64/core.db";
  await using app = await TestApp.start({});
  const listed = { name: "foo", version: "1-1", fileName: "foo-1-1-any.pkg.tar.zst", size: SIZE };
  app.put(database, await syncDbBytes([{ ...listed, sha256: sha256Of(BODY) }]));
  app.put(path, packageBytes(SIZE, 2));
  const gate = new Gate();
  app.mirror.behave(database, { kind: "hangBeforeHeaders", gate });
  const db = app.get(database);
  await gate.reached;
  const wrong = app.get(path);
  gate.release();
  assertEquals((await db).status, 200);
  assertEquals((await wrong).status, 502);
  app.put(path, BODY);
  assertEquals((await app.get(path)).body, BODY);
});
