// Large files come from several mirrors at once.
import { assert, assertEquals, assertLess, assertNotEquals } from "@std/assert";
import type { Download } from "../../../../src/mirroring/downloads/download.ts";
import { readDownload } from "../../../../src/mirroring/downloads/part_reader.ts";
import { type Behaviour, Gate } from "../../../support/fake_mirror.ts";
import { packageBytes } from "../../../support/package_bytes.ts";
import { PATIENT_MS } from "../../../support/patience.ts";
import { assertSameBytes } from "../../../support/same_bytes.ts";
import { sha256Of } from "../../../support/sha256.ts";
import {
  assertBroken,
  assertWhole,
  collect,
  DownloadBed,
  exists,
  expecting,
  PACKAGE,
  pathOf,
  read,
} from "./download_bed.ts";

const MIB = 1024 * 1024;
const SIZE = 10 * MIB;
const TIMEOUTS = {
  raceTimeoutMs: PATIENT_MS,
  stallTimeoutMs: PATIENT_MS,
  answerTimeoutMs: PATIENT_MS,
  stripeThresholdBytes: 4 * MIB,
};
/** What a test reads of the first mirror's bytes where stripes have begun. */
const BEYOND = 1;

/**
 * Mirrors of which the first is known to be slow, and waits at a gate after 100,000 bytes; once more
 * where it meets the first stripe if it `sendsNoMore`.
 */
async function startBed(mirrors: number, body: Uint8Array, { sendsNoMore = false } = {}) {
  const bed = await DownloadBed.start({ mirrors, timeouts: TIMEOUTS });
  bed.put(PACKAGE, body);
  bed.mirror(0).health.recordBytes({ bytes: MIB, waitedMs: 1000 });
  // These are asked first, in this order.
  for (const index of [0, 1]) bed.pool.markCurrent("extra/os/x86_64", bed.mirror(index));
  const gate = new Gate();
  const behaviours: Behaviour[] = [{ kind: "gate", gate, bytes: 100_000 }];
  if (sendsNoMore) behaviours.push({ kind: "gate", gate: new Gate(), bytes: MIB + BEYOND });
  bed.mirrors[0]!.behave("*", behaviours, 1);
  return { bed, gate };
}

function striped(bed: DownloadBed, body: Uint8Array, options = {}): Download {
  const expectations = expecting({ size: body.length, sha256: sha256Of(body) });
  return bed.download(PACKAGE, { patienceMs: PATIENT_MS, expectations, ...options });
}

function bytesSent({ mirrors }: DownloadBed): number {
  return mirrors.reduce((sum, mirror) => sum + mirror.bytesSent, 0);
}

Deno.test("a large file comes from several mirrors at once, each byte from one of them", async () => {
  const body = packageBytes(SIZE, 1);
  const { bed, gate } = await startBed(4, body, { sendsNoMore: true });
  await using _ = bed;
  const download = striped(bed, body);
  const reading = read(download);
  for (const position of [99_999, MIB]) await download.reaches(position, PATIENT_MS);
  assertEquals(download.released, 100_000);
  gate.release();
  assertWhole(await reading, body);
  await download.done;
  assertSameBytes(await Deno.readFile(bed.finalPath()), body);
  assertEquals(bytesSent(bed), SIZE + BEYOND);
  const [first, ...others] = bed.mirrors;
  assertEquals(first!.requests[0]!.headers.get("range"), null);
  for (const mirror of others) {
    assert(mirror.count() > 0, "a mirror was not asked");
    for (const { headers } of mirror.requests) {
      assert(/^bytes=\d+-\d+$/.test(headers.get("range")!), "a stripe has no end");
    }
  }
});

Deno.test("the only mirror is asked once, and for no range", async () => {
  const body = packageBytes(SIZE, 2);
  await using bed = await DownloadBed.start({ timeouts: TIMEOUTS });
  bed.put(PACKAGE, body);
  bed.mirror(0).health.recordBytes({ bytes: MIB, waitedMs: 1000 });
  assertWhole(await read(striped(bed, body)), body);
  assertEquals(bed.mirrors[0]!.requests.map(({ headers }) => headers.get("range")), [null]);
});

