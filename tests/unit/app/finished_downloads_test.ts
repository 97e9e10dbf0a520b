import { assert, assertEquals, assertMatch } from "@std/assert";
import type { DownloadReport, FinishedDownloadReport } from "../../../src/api/downloads.ts";
import { TOKEN } from "../../support/administration.ts";
import { Gate } from "../../support/fake_mirror.ts";
import { packageBytes } from "../../support/package_bytes.ts";
import { TestApp } from "../../support/test_app.ts";
import { pkgstash } from "../cli/administration_child.ts";

const FILE = "core/os/x86_64/big-1-1-any.pkg.tar.zst";
const SIZE = 300_000;

/** A daemon whose mirrors, the first of which is asked first, have one package and no database. */
async function start(mirrors: number): Promise<TestApp> {
  const app = await TestApp.start({
    token: TOKEN,
    mirrors,
    settings: { refresh_interval: "0", min_free_space: "0" },
    tables: () => `mirrored_repos = ["core"]\n`,
  });
  app.put(`/${FILE}`, packageBytes(SIZE, 1));
  return app;
}

async function ask<T>(app: TestApp, target: string): Promise<T[]> {
  const { text } = await app.get(`/api/v1/${target}`, { authorization: `Bearer ${TOKEN}` });
  return JSON.parse(text).downloads;
}

function hostOf(app: TestApp, index: number): string {
  return new URL(app.mirrors[index]!.url).host;
}

Deno.test("a finished download is listed with what each mirror sent, and which mirrors failed", async () => {
  await using app = await start(2);
  app.mirrors[0]!.behave(`/${FILE}`, { kind: "cutAfter", bytes: 100_000 }, 1);
  // Asked again beside the other one, it must not have a larger share.
  app.mirrors[0]!.behave(`/${FILE}`, { kind: "status", code: 503 });
  await app.warm(`/${FILE}`);
  const [finished, ...others] = await ask<FinishedDownloadReport>(app, "downloads/finished");
  assertEquals(others, []);
  const { started_at, ended_at, duration_ms, sources, failed, ...rest } = finished!;
  assertEquals(rest, {
    file: FILE,
    outcome: "stored",
    reason: null,
    bytes: SIZE,
    size: SIZE,
    clients: 1,
    purpose: "client",
  });
  assertEquals(sources, [
    { mirror: hostOf(app, 1), bytes: 200_000 },
    { mirror: hostOf(app, 0), bytes: 100_000 },
  ]);
  assertEquals(failed.map(({ mirror, refused }) => [mirror, refused]), [[hostOf(app, 0), false]]);
  assertEquals(Date.parse(ended_at) - Date.parse(started_at), duration_ms);
});

Deno.test("an aborted download is listed with its progress, its mirrors and the reason", async () => {
  await using app = await start(1);
  app.mirror.behave(`/${FILE}`, { kind: "cutAfter", bytes: 100_000 }, 1);
  app.mirror.behave(`/${FILE}`, { kind: "status", code: 404 });
  await app.get(`/${FILE}`).catch(() => {});
  await app.settled();
  const [finished] = await ask<FinishedDownloadReport>(app, "downloads/finished");
  assertEquals([finished?.outcome, finished?.size], ["failed", SIZE]);
  assert(finished!.bytes > 0 && finished!.bytes <= 100_000, `${finished!.bytes} bytes`);
  assertEquals(finished?.sources, [{ mirror: hostOf(app, 0), bytes: 100_000 }]);
  assertMatch(finished!.reason!, /big-1-1/);
  const env = { PKGSTASH_TOKEN: TOKEN, PKGSTASH_URL: app.origin };
  const { out } = await pkgstash(["downloads", "--finished"], { env });
  assertMatch(
    out,
    /of 293 KiB .*1 client.*big-1-1-any\.pkg\.tar\.zst +127\.0\.0\.1:\d+ +Cannot/,
  );
});

Deno.test("the latest twenty are listed, the latest first", async () => {
  await using app = await start(1);
  for (let number = 0; number < 22; number++) {
    const path = `/core/os/x86_64/p${number}-1-1-any.pkg.tar.zst`;
    app.put(path, packageBytes(10, number));
    await app.warm(path);
  }
  const finished = await ask<FinishedDownloadReport>(app, "downloads/finished");
  assertEquals(
    finished.map(({ file }) => /p\d+/.exec(file)?.[0]),
    Array.from({ length: 20 }, (_, each) => `p${21 - each}`),
  );
});

Deno.test("the time left of a download in flight follows from its rate", async () => {
  await using app = await start(1);
  const gate = new Gate();
  app.mirror.behave(`/${FILE}`, { kind: "gate", gate, bytes: 100_000 });
  using client = await app.open(`/${FILE}`);
  await gate.reached;
  // Bytes that came so far are counted as soon as the client has them.
  await client.peek(50_000);
  const [download] = await ask<DownloadReport>(app, "downloads");
  const { bytes, bytes_per_second: rate, ms_left: left } = download!;
  assert(bytes >= 50_000 && rate > 0);
  assertEquals(left, Math.round((SIZE - bytes) / rate * 1000));
  gate.release();
  await client.finish();
});
