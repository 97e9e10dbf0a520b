// A transfer that changes mirrors midway never joins bytes of two files.
import { assert, assertEquals, assertGreaterOrEqual } from "@std/assert";
import { type Behaviour, DEFAULT_LAST_MODIFIED } from "../../../support/fake_mirror.ts";
import { packageBytes } from "../../../support/package_bytes.ts";
import {
  assertBroken,
  assertWhole,
  DownloadBed,
  exists,
  expecting,
  PACKAGE,
  pathOf,
  read,
} from "./download_bed.ts";

const SIZE = 400_000;
const HALF = SIZE / 2;
const OVERLAP = 64 * 1024;
const OTHER_DATE = new Date("2026-11-02T12:00:00Z");

/** Two mirrors: one that dies for good after half of `body`, and an empty one for the test to fill. */
async function bedWith(body: Uint8Array): Promise<DownloadBed> {
  const bed = await DownloadBed.start({ mirrors: 2 });
  bed.mirrors[0]!.put(pathOf(PACKAGE), body);
  bed.mirrors[0]!.behave("*", { kind: "cutAfter", bytes: HALF }, 1);
  bed.mirrors[0]!.behave("*", { kind: "refuse" });
  return bed;
}

/** Asserts that no reader gets a whole file, and that the next download gets `other`. */
async function assertRefused(bed: DownloadBed, body: Uint8Array, other: Uint8Array) {
  // No mirror can resume it.
  const download = bed.download(PACKAGE, { patienceMs: 1_000 });
  for (const reading of await Promise.all([read(download), read(download)])) {
    assertBroken(reading, body);
  }
  await download.done.catch(() => {});
  assertEquals(await exists(bed.finalPath()), false);
  // Even if the part is of `body`: `other` is the only file that a mirror has.
  assertWhole(await read(bed.download()), other);
}

Deno.test("a mirror that takes over is asked from before the seam, with If-Range", async () => {
  const body = packageBytes(SIZE, 1);
  await using bed = await bedWith(body);
  bed.mirrors[1]!.put(pathOf(PACKAGE), body);
  assertWhole(await read(bed.download()), body);
  const [request] = bed.mirrors[1]!.requests;
  const start = Number(/^bytes=(\d+)-$/.exec(request!.headers.get("range")!)?.[1]);
  assertGreaterOrEqual(HALF, start + OVERLAP);
  assertEquals(request!.headers.get("if-range"), DEFAULT_LAST_MODIFIED.toUTCString());
  assertEquals(bed.mirrors[1]!.count(), 1);
  assertEquals(bed.mirrors[1]!.bytesSent, SIZE - start);
});

Deno.test("a mirror is asked with its own entity tag", async () => {
  const body = packageBytes(SIZE, 2);
  await using bed = await DownloadBed.start();
  bed.mirrors[0]!.put(pathOf(PACKAGE), body, { lastModified: null, etag: '"its-own"' });
  bed.mirrors[0]!.behave("*", { kind: "cutAfter", bytes: HALF }, 1);
  assertWhole(await read(bed.download()), body);
  assertEquals(bed.mirrors[0]!.requests[1]!.headers.get("if-range"), '"its-own"');
});

Deno.test("an entity tag of one mirror means nothing to another", async () => {
  const body = packageBytes(SIZE, 3);
  await using bed = await bedWith(body);
  bed.mirrors[1]!.put(pathOf(PACKAGE), body, { etag: '"another"' });
  assertWhole(await read(bed.download()), body);
  assertEquals(bed.mirrors[1]!.count(), 1);
});

Deno.test("a mirror with the same length and date but different bytes before the seam is refused", async () => {
  const [body, other] = [packageBytes(SIZE, 4), packageBytes(SIZE, 4)];
  other[HALF - 1000]! ^= 1;
  await using bed = await bedWith(body);
  bed.mirrors[1]!.put(pathOf(PACKAGE), other);
  await assertRefused(bed, body, other);
});

Deno.test("a mirror with another date and the same bytes takes over by repeating everything", async () => {
  const body = packageBytes(SIZE, 5);
  await using bed = await bedWith(body);
  bed.mirrors[1]!.put(pathOf(PACKAGE), body, { lastModified: OTHER_DATE });
  const download = bed.download();
  for (const reading of await Promise.all([read(download), read(download)])) {
    assertWhole(reading, body);
  }
  const ranges = bed.mirrors[1]!.requests.map(({ headers }) => headers.get("range"));
  assertEquals(ranges.length, 2);
  assertEquals(ranges[1], null);
});

