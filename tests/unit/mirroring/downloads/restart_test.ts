// The part that a killed run left is resumed if a mirror proves that it has the same file.
import { assert, assertEquals, assertLess } from "@std/assert";
import { concat } from "@std/bytes/concat";
import { dirname } from "@std/path";
import { PartFile } from "../../../../src/mirroring/downloads/part_file.ts";
import { DEFAULT_LAST_MODIFIED, Gate } from "../../../support/fake_mirror.ts";
import { packageBytes } from "../../../support/package_bytes.ts";
import {
  assertWhole,
  DownloadBed,
  exists,
  expecting,
  PACKAGE,
  pathOf,
  read,
} from "./download_bed.ts";
import { assertSameBytes } from "../../../support/same_bytes.ts";
import { PATIENT_MS } from "../../../support/patience.ts";
import { until } from "../../../support/until.ts";
import { sha256Of } from "../../../support/sha256.ts";

const SIZE = 400_000;
const HALF = SIZE / 2;
const OVERLAP = 64 * 1024;
const OTHER_DATE = new Date("2026-11-02T12:00:00Z");
const MIB = 1024 ** 2;

interface Sidecar {
  size: number | null;
  lastModified: string | null;
  etag: string | null;
  mirror: string;
}

function sidecarOf(bed: DownloadBed, more: Partial<Sidecar> = {}): Sidecar {
  return {
    size: SIZE,
    lastModified: DEFAULT_LAST_MODIFIED.toUTCString(),
    etag: null,
    mirror: bed.mirror(0).name,
    ...more,
  };
}

Deno.test("a download that ended midway is resumed, and checked as a whole", async () => {
  await using bed = await DownloadBed.start();
  const body = packageBytes(SIZE, 1);
  bed.put(PACKAGE, body);
  bed.mirrors[0]!.behave("*", { kind: "cutAfter", bytes: HALF }, 1);
  bed.mirrors[0]!.behave("*", { kind: "status", code: 503 }, 50);
  const first = bed.download(PACKAGE, { patienceMs: 0 });
  assert((await read(first)).error instanceof Error);
  await first.done.catch(() => {});
  assertEquals((await Deno.stat(bed.partPath())).size, HALF);
  bed.mirrors[0]!.behave("*", { kind: "correct" });
  const before = bed.mirrors[0]!.bytesSent;
  const sha256 = sha256Of(body);
  let outcome;
  do {
    const download = bed.download(PACKAGE, {
      expectations: expecting({ size: SIZE, sha256 }),
    });
    outcome = await download.done.catch(() => null);
  } while (outcome === null);
  assertEquals(outcome.result, "fetched");
  assertSameBytes(await Deno.readFile(bed.finalPath()), body);
  assertLess(bed.mirrors[0]!.bytesSent - before, HALF + OVERLAP + 50 * 10);
  assertEquals(await bed.parts(), []);
});

Deno.test("a part is resumed with a range, and costs only what is missing", async () => {
  await using bed = await DownloadBed.start();
  const body = packageBytes(SIZE, 2);
  bed.put(PACKAGE, body);
  await bed.leavePart(body.slice(0, HALF), sidecarOf(bed));
  const download = bed.download();
  assertWhole(await read(download), body);
  assertEquals((await download.done).result, "fetched");
  const [request] = bed.mirrors[0]!.requests;
  assertEquals(request!.headers.get("range"), `bytes=${HALF - OVERLAP}-`);
  assertEquals(request!.headers.get("if-range"), DEFAULT_LAST_MODIFIED.toUTCString());
  assertEquals(bed.mirrors[0]!.bytesSent, SIZE - HALF + OVERLAP);
  assertEquals(bed.mirrors[0]!.count(), 1);
});

Deno.test("the bytes of a resumed part are released before the mirror sends more", async () => {
  await using bed = await DownloadBed.start();
  const body = packageBytes(SIZE, 3);
  bed.put(PACKAGE, body);
  await bed.leavePart(body.slice(0, HALF), sidecarOf(bed));
  const gate = new Gate();
  bed.mirrors[0]!.behave("*", { kind: "gate", gate, bytes: OVERLAP });
  const download = bed.download();
  await download.opened;
  assertEquals(download.released, HALF);
  gate.release();
  assertWhole(await read(download), body);
});

Deno.test("a complete part is published once a mirror has repeated its end", async () => {
  await using bed = await DownloadBed.start();
  const body = packageBytes(SIZE, 4);
  bed.put(PACKAGE, body);
  await bed.leavePart(body, sidecarOf(bed));
  const download = bed.download();
  assertWhole(await read(download), body);
  await download.done;
  assertEquals(bed.mirrors[0]!.bytesSent, OVERLAP);
  assertEquals((await Deno.stat(bed.finalPath())).mtime, DEFAULT_LAST_MODIFIED);
});

