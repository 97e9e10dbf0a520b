import { assertEquals } from "@std/assert";
import type { PkgstashError } from "../../../../src/errors.ts";
import { CacheLayout } from "../../../../src/mirroring/cache/cache_layout.ts";
import { ClientDownloads } from "../../../../src/mirroring/downloads/client_downloads.ts";
import {
  MissingSignatures,
  PackageRequests,
} from "../../../../src/mirroring/pull_through/package_requests.ts";
import { TestApp } from "../../../support/test_app.ts";
import { DownloadBed, EXTRA, PACKAGE } from "../downloads/download_bed.ts";

const PATH = "/core/os/x86_64/foo-1-1-x86_64.pkg.tar.zst.sig";
const SIGNATURE = new Uint8Array([0x88, ...new Array(99).fill(7)]);

Deno.test("a signature is fetched once and served from the cache with its type", async () => {
  await using app = await TestApp.start();
  app.put(PATH, SIGNATURE);
  const miss = await app.warm(PATH);
  assertEquals([miss.status, miss.headers.get("x-cache")], [200, "MISS"]);
  const hit = await app.get(PATH);
  assertEquals([hit.status, hit.headers.get("x-cache")], [200, "HIT"]);
  assertEquals(hit.body, SIGNATURE);
  assertEquals(hit.headers.get("content-type"), "application/pgp-signature");
  assertEquals(app.count(PATH), 1);
});

Deno.test("a signature that no mirror has is 404, and asked of no mirror twice", async () => {
  await using app = await TestApp.start({ mirrors: 2 });
  const clients = await Promise.all([app.get(PATH), app.get(PATH), app.get(PATH)]);
  assertEquals(clients.map(({ status }) => status), [404, 404, 404]);
  assertEquals((await app.get(PATH)).status, 404);
  assertEquals((await app.request("HEAD", PATH)).status, 404);
  for (const mirror of app.mirrors) assertEquals(mirror.count(PATH) <= 1, true);
});

Deno.test("a missing signature is asked for again after the configured age", async () => {
  await using app = await TestApp.start({ settings: { missing_signature_age: "0" } });
  assertEquals((await app.get(PATH)).status, 404);
  app.put(PATH, SIGNATURE);
  const { status, body } = await app.get(PATH);
  assertEquals([status, body], [200, SIGNATURE]);
  assertEquals(app.count(PATH), 2);
});

Deno.test("a missing signature stays missing for the configured age even if it appears upstream", async () => {
  await using app = await TestApp.start({ settings: { missing_signature_age: "10m" } });
  assertEquals((await app.get(PATH)).status, 404);
  app.put(PATH, SIGNATURE);
  assertEquals((await app.get(PATH)).status, 404);
  assertEquals(app.count(PATH), 1);
});

Deno.test("a package that no mirror has is not remembered as missing", async () => {
  await using app = await TestApp.start();
  const path = PATH.replace(".sig", "");
  assertEquals((await app.get(path)).status, 404);
  assertEquals((await app.get(path)).status, 404);
  assertEquals(app.count(path), 2);
});

Deno.test("a mirror that fails does not make a signature missing", async () => {
  await using app = await TestApp.start();
  app.put(PATH, SIGNATURE);
  app.mirror.behave(PATH, { kind: "status", code: 503 }, 1);
  assertEquals((await app.get(PATH)).status, 502);
  assertEquals((await app.get(PATH)).status, 200);
});

Deno.test("requests for a missing signature do not prolong how long it is remembered", async () => {
  await using bed = await DownloadBed.start();
  let now = 0;
  const packages = new PackageRequests({
    layout: new CacheLayout(bed.folder),
    downloads: bed.registry,
    clients: new ClientDownloads(),
    missing: new MissingSignatures(100, () => now),
    metrics: bed.metrics,
    upstreams: { get: () => bed.upstream },
    snapshots: {
      expectationOf: () => Promise.resolve(null),
      embeddedSignatureOf: () => Promise.resolve(null),
    },
    onFetched: () => {},
    answerTimeoutMs: 5_000,
  });
  const fileName = `${PACKAGE}.sig`;
  const ask = async () => {
    try {
      const file = { repository: EXTRA, fileName, kind: "signature" as const };
      const response = await packages.respond(file, new Request("http://host/"));
      await response.body?.cancel();
      return response.status;
    } catch (error) {
      return (error as PkgstashError).kind;
    }
  };
  assertEquals(await ask(), "not_found");
  bed.put(fileName, SIGNATURE);
  now = 60;
  assertEquals(await ask(), "not_found");
  now = 100;
  assertEquals(await ask(), 200);
});
