// Ranges far ahead are part of the one transfer of their file.
import { assert, assertEquals, assertLess } from "@std/assert";
import { readDownload } from "../../../../src/mirroring/downloads/part_reader.ts";
import type { Download } from "../../../../src/mirroring/downloads/download.ts";
import { type Behaviour, Gate } from "../../../support/fake_mirror.ts";
import { packageBytes } from "../../../support/package_bytes.ts";
import { assertSameBytes } from "../../../support/same_bytes.ts";
import { sha256Of } from "../../../support/sha256.ts";
import {
  assertBroken,
  assertWhole,
  collect,
  DownloadBed,
  expecting,
  PACKAGE,
  pathOf,
  read,
} from "./download_bed.ts";

const SIZE = 8_000_000;
const FAR = 6_000_000;
/** How much a transfer ahead may begin before the byte that is wanted. */
const ALIGNMENT = 256 * 1024;
const OVERLAP = 64 * 1024;

/** A download whose transfer waits at the gate after 100,000 bytes, and gets no more than `sent`. */
async function startGated(
  bed: DownloadBed,
  body: Uint8Array,
  { sha256 = null, sent = null }: { sha256?: string | null; sent?: number | null } = {},
) {
  bed.put(PACKAGE, body);
  const gate = new Gate();
  const behaviours: Behaviour[] = [{ kind: "gate", gate, bytes: 100_000 }];
  if (sent !== null) behaviours.push({ kind: "gate", gate: new Gate(), bytes: sent });
  bed.mirrors[0]!.behave("*", behaviours, 1);
  const download = bed.download(PACKAGE, {
    patienceMs: 60_000,
    expectations: sha256 === null ? null : expecting({ size: body.length, sha256 }),
  });
  await download.reaches(99_999, 60_000);
  return { download, gate };
}

const TIMEOUTS = { raceTimeoutMs: 60_000, stallTimeoutMs: 60_000, answerTimeoutMs: 60_000 };

/** Reads bytes far ahead, as a client does. */
async function readAhead(download: Download, start: number, last: number | null) {
  download.fetchAhead(start);
  await download.reaches(start, 60_000);
  return await collect(readDownload(download, { start, last }));
}

Deno.test("clients far ahead share one more transfer, and no byte is asked for twice", async () => {
  await using bed = await DownloadBed.start({ timeouts: TIMEOUTS });
  const body = packageBytes(SIZE, 1);
  const { download, gate } = await startGated(bed, body, { sha256: sha256Of(body) });
  const readings = await Promise.all(
    Array.from({ length: 15 }, (_, index) => readAhead(download, FAR + index, FAR + 999_999)),
  );
  for (const [index, reading] of readings.entries()) {
    assertWhole(reading, body.subarray(FAR + index, FAR + 1_000_000));
  }
  assertEquals(bed.mirrors[0]!.count(), 2);
  gate.release();
  assertWhole(await read(download), body);
  await download.done;
  assertSameBytes(await Deno.readFile(bed.finalPath()), body);
  // What the first one sent beyond its end was on its way already.
  assertLess(bed.mirrors[0]!.bytesSent, SIZE * 1.5);
});

Deno.test("a transfer ahead ends where another one began", async () => {
  await using bed = await DownloadBed.start({ timeouts: TIMEOUTS });
  const body = packageBytes(SIZE, 2);
  const { download, gate } = await startGated(bed, body);
  for (const start of [FAR, FAR / 2]) {
    assertWhole(await readAhead(download, start, start + 9), body.subarray(start, start + 10));
  }
  const ranges = bed.mirrors[0]!.requests.map(({ headers }) => headers.get("range"));
  const [far, half] = [FAR, FAR / 2].map((start) => start - start % ALIGNMENT);
  assertEquals(ranges, [null, `bytes=${far}-`, `bytes=${half}-${far! - 1}`]);
  gate.release();
  assertWhole(await read(download), body);
});

Deno.test("positions beyond the limit of transfers ahead are fetched as soon as one ends", async () => {
  await using bed = await DownloadBed.start({ timeouts: TIMEOUTS });
  const megabyte = 1024 * 1024;
  const body = packageBytes(12 * megabyte, 9);
  const { download, gate } = await startGated(bed, body);
  const [mirror] = bed.mirrors;
  const others = new Gate();
  for (const [index, start] of [8, 2, 4, 6].entries()) {
    const gates = { kind: "gate", gate: index === 0 ? gate : others, bytes: 100_000 } as const;
    mirror!.behave("*", gates, 1);
    download.fetchAhead(start * megabyte);
    await mirror!.waitForRequest("*", index + 2);
  }
  for (let client = 0; client < 3; client++) download.fetchAhead(11 * megabyte);
  assertEquals(mirror!.count(), 5);
  others.release();
  await mirror!.waitForRequest("*", 6);
  assertEquals(mirror!.requests.at(-1)?.headers.get("range"), `bytes=${11 * megabyte}-`);
  gate.release();
  assertWhole(await read(download), body);
});