for (
  const { why, size, ...options } of [
    {
      why: "whose SHA-256 no database knows",
      size: SIZE,
      expectations: expecting({ size: SIZE, sha256: null }),
    },
    { why: "that is too short", size: 3 * MIB },
    { why: "that no client waits for", size: SIZE, pace: () => Promise.resolve() },
  ]
) {
  Deno.test(`a file ${why} comes from one mirror`, async () => {
    const body = packageBytes(size, 3);
    const { bed, gate } = await startBed(3, body);
    await using _ = bed;
    bed.mirrors[0]!.behave("*", { kind: "correct" });
    const download = striped(bed, body, options);
    await download.reaches(99_999, PATIENT_MS);
    gate.release();
    const reading = read(download);
    await download.reaches(MIB, PATIENT_MS);
    assertEquals(bed.mirrors.map((mirror) => mirror.count()), [1, 0, 0]);
    download.abort();
    await reading;
  });
}

Deno.test("no byte is accepted from a mirror that does not prove that it has the file", async (t) => {
  const faults: Record<string, Behaviour> = {
    "it ignores ranges": { kind: "ignoreRange" },
    "it sends another range": { kind: "wrongContentRange" },
    "it sends a longer range": {
      kind: "wrongContentRange",
      contentRange: `bytes ${MIB}-${SIZE - 1}/${SIZE}`,
    },
    "its file has another length": {
      kind: "wrongContentRange",
      contentRange: `bytes ${MIB}-${2 * MIB - 1}/${SIZE + 1}`,
    },
    "it names no date": { kind: "noValidators" },
    "it has too much to do": { kind: "status", code: 503, headers: { "Retry-After": "60" } },
  };
  for (const [why, behaviour] of Object.entries(faults)) {
    await t.step(why, async () => {
      const body = packageBytes(SIZE, 4);
      const { bed, gate } = await startBed(3, body);
      await using _ = bed;
      bed.mirrors[1]!.put(pathOf(PACKAGE), packageBytes(SIZE, 5));
      bed.mirrors[1]!.behave("*", behaviour);
      const download = striped(bed, body);
      await download.reaches(4 * MIB, PATIENT_MS);
      gate.release();
      assertWhole(await read(download), body);
      assertEquals(bed.mirrors[1]!.count(), 1);
    });
  }
});

Deno.test("the rest of a stripe whose mirror fails midway comes from another one", async () => {
  const body = packageBytes(SIZE, 6);
  const { bed, gate } = await startBed(3, body, { sendsNoMore: true });
  await using _ = bed;
  bed.mirrors[1]!.behave("*", { kind: "cutAfter", bytes: 400_000 }, 1);
  const download = striped(bed, body);
  await bed.mirrors[1]!.waitForRequest();
  await download.reaches(4 * MIB, PATIENT_MS);
  gate.release();
  assertWhole(await read(download), body);
  assertEquals(bed.mirrors[1]!.count(), 1);
  assert(bed.mirror(1).health.restMs > 0);
  assertEquals(bytesSent(bed), SIZE + BEYOND);
});

Deno.test("the rest of a stripe that readers wait for is taken from a mirror that is slow", async () => {
  const body = packageBytes(SIZE, 7);
  const { bed, gate } = await startBed(3, body);
  await using _ = bed;
  const slow = new Gate();
  bed.mirrors[1]!.behave("*", { kind: "gate", gate: slow, bytes: 400_000 }, 1);
  const download = striped(bed, body);
  await bed.mirrors[1]!.waitForRequest();
  gate.release();
  assertWhole(await read(download), body);
  assertEquals(bed.mirrors[1]!.count(), 1);
  assertEquals(bed.mirror(1).health.restMs, 0);
});