Deno.test("a mirror with another date and one different byte early on is refused", async () => {
  const [body, other] = [packageBytes(SIZE, 6), packageBytes(SIZE, 6)];
  other[10]! ^= 1;
  await using bed = await bedWith(body);
  bed.mirrors[1]!.put(pathOf(PACKAGE), other, { lastModified: OTHER_DATE });
  await assertRefused(bed, body, other);
});

for (const difference of [-1, 1, -HALF - 1]) {
  Deno.test(`a mirror whose file differs in length by ${difference}, and in nothing else, is refused`, async () => {
    const whole = packageBytes(SIZE + 1, 7);
    const [body, other] = [whole.slice(0, SIZE), whole.slice(0, SIZE + difference)];
    await using bed = await bedWith(body);
    bed.mirrors[1]!.put(pathOf(PACKAGE), other);
    await assertRefused(bed, body, other);
  });
}

Deno.test("a range of another file, sent in spite of If-Range, is refused", async (t) => {
  const [body, other] = [packageBytes(SIZE, 8), packageBytes(SIZE, 9)];
  for (const lastModified of [OTHER_DATE, DEFAULT_LAST_MODIFIED, null]) {
    await t.step(`dated ${lastModified?.toISOString() ?? "never"}`, async () => {
      await using bed = await bedWith(body);
      bed.mirrors[1]!.put(pathOf(PACKAGE), other, { lastModified });
      bed.mirrors[1]!.behave("*", { kind: "ignoreIfRange" });
      await assertRefused(bed, body, other);
    });
  }
});

Deno.test("a mirror that answers a range with the whole file takes over by repeating everything", async () => {
  const body = packageBytes(SIZE, 10);
  await using bed = await bedWith(body);
  bed.mirrors[1]!.put(pathOf(PACKAGE), body);
  bed.mirrors[1]!.behave("*", { kind: "ignoreRange" });
  assertWhole(await read(bed.download()), body);
});

Deno.test("a mirror that answers a range with the whole of another file is refused", async () => {
  const [body, other] = [packageBytes(SIZE, 11), packageBytes(SIZE, 12)];
  await using bed = await bedWith(body);
  bed.mirrors[1]!.put(pathOf(PACKAGE), other);
  bed.mirrors[1]!.behave("*", { kind: "ignoreRange" });
  await assertRefused(bed, body, other);
});

Deno.test("a mirror that answers a range with another range is skipped", async () => {
  const body = packageBytes(SIZE, 13);
  await using bed = await DownloadBed.start({ mirrors: 3 });
  bed.put(PACKAGE, body);
  bed.mirrors[0]!.behave("*", { kind: "cutAfter", bytes: HALF });
  bed.mirrors[1]!.behave("*", { kind: "wrongContentRange" });
  assertWhole(await read(bed.download()), body);
  assert(bed.mirrors[2]!.count() > 0);
});

Deno.test("a mirror without proof is skipped for one with proof", async () => {
  const body = packageBytes(SIZE, 14);
  await using bed = await DownloadBed.start({ mirrors: 3 });
  bed.put(PACKAGE, body);
  bed.mirrors[0]!.behave("*", { kind: "cutAfter", bytes: HALF });
  bed.mirrors[1]!.put(pathOf(PACKAGE), packageBytes(SIZE, 15));
  assertWhole(await read(bed.download()), body);
  assertEquals(bed.mirrors[1]!.count(), 1);
  assertEquals(bed.mirror(1).health.restMs, 0, "having another file is no failure");
});

