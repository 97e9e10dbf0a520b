import { assertEquals, assertRejects } from "@std/assert";
import { PkgstashError } from "../../../../src/errors.ts";
import { Notifier } from "../../../../src/async/notifier.ts";
import { Quarantine } from "../../../../src/mirroring/cache/quarantine.ts";
import {
  Verification,
  type VerificationEvent,
  type VerificationOptions,
} from "../../../../src/mirroring/verification/verification.ts";
import { CacheOnDisk, CORE, EXTRA, treeOf } from "../../../support/cache_on_disk.ts";
import { LogLines } from "../../../support/log_lines.ts";
import { packageBytes } from "../../../support/package_bytes.ts";
import { sha256Of } from "../../../support/sha256.ts";
import { FakeClock } from "../prefetch/fake_clock.ts";

const A = `${CORE}/a-1-1-any.pkg.tar.zst`;
const B = `${CORE}/b-1-1-any.pkg.tar.zst`;
const E = `${EXTRA}/e-1-1-any.pkg.tar.zst`;
const BYTES = packageBytes(1000, 1);

/** A cache with three equal packages without signatures, of which the databases know. */
async function makeBed(more: Partial<VerificationOptions> = {}) {
  const cache = await CacheOnDisk.make();
  for (const [name, directory] of [["a", CORE], ["b", CORE], ["e", EXTRA]] as const) {
    const key = await cache.add(name, "1-1", { directory, bytes: BYTES.length });
    await Deno.writeFile(cache.path(key), BYTES);
    await Deno.remove(cache.path(`${key}.sig`));
  }
  const refetched: string[] = [];
  const expected = {
    size: BYTES.length as number | null,
    sha256: sha256Of(BYTES) as string | null,
  };
  const verification = new Verification({
    layout: cache.layout,
    index: cache.index,
    inventory: cache.inventory(),
    quarantine: new Quarantine(cache.layout),
    snapshots: {
      expectationOf: () => Promise.resolve(expected),
      embeddedSignatureOf: () => Promise.resolve(null),
    },
    clients: { count: 0, change: new Promise(() => {}) },
    tree: () => cache.tree,
    settings: () => ({ verifyBytesPerSecond: 0 }),
    refetch: async ({ repository, fileName }) => {
      refetched.push(`${repository.directory}/${fileName}`);
      await cache.put(`${repository.directory}/${fileName}`);
    },
    clock: new FakeClock(0, true),
    ...more,
  });
  const events: VerificationEvent[] = [];
  const listener = (event: VerificationEvent) => void events.push(event);
  return { cache, verification, refetched, expected, events, listener };
}

/** Flips a bit. */
async function rot(cache: CacheOnDisk, key: string): Promise<void> {
  const bytes = BYTES.slice();
  bytes[500]! ^= 1;
  await Deno.writeFile(cache.path(key), bytes);
}

Deno.test("verification: an undamaged cache is read whole, and nothing is wrong", async () => {
  const { cache, verification, events, listener } = await makeBed();
  await using _ = cache;
  const report = await verification.run({ repair: true, repository: null, listener });
  assertEquals(report, { packages: 3, bytes: 3000, wrong: 0, repaired: 0, unknown: 0 });
  assertEquals(events[0], { event: "plan", packages: 3, bytes: 3000 });
  assertEquals(events.at(-1), { event: "done", ...report });
});

Deno.test("verification: without repair, a wrong file is reported and left where it is", async () => {
  const { cache, verification, refetched, events, listener } = await makeBed();
  await using _ = cache;
  const log = new LogLines();
  await rot(cache, B);
  const before = await cache.files();
  const { wrong, repaired } = await verification.run({
    repair: false,
    repository: null,
    listener,
  });
  assertEquals([wrong, repaired, refetched], [1, 0, []]);
  assertEquals(await cache.files(), before);
  const files = events.filter(({ event }) => event === "file");
  assertEquals(files.map((event) => "file" in event && [event.file, event.status]), [[B, "wrong"]]);
  assertEquals(log.matching(new RegExp(`a cached file is damaged.*${B}`)).length, 1);
});

Deno.test("verification: with repair, exactly the wrong files are set aside and fetched again", async () => {
  const { cache, verification, refetched, events, listener } = await makeBed();
  await using _ = cache;
  await rot(cache, B);
  const report = await verification.run({ repair: true, repository: null, listener });
  assertEquals([report.wrong, report.repaired, refetched], [1, 1, [B]]);
  const statuses = events.flatMap((event) => event.event === "file" ? [event.status] : []);
  assertEquals(statuses, ["wrong", "set_aside", "fetched"]);
  const aside = (await cache.files()).filter((key) => key.startsWith(".pkgstash/quarantine"));
  assertEquals(aside.length, 1);
});

Deno.test("verification: a file that cannot be fetched again is reported, and the rest continues", async () => {
  const { cache, verification, events, listener } = await makeBed({
    refetch: () => Promise.reject(new Error("no mirror has it")),
  });
  await using _ = cache;
  await rot(cache, A);
  const report = await verification.run({ repair: true, repository: null, listener });
  assertEquals([report.packages, report.wrong, report.repaired], [3, 1, 0]);
  const failed = events.find((event) => event.event === "file" && event.status === "failed");
  assertEquals(failed, { event: "file", file: A, status: "failed", reason: "no mirror has it" });
});

