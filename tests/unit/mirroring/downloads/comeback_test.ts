// When all mirrors have just failed, a client waits a little for them; nobody waits for long.
import { assert, assertEquals, assertInstanceOf, assertMatch } from "@std/assert";
import { PkgstashError } from "../../../../src/errors.ts";
import { packageBytes } from "../../../support/package_bytes.ts";
import { assertWhole, DownloadBed, PACKAGE, pathOf, read, type Reading } from "./download_bed.ts";

const BODY = packageBytes(1_000, 1);
/** Far more than a test may take. */
const TIMEOUTS = { raceTimeoutMs: 60_000, answerTimeoutMs: 60_000 };
const AWAITED = { isAwaited: true };

function errorOf({ error }: Reading): PkgstashError {
  assertInstanceOf(error, PkgstashError);
  return error;
}

for (const code of [null, 500, 503]) {
  const how = code === null ? "away" : `answering ${code}`;
  const [asked, fate] = code === 500 ? [1, "is an error"] : [2, "is survived"];
  Deno.test(`a moment in which all mirrors are ${how} ${fate} where a client waits`, async () => {
    await using bed = await DownloadBed.start({ mirrors: 2, timeouts: TIMEOUTS });
    bed.put(PACKAGE, BODY);
    for (const mirror of bed.mirrors) {
      mirror.behave("*", code === null ? { kind: "refuse" } : { kind: "status", code }, 1);
    }
    const reading = await read(bed.download(PACKAGE, AWAITED));
    if (asked === 2) assertWhole(reading, BODY);
    else errorOf(reading);
    assertEquals(Math.max(...bed.mirrors.map((mirror) => mirror.count())), asked);
  });
}

Deno.test("if no client waits and all mirrors are away, each is asked once", async () => {
  await using bed = await DownloadBed.start({ mirrors: 2, timeouts: TIMEOUTS });
  for (const mirror of bed.mirrors) mirror.behave("*", { kind: "refuse" });
  errorOf(await read(bed.download()));
  assertEquals(bed.mirrors.map((mirror) => mirror.count()), [1, 1]);
});

Deno.test("mirrors that have been away for long are not waited for", async () => {
  let now = 0;
  await using bed = await DownloadBed.start({ mirrors: 2, timeouts: TIMEOUTS, now: () => now });
  for (const { health } of bed.pool.mirrors) {
    for (let failure = 0; failure < 3; failure++) {
      health.recordFailure("down");
      now += 60_000;
    }
  }
  for (const mirror of bed.mirrors) mirror.behave("*", { kind: "refuse" });
  errorOf(await read(bed.download(PACKAGE, AWAITED)));
  assertEquals(bed.mirrors.map((mirror) => mirror.count()), [1, 1]);
});

Deno.test("only mirrors that were away are asked again, and their answer counts", async () => {
  await using bed = await DownloadBed.start({ mirrors: 2, timeouts: TIMEOUTS });
  bed.mirrors[1]!.behave("*", { kind: "refuse" }, 1);
  const { kind } = errorOf(await read(bed.download(PACKAGE, AWAITED)));
  assertEquals(kind, "not_found");
  assertEquals(bed.mirrors.map((mirror) => mirror.count()), [1, 2]);
});

Deno.test("mirrors that all hang take no client's whole time twice, even after their rest", async () => {
  let now = 0;
  const timeouts = { raceTimeoutMs: 20, answerTimeoutMs: 3_000 };
  await using bed = await DownloadBed.start({ mirrors: 2, timeouts, now: () => now });
  for (const mirror of bed.mirrors) mirror.behave("*", { kind: "hangBeforeHeaders" });
  for (const { health } of bed.pool.mirrors) health.recordFailure("hung");
  for (const restMs of [0, 60_000]) {
    now += restMs;
    const error = errorOf(await read(bed.download(PACKAGE, AWAITED)));
    assertEquals(error.kind, "upstream_timeout");
    assertMatch(error.message, /no response within (1|0\.9\d?) s/);
  }
});

Deno.test("a mirror that hangs rests, and is asked after one that works", async () => {
  const timeouts = { raceTimeoutMs: 20, answerTimeoutMs: 200 };
  await using bed = await DownloadBed.start({ mirrors: 2, timeouts });
  bed.mirrors[1]!.put(pathOf(PACKAGE), BODY);
  for (const mirror of bed.mirrors) mirror.behave("*", { kind: "hangBeforeHeaders" }, 1);
  errorOf(await read(bed.download()));
  assert(bed.pool.mirrors.every(({ health }) => health.restMs > 0));
});

Deno.test("an archive that does not work is no last resort", async () => {
  await using bed = await DownloadBed.start({ archive: true, timeouts: TIMEOUTS });
  bed.archive!.behave("*", { kind: "hangBeforeHeaders" });
  bed.pool.archive!.health.recordFailure("hung");
  assertEquals(errorOf(await read(bed.download())).kind, "not_found");
  assertEquals(bed.archive!.count(), 0);
});
