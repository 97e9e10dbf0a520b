// However a mirror fails, every reader gets every byte in one response.
import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { deadline } from "@std/async/deadline";
import { type Behaviour, Gate } from "../../../support/fake_mirror.ts";
import { packageBytes } from "../../../support/package_bytes.ts";
import { assertWhole, DownloadBed, expecting, PACKAGE, pathOf, read } from "./download_bed.ts";
import { assertSameBytes } from "../../../support/same_bytes.ts";
import { sha256Of } from "../../../support/sha256.ts";

const SIZE = 300_000;
const HALF = SIZE / 2;
/** For tests with a mirror that is silent; a second is more than one that sends ever is. */
const SOON = { raceTimeoutMs: 50, stallTimeoutMs: 1_000 };

/** Timeouts for a mirror with this fault: short ones only if it is silent. */
function timeoutsFor(fault: Behaviour | Behaviour[]): Partial<typeof SOON> {
  const isSilent = [fault].flat().some(({ kind }) =>
    kind === "hangBeforeHeaders" || kind === "stallAfter"
  );
  return isSilent ? SOON : {};
}

/** A mirror that merely lacks the file does not rest. */
type Rests = "rests" | "does not rest";

const FAULTS: [string, Behaviour | Behaviour[], Rests][] = [
  ["closes the connection unanswered", { kind: "refuse" }, "rests"],
  ["hangs before its headers", { kind: "hangBeforeHeaders" }, "rests"],
  ["hangs after its headers", { kind: "stallAfter", bytes: 0 }, "rests"],
  ["answers 404", { kind: "status", code: 404 }, "does not rest"],
  ["answers 410", { kind: "status", code: 410 }, "does not rest"],
  ["answers 403", { kind: "status", code: 403 }, "rests"],
  ["answers 429", { kind: "status", code: 429 }, "rests"],
  ["answers 500", { kind: "status", code: 500 }, "rests"],
  ["answers 503", { kind: "status", code: 503 }, "rests"],
  ["answers with a web page", { kind: "html" }, "rests"],
  ["answers with nothing", { kind: "empty" }, "rests"],
  ["announces another length than the database", { kind: "wrongLength", difference: -1 }, "rests"],
  ["redirects without a valid Location", { kind: "redirect", url: "http://127.0.0.1:1/" }, "rests"],
];

for (const [fault, behaviour, rests] of FAULTS) {
  Deno.test(`a mirror that ${fault} is passed over for the next`, async () => {
    await using bed = await DownloadBed.start({ mirrors: 2, timeouts: timeoutsFor(behaviour) });
    const body = packageBytes(SIZE, 1);
    bed.put(PACKAGE, body);
    bed.mirrors[0]!.behave("*", behaviour);
    const expectations = expecting({ size: SIZE, sha256: null });
    const download = bed.download(PACKAGE, { expectations });
    for (const reading of await Promise.all([read(download), read(download)])) {
      assertWhole(reading, body);
    }
    assertEquals(bed.mirrors.map((mirror) => mirror.count()), [1, 1]);
    assertEquals(bed.mirror(0).health.restMs > 0, rests === "rests");
    assertEquals(bed.mirror(1).health.restMs, 0);
  });
}

Deno.test("a mirror that is down is skipped, and asked again after its rest", async () => {
  let now = 0;
  await using bed = await DownloadBed.start({ mirrors: 2, now: () => now });
  const body = packageBytes(1000, 2);
  const names = ["a", "b", "c"].map((name) => `${name}-1-1-any.pkg.tar.zst`);
  for (const name of names) bed.put(name, body);
  await bed.mirrors[0]!.down();
  assertWhole(await read(bed.download(names[0])), body);
  await bed.mirrors[0]!.up();
  // It would be its turn, but it rests.
  for (const name of names.slice(1)) assertWhole(await read(bed.download(name)), body);
  assertEquals(bed.mirrors.map((mirror) => mirror.count()), [0, 3]);
  now += bed.mirror(0).health.restMs;
  for (const name of ["d", "e"]) {
    bed.put(name, body);
    assertWhole(await read(bed.download(name)), body);
  }
  assertEquals(bed.mirrors.map((mirror) => mirror.count()), [1, 4]);
});

