// Which mirrors are asked, in which order, and when a file counts as missing.
import { assert, assertEquals, assertInstanceOf, assertLess } from "@std/assert";
import { PkgstashError } from "../../../../src/errors.ts";
import { Gate } from "../../../support/fake_mirror.ts";
import { packageBytes } from "../../../support/package_bytes.ts";
import { assertWhole, DownloadBed, EXTRA, PACKAGE, pathOf, read } from "./download_bed.ts";

const BODY = packageBytes(1000, 1);
const SIGNATURE = `${PACKAGE}.sig`;

async function kindOfFailure(reading: ReturnType<typeof read>): Promise<string> {
  const { error } = await reading;
  assertInstanceOf(error, PkgstashError);
  return error.kind;
}

Deno.test("a file that one mirror lacks is requested from the others", async () => {
  await using bed = await DownloadBed.start({ mirrors: 3 });
  bed.mirrors[2]!.put(pathOf(PACKAGE), BODY);
  assertWhole(await read(bed.download()), BODY);
  assertEquals(bed.mirrors.map((mirror) => mirror.count()), [1, 1, 1]);
});

Deno.test("a file is missing only when every mirror says so", async () => {
  await using bed = await DownloadBed.start({ mirrors: 3 });
  assertEquals(await kindOfFailure(read(bed.download())), "not_found");
  assertEquals(bed.mirrors.map((mirror) => mirror.count()), [1, 1, 1]);
  assertEquals(bed.pool.mirrors.map(({ health }) => health.restMs), [0, 0, 0]);
});

Deno.test("a file is not missing when a mirror could not be asked", async () => {
  await using bed = await DownloadBed.start({ mirrors: 3 });
  await bed.mirrors[1]!.down();
  assertEquals(await kindOfFailure(read(bed.download())), "upstream");
});

Deno.test("a resting mirror is asked when the others lack the file", async () => {
  await using bed = await DownloadBed.start({ mirrors: 2 });
  bed.mirrors[0]!.put(pathOf(PACKAGE), BODY);
  bed.mirror(0).health.recordFailure("a bad day");
  assertWhole(await read(bed.download()), BODY);
  assertEquals(bed.mirrors.map((mirror) => mirror.count()), [1, 1]);
});

Deno.test("a resting mirror that hangs is not awaited when the others lack the file", async () => {
  const timeouts = { raceTimeoutMs: 20, answerTimeoutMs: 600_000 };
  await using bed = await DownloadBed.start({ mirrors: 2, timeouts });
  bed.mirrors[0]!.behave("*", { kind: "hangBeforeHeaders" });
  bed.pool.mirrors[0]!.health.recordFailure("hung");
  assertEquals(await kindOfFailure(read(bed.download(PACKAGE, { isAwaited: true }))), "upstream");
  assertEquals(bed.mirrors.map((mirror) => mirror.count()), [1, 1]);
});

Deno.test("resting mirrors are asked last, the soonest back first", async () => {
  let now = 0;
  await using bed = await DownloadBed.start({ mirrors: 3, now: () => now });
  bed.mirror(0).health.recordFailure("a bad day");
  now += 1000;
  bed.mirror(1).health.recordFailure("another");
  await read(bed.download());
  const order = bed.mirrors.map((mirror) => mirror.requests[0]!.time);
  assertLess(order[2]!, order[0]!);
  assertLess(order[0]!, order[1]!);
});

Deno.test("a signature is missing when one mirror says so, and resting mirrors are not asked", async () => {
  await using bed = await DownloadBed.start({ mirrors: 2 });
  bed.mirror(0).health.recordFailure("a bad day");
  assertEquals(await kindOfFailure(read(bed.download(SIGNATURE))), "not_found");
  assertEquals(bed.mirrors.map((mirror) => mirror.count()), [0, 1]);
});

Deno.test("a signature that a mirror lacks is missing even if another mirror is silent", async () => {
  await using bed = await DownloadBed.start({
    mirrors: 2,
    timeouts: { raceTimeoutMs: 50, answerTimeoutMs: 60_000 },
  });
  bed.mirrors[0]!.behave("*", { kind: "hangBeforeHeaders" });
  assertEquals(await kindOfFailure(read(bed.download(SIGNATURE))), "not_found");
});

Deno.test("a signature that only a later mirror has is found", async () => {
  await using bed = await DownloadBed.start({ mirrors: 2 });
  const signature = new Uint8Array([0x89, ...BODY]);
  bed.mirrors[1]!.put(pathOf(SIGNATURE), signature);
  assertWhole(await read(bed.download(SIGNATURE)), signature);
});

Deno.test("the archive is asked when every mirror has dropped the file, and not before", async () => {
  await using bed = await DownloadBed.start({ mirrors: 2, archive: true });
  bed.archive!.put(`/packages/h/hello/${PACKAGE}`, BODY);
  bed.mirror(0).health.recordFailure("a bad day");
  assertWhole(await read(bed.download()), BODY);
  const asked = [...bed.mirrors, bed.archive!].map(({ requests }) => requests[0]!.time);
  assertLess(asked[1]!, asked[0]!);
  assertLess(asked[0]!, asked[2]!);

  const other = "other-1-1-any.pkg.tar.zst";
  bed.put(other, BODY);
  assertWhole(await read(bed.download(other)), BODY);
  assertEquals(bed.archive!.count(), 1);
});

Deno.test("an archive that is down does not hide that a file is missing", async () => {
  await using bed = await DownloadBed.start({ archive: true });
  await bed.archive!.down();
  assertEquals(await kindOfFailure(read(bed.download())), "not_found");
});

Deno.test("the mirror whose database is served is asked first", async () => {
  await using bed = await DownloadBed.start({ mirrors: 3 });
  bed.pool.resetStandings(EXTRA.directory, [bed.mirror(2)]);
  for (let turn = 0; turn < 6; turn++) {
    const name = `turn${turn}-1-1-any.pkg.tar.zst`;
    bed.put(name, BODY);
    assertWhole(await read(bed.download(name)), BODY);
  }
  assertEquals(bed.mirrors.map((mirror) => mirror.count()), [0, 0, 6]);
});

Deno.test("simultaneous transfers are spread over all mirrors", async () => {
  await using bed = await DownloadBed.start({ mirrors: 3 });
  bed.pool.resetStandings(EXTRA.directory, [bed.mirror(0)]);
  const gate = new Gate();
  for (const mirror of bed.mirrors) mirror.behave("*", { kind: "gate", gate, bytes: 500 });
  const readings = [];
  for (let turn = 0; turn < 12; turn++) {
    const name = `turn${turn}-1-1-any.pkg.tar.zst`;
    bed.put(name, BODY);
    const download = bed.download(name);
    await download.opened;
    readings.push(read(download));
  }
  const inFlight = bed.pool.mirrors.map(({ health }) => health.inFlight);
  gate.release();
  for (const reading of await Promise.all(readings)) assertWhole(reading, BODY);
  assertEquals(inFlight.reduce((sum, count) => sum + count), 12);
  assert(inFlight.every((count) => count >= 2), `${inFlight}`);
  assert(inFlight[0]! > inFlight[1]!, "the preferred mirror carries more");
});

Deno.test("mirrors take turns when none is preferred", async () => {
  await using bed = await DownloadBed.start({ mirrors: 3 });
  for (let turn = 0; turn < 9; turn++) {
    const name = `turn${turn}-1-1-any.pkg.tar.zst`;
    bed.put(name, BODY);
    await read(bed.download(name));
  }
  assertEquals(bed.mirrors.map((mirror) => mirror.count()), [3, 3, 3]);
});