Deno.test("a range from a lying mirror is replaced, and a client that received it never gets the last byte", async () => {
  const body = packageBytes(SIZE, 8);
  const lie = body.slice();
  lie[5 * MIB]! ^= 1;
  const { bed, gate } = await startBed(2, body);
  await using _ = bed;
  bed.mirrors[1]!.put(pathOf(PACKAGE), lie);
  const refused: number[] = [];
  const download = striped(bed, body, { onRefused: (count: number) => refused.push(count) });
  const reading = read(download);
  const opening = await download.opened;
  const late = readDownload(download, { start: 0, last: null });
  await download.reaches(6 * MIB, PATIENT_MS);
  gate.release();
  const received = await reading;
  assertBroken({ ...received, bytes: received.bytes.subarray(0, 5 * MIB) }, body);
  assertLess(received.bytes.length, SIZE);
  assertEquals(await download.opened, null);
  await download.done;
  const { bytes, error } = await collect(late);
  assert(error instanceof Error && bytes.length < SIZE, "a late reader has every byte");
  // Nor is it told that what it has is the beginning of the right file.
  assertNotEquals((await Deno.stat(bed.finalPath())).ino, opening?.inode);
  assertEquals(download.complete, false);
  assertSameBytes(await Deno.readFile(bed.finalPath()), body);
  assertEquals(await bed.parts(), []);
  assertEquals(refused, [SIZE - 1]);
  assert(bed.mirror(1).health.restMs > 0, "the lying mirror is in good standing");
  assertEquals(bed.mirror(0).health.restMs, 0);
});

Deno.test("a mirror is judged by the bytes that it sent among those of others", async () => {
  const body = packageBytes(SIZE, 12);
  const lie = body.slice();
  lie[MIB + 1000]! ^= 1;
  const { bed, gate } = await startBed(3, body);
  await using _ = bed;
  const [, lying] = bed.mirrors;
  lying!.put(pathOf(PACKAGE), lie);
  lying!.behave("*", { kind: "correct" }, 1);
  lying!.behave("*", { kind: "status", code: 404 });
  const download = striped(bed, body);
  await download.reaches(4 * MIB, PATIENT_MS);
  gate.release();
  await download.done;
  assertSameBytes(await Deno.readFile(bed.finalPath()), body);
  assertEquals(bed.pool.mirrors.map(({ health }) => health.restMs > 0), [false, true, false]);
});

Deno.test("bytes on which several mirrors agree are not fetched from each of them", async () => {
  const [right, other] = [packageBytes(SIZE, 9), packageBytes(SIZE, 10)];
  const { bed, gate } = await startBed(4, other, { sendsNoMore: true });
  await using _ = bed;
  const download = striped(bed, right);
  const reading = read(download);
  await download.reaches(MIB, PATIENT_MS);
  gate.release();
  assertBroken(await reading, other);
  const error = await download.done.catch((error) => error);
  assertEquals(error.kind, "content");
  assertEquals(await exists(bed.finalPath()), false);
  assertEquals(await bed.parts(), []);
  assertLess(bytesSent(bed), 2.1 * SIZE);
});

Deno.test("a killed run leaves only right bytes to resume", async () => {
  const body = packageBytes(SIZE, 11);
  const { bed, gate } = await startBed(3, body);
  await using _ = bed;
  const download = striped(bed, body);
  await download.reaches(4 * MIB, PATIENT_MS);
  const killed = await Deno.readFile(bed.partPath());
  const sidecar = await Deno.readTextFile(bed.sidecarPath());
  assert(killed.length > 4 * MIB);
  // A retry would hide that bytes of a hole were taken for the file's.
  assertEquals(JSON.parse(sidecar).prefix <= 100_000, true, sidecar);
  download.abort();
  await download.done.catch(() => {});
  assertEquals((await Deno.stat(bed.partPath())).size, 100_000);
  gate.release();
  await bed.leavePart(killed, sidecar);
  assertWhole(await read(striped(bed, body)), body);
});