Deno.test("a mirror that always dies midway rests longer each time", async () => {
  let now = 0;
  await using bed = await DownloadBed.start({ mirrors: 2, now: () => now });
  const body = packageBytes(SIZE, 3);
  bed.mirrors[0]!.behave("*", { kind: "cutAfter", bytes: HALF });
  const rests: number[] = [];
  for (let turn = 0; rests.length < 3; turn++) {
    const name = `turn${turn}-1-1-any.pkg.tar.zst`;
    bed.put(name, body);
    assertWhole(await read(bed.download(name)), body);
    if (bed.mirror(0).health.restMs === 0) continue;
    rests.push(bed.mirror(0).health.restMs);
    now += bed.mirror(0).health.restMs;
  }
  assertLess(rests[0]!, rests[1]!);
  assertLess(rests[1]!, rests[2]!);
});

Deno.test("a mirror that sends a whole file again is in good standing again", async () => {
  let now = 0;
  await using bed = await DownloadBed.start({ now: () => now });
  bed.put(PACKAGE, packageBytes(1000, 4));
  bed.mirrors[0]!.behave("*", { kind: "refuse" }, 1);
  assert((await read(bed.download())).error instanceof Error);
  assertEquals(bed.mirror(0).health.failures, 1);
  now += bed.mirror(0).health.restMs;
  await bed.download().done;
  assertEquals(bed.mirror(0).health.failures, 0);
});

Deno.test("a mirror that sent another file is not asked for that file while another mirror is there", async () => {
  let now = 0;
  await using bed = await DownloadBed.start({ mirrors: 2, now: () => now });
  const size = 1000;
  const [body, other] = [packageBytes(size, 20), packageBytes(size, 21)];
  // It arrives too slowly to be checked before the first byte is handed out.
  const gate = new Gate();
  bed.mirrors[0]!.behave(pathOf(PACKAGE), { kind: "gate", gate, bytes: 500 });
  bed.mirrors[0]!.put(pathOf(PACKAGE), other);
  bed.mirrors[1]!.put(pathOf(PACKAGE), body);
  bed.mirrors[0]!.put(pathOf("fine-1-1-any.pkg.tar.zst"), body);
  bed.pool.markCurrent("extra/os/x86_64", bed.mirror(0));
  const expectations = expecting({ size, sha256: sha256Of(body) });
  const first = bed.download(PACKAGE, { expectations });
  const reading = read(first);
  await first.opened;
  gate.release();
  assert((await reading).error instanceof Error);
  now += bed.mirror(0).health.restMs;
  assertWhole(await read(bed.download("fine-1-1-any.pkg.tar.zst", { expectations })), body);
  assertEquals(bed.mirror(0).health.failures, 0, "forgiven for other files");
  assertWhole(await read(bed.download(PACKAGE, { expectations })), body);
  assertEquals(bed.mirrors.map((mirror) => mirror.count(pathOf(PACKAGE))), [1, 1]);
});

Deno.test("another mirror races a silent one, and the reader gets its first byte well within 10 s", async () => {
  await using bed = await DownloadBed.start({ mirrors: 3, timeouts: { raceTimeoutMs: 50 } });
  const body = packageBytes(SIZE, 5);
  bed.put(PACKAGE, body);
  for (const mirror of bed.mirrors.slice(0, 2)) mirror.behave("*", { kind: "hangBeforeHeaders" });
  assertWhole(await deadline(read(bed.download()), 10_000), body);
  await Promise.all(bed.mirrors.slice(0, 2).map((mirror) => mirror.waitForAbandoned()));
});

Deno.test("a late mirror is waited for if it is the only one with the file", async () => {
  await using bed = await DownloadBed.start({ mirrors: 2, timeouts: { raceTimeoutMs: 50 } });
  const body = packageBytes(1000, 6);
  bed.mirrors[0]!.put(pathOf(PACKAGE), body);
  const gate = new Gate();
  bed.mirrors[0]!.behave("*", { kind: "hangBeforeHeaders", gate });
  const reading = read(bed.download());
  await bed.mirrors[1]!.waitForRequest();
  gate.release();
  assertWhole(await reading, body);
  assertEquals(bed.mirrors.map((mirror) => mirror.count()), [1, 1]);
});

