// One upstream transfer per file, for any number of readers of any speed.
import { assert, assertEquals } from "@std/assert";
import { readDownload } from "../../../../src/mirroring/downloads/part_reader.ts";
import { Gate } from "../../../support/fake_mirror.ts";
import { packageBytes } from "../../../support/package_bytes.ts";
import {
  assertWhole,
  collect,
  DownloadBed,
  exists,
  PACKAGE,
  pathOf,
  read,
} from "./download_bed.ts";
import { assertSameBytes } from "../../../support/same_bytes.ts";

const MEBIBYTE = 1024 * 1024;

Deno.test("any number of joiners cost one upstream request, and each gets every byte", async () => {
  await using bed = await DownloadBed.start();
  const body = packageBytes(MEBIBYTE, 1);
  bed.put(PACKAGE, body);
  const joined = Array.from({ length: 20 }, () => bed.join());
  assertEquals(joined.filter(({ started }) => started).length, 1);
  const readings = await Promise.all(joined.map(({ download }) => read(download)));
  for (const reading of readings) assertWhole(reading, body);
  assertEquals(bed.mirrors[0]!.count(), 1);
  assertEquals(bed.mirrors[0]!.bytesSent, body.length);
});

Deno.test("a failure reaches all joiners, and the next client starts a new download", async () => {
  await using bed = await DownloadBed.start();
  const joined = Array.from({ length: 5 }, () => bed.download());
  for (const { error } of await Promise.all(joined.map((download) => read(download)))) {
    assert(error instanceof Error);
  }
  assertEquals(bed.mirrors[0]!.count(), 1);
  const body = packageBytes(1000, 1);
  bed.put(PACKAGE, body);
  const { download, started } = bed.join();
  assert(started);
  assertWhole(await read(download), body);
});

Deno.test("a reader gets the first half before the mirror sends the second", async () => {
  await using bed = await DownloadBed.start();
  const body = packageBytes(MEBIBYTE, 2);
  bed.put(PACKAGE, body);
  const gate = new Gate();
  bed.mirrors[0]!.behave("*", { kind: "gate", gate, bytes: MEBIBYTE / 2 });
  const download = bed.download();
  await download.opened;
  // The last byte is held back.
  const last = MEBIBYTE / 2 - 2;
  const half = await collect(readDownload(download, { start: 0, last }));
  assertWhole(half, body.subarray(0, last + 1));
  assertEquals(await exists(bed.finalPath()), false);
  gate.release();
  assertWhole(await read(download), body);
});

Deno.test("a reader that leaves does not affect the others", async () => {
  await using bed = await DownloadBed.start();
  const body = packageBytes(MEBIBYTE, 3);
  bed.put(PACKAGE, body);
  const gate = new Gate();
  bed.mirrors[0]!.behave("*", { kind: "gate", gate, bytes: MEBIBYTE / 2 });
  const download = bed.download();
  await download.opened;
  const leaver = readDownload(download, { start: 0, last: null }).getReader();
  const stayer = read(download);
  await leaver.read();
  await leaver.cancel();
  gate.release();
  assertWhole(await stayer, body);
  assertEquals(bed.mirrors[0]!.abandoned, 0);
});

Deno.test("a download continues without any reader", async () => {
  await using bed = await DownloadBed.start();
  const body = packageBytes(MEBIBYTE, 4);
  bed.put(PACKAGE, body);
  const gate = new Gate();
  bed.mirrors[0]!.behave("*", { kind: "gate", gate, bytes: MEBIBYTE / 2 });
  const download = bed.download();
  await download.opened;
  const leaver = readDownload(download, { start: 0, last: null }).getReader();
  await leaver.read();
  await leaver.cancel();
  gate.release();
  assertEquals((await download.done).result, "fetched");
  assertSameBytes(await Deno.readFile(bed.finalPath()), body);
  assertEquals(bed.mirrors[0]!.count(), 1);
});

Deno.test("a reader that never reads delays nobody, and reads the whole file later", async () => {
  await using bed = await DownloadBed.start();
  const body = packageBytes(4 * MEBIBYTE, 5);
  bed.put(PACKAGE, body);
  const download = bed.download();
  await download.opened;
  const idle = readDownload(download, { start: 0, last: null });
  assertWhole(await read(download), body);
  await download.done;
  // The part file is gone from its place by now.
  assertWhole(await collect(idle), body);
});