Deno.test("verification: one repository is verified by its name or its directory", async () => {
  const { cache, verification } = await makeBed();
  await using _ = cache;
  for (const [repository, packages] of [["core", 2], [EXTRA, 1]] as const) {
    assertEquals((await verification.run({ repair: false, repository })).packages, packages);
  }
  const error = await assertRejects(
    () => verification.run({ repair: false, repository: "nope" }),
    PkgstashError,
    "Cannot verify nope",
  );
  assertEquals(error.kind, "not_found");
});

Deno.test("verification: without a database, the recorded SHA-256 counts, and is recorded if there is none", async () => {
  const { cache, verification, expected } = await makeBed();
  await using _ = cache;
  expected.sha256 = null;
  // Long after the start, when no file is taken for one that a crash has cut.
  cache.cutFiles.markSearched(CORE);
  // The records say "00"; that of b is unknown.
  cache.index.reconcile(CORE, {
    found: [{ fileName: B.slice(CORE.length + 1), size: 999, since: 0 }],
    lost: [],
  }, cache.now);
  const { wrong, unknown } = await verification.run({ repair: false, repository: "core" });
  assertEquals([wrong, unknown], [1, 1]);
  const { sha256 } = cache.index.file(CORE, B.slice(CORE.length + 1))!;
  assertEquals(sha256, sha256Of(BYTES));
  await rot(cache, B);
  assertEquals((await verification.run({ repair: false, repository: "core" })).wrong, 2);
});

Deno.test("verification: a package of a repository that is no longer configured is set aside for good", async () => {
  const { cache, verification, refetched } = await makeBed();
  await using _ = cache;
  cache.tree = treeOf("core");
  const report = await verification.run({ repair: true, repository: null });
  // The record of e says "00".
  assertEquals([report.wrong, report.repaired, refetched], [1, 0, []]);
  assertEquals((await cache.files()).includes(E), false);
});

Deno.test("verification: a package that is being downloaded is left alone", async () => {
  const { cache, verification } = await makeBed();
  await using _ = cache;
  await rot(cache, A);
  cache.inFlight.add(A);
  const { packages, wrong } = await verification.run({ repair: true, repository: null });
  assertEquals([packages, wrong], [2, 0]);
});

Deno.test("verification: it reads no faster than verify_bandwidth", async () => {
  const clock = new FakeClock(0, true);
  const { cache, verification } = await makeBed({
    settings: () => ({ verifyBytesPerSecond: 100 }),
    clock,
  });
  await using _ = cache;
  await verification.run({ repair: false, repository: null });
  assertEquals(clock.monotonic() >= 29_000 && clock.monotonic() <= 31_000, true);
});

Deno.test("verification: it pauses while clients download, and continues when they are done", async () => {
  const changes = new Notifier();
  const clients = {
    count: 1,
    get change() {
      return changes.next;
    },
  };
  const { cache, verification, events, listener } = await makeBed({
    clients,
    clock: new FakeClock(0),
  });
  await using _ = cache;
  const run = verification.run({ repair: false, repository: null, listener });
  const isOver = run.then(() => true);
  // The first piece has been read by the time of the first progress.
  while (!events.some(({ event }) => event === "progress")) {
    await Promise.race([isOver, new Promise((resolve) => setTimeout(resolve))]);
  }
  assertEquals(events.at(-1)?.event, "progress");
  clients.count = 0;
  changes.notify();
  assertEquals((await run).packages, 3);
});

Deno.test("verification: only one runs at a time, and it ends when it is stopped or its caller leaves", async () => {
  const leaving = new AbortController();
  const { cache, verification } = await makeBed({
    clients: { count: 1, change: new Promise(() => {}) },
    clock: new FakeClock(0),
  });
  await using _ = cache;
  const run = verification.run({ repair: false, repository: null, signal: leaving.signal });
  await assertRejects(
    () => verification.run({ repair: false, repository: null }),
    PkgstashError,
    "in progress",
  );
  leaving.abort(new Error("left"));
  await assertRejects(() => run, Error, "left");
  assertEquals(verification.isRunning, false);
  const second = verification.run({ repair: false, repository: null });
  second.catch(() => {});
  await verification.stop();
  await assertRejects(() => second, PkgstashError, "the daemon is stopping");
});

Deno.test("verification: one in turn runs after the one that is running, however that ends", async () => {
  const leaving = new AbortController();
  const clients = { count: 1, change: new Promise<void>(() => {}) };
  const { cache, verification } = await makeBed({ clients, clock: new FakeClock(0) });
  await using _ = cache;
  const running = verification.run({ repair: false, repository: null, signal: leaving.signal });
  const queued = verification.runInTurn({ repair: true, repository: null });
  clients.count = 0;
  leaving.abort(new Error("left"));
  await assertRejects(() => running, Error, "left");
  assertEquals((await queued).packages, 3);
});

Deno.test("verification: a package that cannot be checked is reported, and the rest continues", async () => {
  const log = new LogLines();
  const { cache, verification, events, listener } = await makeBed({
    snapshots: {
      expectationOf: ({ directory }) =>
        directory === EXTRA
          ? Promise.reject(new Error("no database"))
          : Promise.resolve({ size: BYTES.length, sha256: sha256Of(BYTES) }),
      embeddedSignatureOf: () => Promise.resolve(null),
    },
  });
  await using _ = cache;
  await rot(cache, B);
  const report = await verification.run({ repair: true, repository: null, listener });
  assertEquals([report.packages, report.wrong, report.repaired], [2, 1, 1]);
  assertEquals(
    events.filter(({ event }) => event === "file").filter((event) =>
      "status" in event && event.status === "failed"
    ),
    [{ event: "file", file: E, status: "failed", reason: "no database" }],
  );
  assertEquals(log.matching(/cannot verify a cached file.*no database/).length, 1);
});