for (
  const [fault, behaviour] of [
    ["stalls midway", { kind: "stallAfter", bytes: HALF }],
    ["cuts midway", { kind: "cutAfter", bytes: HALF }],
    ["cuts just before the end", { kind: "cutAfter", bytes: SIZE - 1 }],
    ["cuts after the first bytes", { kind: "cutAfter", bytes: 6 }],
  ] satisfies [string, Behaviour][]
) {
  Deno.test(`every reader gets every byte in one response when a mirror ${fault}`, async () => {
    await using bed = await DownloadBed.start({ mirrors: 2, timeouts: timeoutsFor(behaviour) });
    const body = packageBytes(SIZE, 7);
    bed.put(PACKAGE, body);
    bed.mirrors[0]!.behave("*", behaviour);
    const download = bed.download();
    for (const reading of await Promise.all([read(download), read(download)])) {
      assertWhole(reading, body);
    }
    const [request] = bed.mirrors[1]!.requests;
    assert(/^bytes=\d+-$/.test(request!.headers.get("range") ?? ""));
    assertEquals(request!.headers.get("if-range"), "Sun, 01 Nov 2026 12:00:00 GMT");
    assertLess(bed.mirrors[1]!.bytesSent, SIZE - behaviour.bytes + 64 * 1024 + 1);
    assertGreater(bed.mirror(0).health.restMs, 0);
  });
}

Deno.test("a mirror that never sends the end is abandoned", async () => {
  await using bed = await DownloadBed.start({ mirrors: 2 });
  const body = packageBytes(SIZE, 13);
  bed.put(PACKAGE, body);
  bed.mirrors[0]!.behave("*", { kind: "wrongLength", difference: 10 });
  const reading = await read(bed.download(PACKAGE, { patienceMs: 1_000 }));
  assert(reading.error instanceof Error);
  assertSameBytes(reading.bytes, body.subarray(0, reading.bytes.length));
  assertLess(bed.mirrors[0]!.count(), 10);
});

Deno.test("a file survives every mirror cutting it again and again", async () => {
  await using bed = await DownloadBed.start({ mirrors: 3 });
  const body = packageBytes(1_500_000, 8);
  bed.put(PACKAGE, body);
  for (const mirror of bed.mirrors) mirror.behave("*", { kind: "cutAfter", bytes: 250_000 });
  assertWhole(await read(bed.download()), body);
});

Deno.test("a download that no mirror can resume is retried until patience runs out", async () => {
  await using bed = await DownloadBed.start();
  const body = packageBytes(SIZE, 9);
  bed.put(PACKAGE, body);
  const mirror = bed.mirrors[0]!;
  mirror.behave("*", { kind: "cutAfter", bytes: HALF }, 1);
  mirror.behave("*", { kind: "status", code: 503 }, 2);
  assertWhole(await read(bed.download()), body);
  assertEquals(mirror.count(), 4);
});

Deno.test("a download waits for a mirror that is away for a moment, though another one lags", async () => {
  await using bed = await DownloadBed.start({ mirrors: 2 });
  const body = packageBytes(SIZE, 10);
  bed.mirrors[0]!.put(pathOf(PACKAGE), body);
  bed.mirrors[1]!.put(pathOf(PACKAGE), packageBytes(SIZE - 7, 11), { lastModified: new Date(0) });
  bed.mirrors[0]!.behave("*", { kind: "cutAfter", bytes: HALF }, 1);
  bed.mirrors[0]!.behave("*", { kind: "refuse" }, 2);
  assertWhole(await read(bed.download()), body);
});

Deno.test("finished downloads leave nothing in flight, open or counted", async () => {
  await using bed = await DownloadBed.start({
    mirrors: 2,
    timeouts: { raceTimeoutMs: 50, stallTimeoutMs: 100, answerTimeoutMs: 300 },
  });
  const body = packageBytes(SIZE, 12);
  const behaviours: Behaviour[] = FAULTS.flatMap(([, behaviour]) => behaviour);
  behaviours.push({ kind: "cutAfter", bytes: HALF }, { kind: "stallAfter", bytes: HALF });
  for (const [index, behaviour] of behaviours.entries()) {
    const name = `file${index}-1-1-any.pkg.tar.zst`;
    bed.put(name, body);
    for (const mirror of bed.mirrors) mirror.behave(pathOf(name), behaviour, 1);
    const download = bed.download(name, { patienceMs: 1_000 });
    await read(download);
    await download.done.catch(() => {});
  }
  assertEquals(bed.pool.mirrors.map(({ health }) => health.inFlight), [0, 0]);
  assertEquals([...bed.registry.entries()], []);
});