Deno.test("nothing is read from disk before a reader asks for it", async () => {
  await using bed = await DownloadBed.start();
  bed.put(PACKAGE, packageBytes(8 * MEBIBYTE, 6));
  const download = bed.download();
  await download.opened;
  let handedOut = 0;
  const reader = readDownload(download, {
    start: 0,
    last: null,
    onBytes: (count) => handedOut += count,
  }).getReader();
  await download.done;
  assertEquals(handedOut, 0);
  let asked = 0;
  for (let turn = 0; turn < 3; turn++) {
    asked += (await reader.read()).value!.length;
    assertEquals(handedOut, asked, "more was read than was asked for");
  }
  assert(asked <= 3 * 256 * 1024, "a single read grew with the file");
  await reader.cancel();
});

Deno.test("a reader that has not begun keeps its file when another takes the name", async () => {
  await using bed = await DownloadBed.start();
  const [body, other] = [packageBytes(MEBIBYTE, 7), packageBytes(MEBIBYTE, 8)];
  bed.put(PACKAGE, body);
  const first = bed.download();
  await first.opened;
  const idle = readDownload(first, { start: 0, last: null });
  await first.done;
  await Deno.remove(bed.finalPath());
  bed.put(PACKAGE, other);
  const gate = new Gate();
  bed.mirrors[0]!.behave("*", { kind: "gate", gate, bytes: MEBIBYTE - 1 });
  const second = bed.download();
  await second.reaches(MEBIBYTE / 2, 5_000);
  assertWhole(await collect(idle), body);
  gate.release();
  assertWhole(await read(second), other);
});

Deno.test("a range of a download in flight is those bytes and no more", async () => {
  await using bed = await DownloadBed.start();
  const body = packageBytes(MEBIBYTE, 9);
  bed.put(PACKAGE, body);
  const download = bed.download();
  await download.opened;
  for (const [start, last] of [[0, 0], [5, 700_000], [MEBIBYTE - 1, MEBIBYTE - 1]] as const) {
    const reading = await collect(readDownload(download, { start, last }));
    assertWhole(reading, body.subarray(start, last + 1));
  }
});

Deno.test("a file that is in the cache by now is not fetched again", async () => {
  await using bed = await DownloadBed.start();
  bed.put(PACKAGE, packageBytes(1000, 10));
  await bed.download().done;
  const again = bed.download();
  assertEquals(await again.opened, null);
  assertEquals(await again.done, { result: "present" });
  assertEquals(bed.mirrors[0]!.count(), 1);
});

Deno.test("a download that is stopped ends at once even if its mirror stalls", async () => {
  await using bed = await DownloadBed.start();
  bed.put(PACKAGE, packageBytes(MEBIBYTE, 11));
  bed.mirrors[0]!.behave("*", { kind: "stallAfter", bytes: MEBIBYTE / 2 });
  const download = bed.download();
  await download.reaches(MEBIBYTE / 2 - 2, 5_000);
  const reading = read(download);
  await bed.registry.stop();
  assert((await reading).error instanceof Error);
  assertEquals(bed.mirror(0).health.inFlight, 0);
  assertEquals((await Deno.stat(bed.partPath())).size, MEBIBYTE / 2);
  await bed.mirrors[0]!.waitForAbandoned();
});

Deno.test("a download that is stopped ends even while its mirror sends", async () => {
  await using bed = await DownloadBed.start();
  const body = packageBytes(64 * MEBIBYTE, 12);
  bed.put(PACKAGE, body);
  const download = bed.download();
  await download.opened;
  const stopped = bed.registry.stop();
  const outcome = await download.done.then(() => "done", () => "stopped");
  await stopped;
  assertEquals(outcome, "stopped");
  assertEquals(bed.mirror(0).health.failures, 0, "being stopped is not the mirror's failure");
  assertEquals(await exists(bed.finalPath()), false);
});

Deno.test("a file of a few bytes is fetched too", async () => {
  await using bed = await DownloadBed.start();
  for (const size of [1, 2, 5, 6, 7]) {
    const name = `tiny-${size}-1-any.pkg.tar`;
    const body = packageBytes(size, 0);
    bed.put(name, body);
    assertWhole(await read(bed.download(name)), body);
    assertEquals(bed.mirrors[0]!.count(pathOf(name)), 1);
  }
});