Deno.test("the first transfer ends where one that began ahead of it is", async () => {
  await using bed = await DownloadBed.start({ timeouts: TIMEOUTS });
  const body = packageBytes(SIZE, 10);
  // It could send all of it into the buffers of the connection.
  const { download, gate } = await startGated(bed, body, { sent: 3_000_000 });
  const ahead = new Gate();
  bed.mirrors[0]!.behave("*", { kind: "gate", gate: ahead, bytes: 1_000_000 }, 1);
  const start = 2 * 1024 * 1024;
  download.fetchAhead(start);
  await download.reaches(start, 60_000);
  gate.release();
  await bed.mirrors[0]!.waitForAbandoned();
  assert(!download.complete);
  ahead.release();
  assertWhole(await read(download), body);
});

Deno.test("wrong bytes are complete for nobody, not even before their verification", async () => {
  await using bed = await DownloadBed.start({ timeouts: TIMEOUTS });
  const [right, wrong] = [packageBytes(SIZE, 3), packageBytes(SIZE, 4)];
  const { download, gate } = await startGated(bed, wrong, { sha256: sha256Of(right) });
  const ahead = readAhead(download, FAR, null);
  await download.reaches(SIZE - 2, 60_000);
  gate.release();
  assertBroken(await ahead, wrong.subarray(FAR));
  assertBroken(await read(download), wrong);
});

Deno.test("the end of a file is sent bit by bit while its beginning arrives", async () => {
  await using bed = await DownloadBed.start({ timeouts: TIMEOUTS });
  const body = packageBytes(SIZE, 5);
  const { download, gate } = await startGated(bed, body);
  const start = SIZE - 10_000;
  download.fetchAhead(start);
  await download.reaches(SIZE - 2, 60_000);
  const reader = readDownload(download, { start, last: null }).getReader();
  const first = await reader.read();
  assertEquals(first.value, body.slice(start, start + 1));
  const second = await reader.read();
  assert(second.value!.length < 1_000, "all was handed out before the check");
  gate.release();
  await download.done;
  let count = 1 + second.value!.length;
  for (let next; !(next = await reader.read()).done;) count += next.value.length;
  assertEquals(count, 10_000);
});

Deno.test("the end of a file is sent bit by bit even if its beginning arrives in small pieces", async () => {
  await using bed = await DownloadBed.start({ timeouts: TIMEOUTS });
  const body = packageBytes(SIZE, 9);
  bed.put(PACKAGE, body);
  bed.mirrors[0]!.behave("*", { kind: "slow", bytesPerSecond: 20_000, stepMilliseconds: 20 }, 1);
  const download = bed.download(PACKAGE, { patienceMs: 60_000 });
  await download.reaches(1_000, 60_000);
  const start = SIZE - 10_000;
  download.fetchAhead(start);
  await download.reaches(SIZE - 2, 60_000);
  const reader = readDownload(download, { start, last: null }).getReader();
  for (let read = 0; read < 3; read++) assertLess((await reader.read()).value!.length, 1_000);
  assertLess(download.released, start);
  await reader.cancel();
  download.abort();
});

Deno.test("bytes of another file are not accepted ahead", async () => {
  await using bed = await DownloadBed.start({ timeouts: TIMEOUTS });
  const body = packageBytes(SIZE, 6);
  const { download, gate } = await startGated(bed, body);
  bed.mirrors[0]!.put(pathOf(PACKAGE), packageBytes(SIZE, 7), {
    lastModified: new Date("2026-11-02T12:00:00Z"),
  });
  download.fetchAhead(FAR);
  const isThere = download.reaches(FAR, 60_000).catch(() => false);
  await bed.mirrors[0]!.waitForRequest(pathOf(PACKAGE), 2);
  bed.put(PACKAGE, body);
  gate.release();
  assertWhole(await read(download), body);
  assertEquals(await isThere, true);
});

Deno.test("bytes beyond a hole are not resumed after a restart", async (t) => {
  for (const ending of ["stopped", "killed"] as const) {
    await t.step(ending, async () => {
      await using bed = await DownloadBed.start({ timeouts: TIMEOUTS });
      const body = packageBytes(SIZE, 8);
      const { download, gate } = await startGated(bed, body);
      await readAhead(download, FAR, FAR + 100_000);
      const killed = await Deno.readFile(bed.partPath());
      const sidecar = await Deno.readTextFile(bed.sidecarPath());
      download.abort();
      await download.done.catch(() => {});
      gate.release();
      assertEquals((await Deno.stat(bed.partPath())).size, 100_000);
      if (ending === "killed") await bed.leavePart(killed, sidecar);
      const again = bed.download();
      assertWhole(await read(again), body);
      assertEquals(
        bed.mirrors[0]!.requests.at(-1)!.headers.get("range"),
        `bytes=${100_000 - OVERLAP}-`,
      );
    });
  }
});