Deno.test("a part can be resumed from another mirror than the one that began it", async () => {
  await using bed = await DownloadBed.start({ mirrors: 2 });
  const body = packageBytes(SIZE, 5);
  bed.mirrors[1]!.put(pathOf(PACKAGE), body);
  await bed.leavePart(body.slice(0, HALF), sidecarOf(bed));
  assertWhole(await read(bed.download()), body);
  assertEquals(bed.mirrors[1]!.bytesSent, SIZE - HALF + OVERLAP);
});

for (
  const [what, seed, size, validators] of [
    ["bytes", 7, SIZE, {}],
    ["date", 7, SIZE, { lastModified: OTHER_DATE }],
    ["length", 7, SIZE + 3, {}],
    ["length and date, shorter than the part", 7, 1000, { lastModified: OTHER_DATE }],
  ] as const
) {
  Deno.test(`a part is discarded when the file has another ${what} by now`, async () => {
    await using bed = await DownloadBed.start();
    const [old, body] = [packageBytes(SIZE, 6), packageBytes(size, seed)];
    bed.mirrors[0]!.put(pathOf(PACKAGE), body, validators);
    await bed.leavePart(old.slice(0, HALF), sidecarOf(bed));
    const sha256 = sha256Of(body);
    const download = bed.download(PACKAGE, { expectations: expecting({ size, sha256 }) });
    assertWhole(await read(download), body);
    assertEquals((await download.done).result, "fetched");
    assertSameBytes(await Deno.readFile(bed.finalPath()), body);
  });
}

Deno.test("a part is discarded when the file has a new entity tag", async () => {
  await using bed = await DownloadBed.start();
  const [old, body] = [packageBytes(SIZE, 8), packageBytes(SIZE, 9)];
  bed.mirrors[0]!.put(pathOf(PACKAGE), body, { etag: '"new"', lastModified: null });
  await bed.leavePart(old.slice(0, HALF), sidecarOf(bed, { etag: '"old"', lastModified: null }));
  assertWhole(await read(bed.download()), body);
});

for (
  const [what, sidecar] of [
    ["no sidecar", null],
    ["an empty sidecar", ""],
    ["half a sidecar", '{"size":400000,"lastMod'],
    ["a sidecar that is an array", '["size"]'],
    ["a sidecar that is null", "null"],
    ["a sidecar without a mirror", '{"size":400000}'],
  ] as const
) {
  Deno.test(`a part with ${what} is discarded`, async () => {
    await using bed = await DownloadBed.start();
    const body = packageBytes(SIZE, 10);
    bed.put(PACKAGE, body);
    await bed.leavePart(packageBytes(SIZE, 11).slice(0, HALF), sidecar ?? "");
    if (sidecar === null) await Deno.remove(bed.sidecarPath());
    assertWhole(await read(bed.download()), body);
    assertEquals(bed.mirrors[0]!.requests.map(({ headers }) => headers.get("range")), [null]);
  });
}

Deno.test("a part longer than the file is discarded", async () => {
  await using bed = await DownloadBed.start();
  const body = packageBytes(SIZE, 12);
  bed.put(PACKAGE, body);
  await bed.leavePart(packageBytes(SIZE + 1, 12), sidecarOf(bed));
  assertWhole(await read(bed.download()), body);
  assertEquals(bed.mirrors[0]!.requests.map(({ headers }) => headers.get("range")), [null]);
});

Deno.test("a sidecar without its part is removed before bytes of another file can arrive", async () => {
  await using bed = await DownloadBed.start();
  await Deno.mkdir(dirname(bed.sidecarPath()), { recursive: true });
  await Deno.writeTextFile(bed.sidecarPath(), JSON.stringify(sidecarOf(bed)));
  const part = await PartFile.open(bed.partPath().replace(/\.part$/, ""), { isLeft: false });
  assertEquals(await exists(bed.sidecarPath()), false);
  assertEquals(part.identity, null);
  await part.discard();
});

Deno.test("a kill costs a download at most a mebibyte", async () => {
  await using bed = await DownloadBed.start();
  const received = 2 * MIB;
  const body = packageBytes(received + HALF, 16);
  bed.put(PACKAGE, body);
  const gate = new Gate();
  bed.mirrors[0]!.behave("*", { kind: "gate", bytes: received, gate }, 1);
  const first = bed.download();
  await first.reaches(received - 2, PATIENT_MS);
  await until("it is recorded whose bytes they are", () => exists(bed.sidecarPath()));
  const killed = await Deno.readFile(bed.partPath());
  const sidecar = await Deno.readTextFile(bed.sidecarPath());
  first.abort();
  await first.done.catch(() => {});
  gate.release();
  await bed.leavePart(killed, sidecar);
  assertWhole(await read(bed.download()), body);
  const { headers } = bed.mirrors[0]!.requests.at(-1)!;
  assertEquals(headers.get("range"), `bytes=${received - OVERLAP}-`);
});