Deno.test("readers never get one mirror's bytes under another's length and date", async () => {
  const [body, other] = [packageBytes(SIZE, 16), packageBytes(SIZE + 5, 17)];
  await using bed = await DownloadBed.start({ mirrors: 2 });
  bed.mirrors[0]!.put(pathOf(PACKAGE), body);
  bed.mirrors[1]!.put(pathOf(PACKAGE), other, { lastModified: OTHER_DATE });
  await bed.leavePart(body.slice(0, 1), {
    size: SIZE,
    lastModified: DEFAULT_LAST_MODIFIED.toUTCString(),
    etag: null,
    mirror: bed.mirror(0).name,
  });
  bed.mirrors[0]!.behave("*", { kind: "cutAfter", bytes: 1 }, 1);
  bed.mirrors[0]!.behave("*", { kind: "refuse" });
  const download = bed.download();
  const opening = await download.opened;
  const reading = await read(download);
  assertEquals(opening!.identity.size, SIZE);
  assertBroken(reading, body);
});

const UNUSUAL: [string, Behaviour[]][] = [
  ["in chunks, without a length", [{ kind: "noLength" }]],
  ["without validators", [{ kind: "noValidators" }]],
  ["in chunks, without validators", [{ kind: "noLength" }, { kind: "noValidators" }]],
];
for (const [how, behaviours] of UNUSUAL) {
  Deno.test(`a file sent ${how} arrives whole`, async () => {
    await using bed = await DownloadBed.start();
    const body = packageBytes(SIZE, 18);
    bed.put(PACKAGE, body);
    bed.mirrors[0]!.behave("*", behaviours);
    const download = bed.download();
    assertWhole(await read(download), body);
    await download.done;
    const noDate = behaviours.some(({ kind }) => kind === "noValidators");
    assertEquals(
      (await Deno.stat(bed.finalPath())).mtime,
      noDate ? new Date(0) : DEFAULT_LAST_MODIFIED,
    );
  });

  Deno.test(`a file sent ${how} and cut midway arrives whole`, async () => {
    await using bed = await DownloadBed.start();
    const body = packageBytes(SIZE, 19);
    bed.put(PACKAGE, body);
    bed.mirrors[0]!.behave("*", [...behaviours, { kind: "cutAfter", bytes: HALF }], 1);
    bed.mirrors[0]!.behave("*", behaviours);
    assertWhole(await read(bed.download()), body);
  });

  Deno.test(`a file sent ${how} is not joined with another`, async () => {
    await using bed = await DownloadBed.start();
    const [body, other] = [packageBytes(SIZE, 20), packageBytes(SIZE, 21)];
    bed.put(PACKAGE, body);
    bed.mirrors[0]!.behave("*", [...behaviours, { kind: "cutAfter", bytes: HALF }], 1);
    bed.mirrors[0]!.behave("*", behaviours);
    const download = bed.download();
    await download.opened;
    bed.put(PACKAGE, other);
    assertBroken(await read(download), body);
  });
}

Deno.test("a file that ends with its connection is accepted if the database knows its length", async () => {
  await using bed = await DownloadBed.start();
  const body = packageBytes(SIZE, 22);
  bed.put(PACKAGE, body);
  bed.mirrors[0]!.behave("*", [{ kind: "closeDelimited" }, { kind: "cutAfter", bytes: HALF }], 1);
  bed.mirrors[0]!.behave("*", { kind: "closeDelimited" });
  const expectations = expecting({ size: SIZE, sha256: null });
  assertWhole(await read(bed.download(PACKAGE, { expectations })), body);
});

Deno.test("a file that may be truncated is not accepted while another mirror has it", async () => {
  await using bed = await DownloadBed.start({ mirrors: 2 });
  const body = packageBytes(SIZE, 23);
  bed.put(PACKAGE, body);
  bed.mirrors[0]!.behave("*", [{ kind: "closeDelimited" }, { kind: "cutAfter", bytes: HALF }]);
  assertWhole(await read(bed.download(PACKAGE, { patienceMs: 20_000 })), body);
});

Deno.test("a redirected file arrives whole, even if it is cut", async () => {
  await using bed = await DownloadBed.start();
  await using other = await DownloadBed.start();
  const body = packageBytes(SIZE, 24);
  other.put(PACKAGE, body);
  const url = `${other.mirrors[0]!.url.slice(0, -1)}${pathOf(PACKAGE)}`;
  bed.redirects.trust([new URL(url).host]);
  bed.mirrors[0]!.behave("*", { kind: "redirect", url });
  other.mirrors[0]!.behave("*", { kind: "cutAfter", bytes: HALF }, 1);
  assertWhole(await read(bed.download()), body);
});