Deno.test("a small file is not worth a sidecar", async () => {
  await using bed = await DownloadBed.start();
  const body = packageBytes(MIB / 2, 17);
  bed.put(PACKAGE, body);
  const gate = new Gate();
  bed.mirrors[0]!.behave("*", { kind: "gate", bytes: MIB / 4, gate }, 1);
  const download = bed.download();
  await download.reaches(MIB / 4 - 2, PATIENT_MS);
  assertEquals(await bed.parts(), [`${PACKAGE}.part`]);
  gate.release();
  assertWhole(await read(download), body);
  await download.done;
  assertEquals(await bed.parts(), []);
});

Deno.test("a part is kept while all mirrors are down", async () => {
  await using bed = await DownloadBed.start({ mirrors: 2 });
  const body = packageBytes(SIZE, 13);
  bed.put(PACKAGE, body);
  await bed.leavePart(body.slice(0, HALF), sidecarOf(bed));
  for (const mirror of bed.mirrors) await mirror.down();
  const download = bed.download();
  assert((await read(download)).error instanceof Error);
  await download.done.catch(() => {});
  assertSameBytes(await Deno.readFile(bed.partPath()), body.subarray(0, HALF));
  for (const mirror of bed.mirrors) await mirror.up();
  assertWhole(await read(bed.download()), body);
  assertEquals(bed.mirrors[0]!.bytesSent + bed.mirrors[1]!.bytesSent, SIZE - HALF + OVERLAP);
});

for (const why of ["the file has changed", "its sidecar is damaged"]) {
  Deno.test(`a reader of a part that is discarded because ${why} sees nothing of the next`, async () => {
    await using bed = await DownloadBed.start();
    const [old, body] = [packageBytes(SIZE, 14), packageBytes(SIZE, 15)];
    bed.put(PACKAGE, old);
    bed.mirrors[0]!.behave("*", { kind: "cutAfter", bytes: HALF }, 1);
    bed.mirrors[0]!.behave("*", { kind: "refuse" });
    const first = bed.download(PACKAGE, { patienceMs: 0 });
    await first.reaches(HALF - 2, 5_000);
    const slow = await first.openBytes();
    await first.done.catch(() => {});
    bed.mirrors[0]!.behave("*", { kind: "correct" });
    if (why === "its sidecar is damaged") await Deno.writeTextFile(bed.sidecarPath(), "{");
    bed.mirrors[0]!.put(pathOf(PACKAGE), body, { lastModified: OTHER_DATE });
    assertWhole(await read(bed.download()), body);
    const seen: Uint8Array[] = [];
    for (let position = 0; position < HALF; position += seen.at(-1)!.length) {
      seen.push((await slow.read(position, HALF)).slice());
    }
    slow[Symbol.dispose]();
    assertSameBytes(concat(seen), old.subarray(0, HALF));
  });
}

Deno.test("a finished file appears whole, dated as on the mirror, and leaves nothing behind", async () => {
  await using bed = await DownloadBed.start();
  const body = packageBytes(SIZE, 16);
  bed.put(PACKAGE, body);
  const gate = new Gate();
  bed.mirrors[0]!.behave("*", { kind: "gate", gate, bytes: SIZE - 1 });
  const download = bed.download();
  await download.reaches(SIZE - 3, 5_000);
  assertEquals(await exists(bed.finalPath()), false);
  gate.release();
  await download.done;
  assertSameBytes(await Deno.readFile(bed.finalPath()), body);
  assertEquals((await Deno.stat(bed.finalPath())).mtime, DEFAULT_LAST_MODIFIED);
  assertEquals(await bed.parts(), []);
});

Deno.test("a file that cannot be moved into the cache leaves nothing there, and its part is kept", async () => {
  await using bed = await DownloadBed.start();
  const body = packageBytes(SIZE, 17);
  bed.put(PACKAGE, body);
  const inTheWay = bed.finalPath().replace(/\/[^/]*$/, "");
  await Deno.writeTextFile(inTheWay, "a file where a folder has to be");
  const download = bed.download();
  const reading = read(download);
  assertEquals(await download.done.catch(({ kind }) => kind), "storage");
  await reading;
  await Deno.remove(inTheWay);
  assertEquals((await Deno.stat(bed.partPath())).size, SIZE);
  assertWhole(await read(bed.download()), body);
});
