// A mirror that never falls silent, but is slow, is raced by another one in the middle of a file.
import { assert, assertEquals, assertLess, assertLessOrEqual } from "@std/assert";
import { HttpClient } from "../../../../src/platform/http_client.ts";
import { type FakeMirror, Gate } from "../../../support/fake_mirror.ts";
import { until } from "../../../support/until.ts";
import { packageBytes } from "../../../support/package_bytes.ts";
import {
  assertWhole,
  DownloadBed,
  type DownloadBedOptions,
  PACKAGE,
  pathOf,
  read,
} from "./download_bed.ts";

const SIZE = 1_000_000;
const OVERLAP = 64 * 1024;
/** What a mirror has sent when the test holds it. */
const HELD = 300_000;
const FAST = { bytes: 50_000_000, waitedMs: 1_000 };
const TIMEOUTS = { raceTimeoutMs: 60_000, stallTimeoutMs: 60_000 };

/** Bytes per second of a slow mirror. */
const SLOW = 10_000;

/** A client for which the bytes of each mirror take time, by that mirror's clock. */
class PacedClient extends HttpClient {
  readonly clocks: number[];
  readonly #rates: readonly number[];
  readonly #mirrors: readonly FakeMirror[];

  constructor(mirrors: readonly FakeMirror[], rates: readonly number[]) {
    super({ userAgent: "pkgstash-test", upstreamProxy: null });
    this.#mirrors = mirrors;
    this.#rates = rates;
    this.clocks = rates.map(() => 0);
  }

  override async get(...request: Parameters<HttpClient["get"]>): Promise<Response> {
    const response = await super.get(...request);
    const index = this.#mirrors.findIndex(({ url }) => request[0].startsWith(url));
    const reader = response.body!.getReader();
    const paced = new ReadableStream({
      type: "bytes",
      pull: async (stream) => {
        const { value, done } = await reader.read();
        if (!done) {
          this.clocks[index]! += value.length / this.#rates[index]! * 1000;
          return stream.enqueue(value);
        }
        stream.close();
        stream.byobRequest?.respond(0);
      },
      cancel: (reason) => reader.cancel(reason),
    });
    return new Response(paced, response);
  }
}

/** Mirrors that send at these rates, in bytes per second. */
async function bedWith(
  rates: readonly number[],
  timeouts: DownloadBedOptions["timeouts"] = {},
): Promise<DownloadBed> {
  const clients: PacedClient[] = [];
  return await DownloadBed.start({
    mirrors: rates.length,
    timeouts: { ...TIMEOUTS, ...timeouts },
    client: (mirrors) => {
      const client = new PacedClient(mirrors, rates);
      clients.push(client);
      return client;
    },
    now: (index) => clients[0]!.clocks[index]!,
  });
}

Deno.test("a mirror much slower than another is abandoned midway, and no byte is used twice", async () => {
  await using bed = await bedWith([SLOW, Infinity]);
  const body = packageBytes(SIZE, 1);
  bed.put(PACKAGE, body);
  bed.mirror(1).health.recordBytes(FAST);
  bed.mirrors[0]!.behave("*", { kind: "gate", gate: new Gate(), bytes: HELD });
  const download = bed.download();
  for (const reading of await Promise.all([read(download), read(download)])) {
    assertWhole(reading, body);
  }
  await bed.mirrors[0]!.waitForAbandoned();
  const [request] = bed.mirrors[1]!.requests;
  const start = Number(/^bytes=(\d+)-$/.exec(request!.headers.get("range")!)?.[1]);
  assertEquals(bed.mirrors.map((mirror) => mirror.count()), [1, 1]);
  assertLessOrEqual(start, HELD - OVERLAP);
  assertEquals(bed.mirrors[1]!.bytesSent, SIZE - start);
  assertEquals(bed.mirror(0).health.failures, 0, "slow is not broken");
  assertEquals(bed.pool.mirrors.map(({ health }) => health.inFlight), [0, 0]);
});

Deno.test("a mirror below the minimum rate is abandoned for an unknown one", async () => {
  const timeouts = { minimumBytesPerSecond: 100_000 };
  await using bed = await bedWith([SLOW, Infinity], timeouts);
  const body = packageBytes(SIZE, 2);
  bed.put(PACKAGE, body);
  bed.mirrors[0]!.behave("*", { kind: "gate", gate: new Gate(), bytes: HELD });
  assertWhole(await read(bed.download()), body);
  assertEquals(bed.mirrors.map((mirror) => mirror.count()), [1, 1]);
  assertLess(bed.mirror(0).health.bytesPerSecond!, 100_000);
});

Deno.test("further files are requested from the faster mirror", async () => {
  const timeouts = { minimumBytesPerSecond: 100_000 };
  await using bed = await bedWith([SLOW, Infinity], timeouts);
  const body = packageBytes(SIZE, 3);
  bed.put(PACKAGE, body);
  assertWhole(await read(bed.download()), body);
  for (let turn = 0; turn < 4; turn++) {
    const name = `turn${turn}-1-1-any.pkg.tar.zst`;
    bed.put(name, body);
    assertWhole(await read(bed.download(name)), body);
    assertEquals(bed.mirrors.map((mirror) => mirror.count(pathOf(name))), [0, 1]);
  }
});

Deno.test("a mirror is not abandoned for one that proves about as slow", async () => {
  await using bed = await bedWith([SLOW, 1.5 * SLOW]);
  const body = packageBytes(SIZE / 2, 4);
  bed.put(PACKAGE, body);
  bed.mirror(1).health.recordBytes(FAST);
  const gate = new Gate();
  bed.mirrors[0]!.behave("*", { kind: "gate", gate, bytes: HELD });
  bed.mirrors[1]!.behave("*", { kind: "gate", gate: new Gate(), bytes: 450_000 });
  const reading = read(bed.download());
  await bed.mirrors[1]!.waitForAbandoned();
  gate.release();
  assertWhole(await reading, body);
  assertEquals(bed.mirrors.map((mirror) => mirror.count()), [1, 1]);
});

Deno.test("a transfer tries a few mirrors and no more where all of them are slow", async () => {
  const timeouts = { minimumBytesPerSecond: 1_000_000 };
  // Not for so long that it would try them again.
  await using bed = await bedWith(Array(8).fill(2 * SLOW), timeouts);
  const body = packageBytes(SIZE, 5);
  bed.put(PACKAGE, body);
  const gate = new Gate();
  for (const mirror of bed.mirrors) mirror.behave("*", { kind: "gate", gate, bytes: HELD });
  const asked = () => bed.mirrors.reduce((sum, mirror) => sum + mirror.count(), 0);
  const reading = read(bed.download());
  await until("a second mirror is asked", () => asked() > 1);
  gate.release();
  assertWhole(await reading, body);
  assertLessOrEqual(asked(), 4);
});

Deno.test("mirrors that could not take over are tried again after a while", async () => {
  await using bed = await bedWith([SLOW, Infinity]);
  const body = packageBytes(SIZE, 13);
  bed.put(PACKAGE, body);
  // At first it has another file, so that three tries fail.
  bed.mirrors[1]!.put(pathOf(PACKAGE), packageBytes(SIZE, 14));
  bed.mirror(1).health.recordBytes(FAST);
  const gates = [40_000, 80_000, 160_000, 900_000].map((bytes) => ({
    kind: "gate" as const,
    gate: new Gate(),
    bytes,
  }));
  bed.mirrors[0]!.behave("*", gates);
  const reading = read(bed.download());
  for (const [tries, { gate }] of gates.slice(0, 3).entries()) {
    await gate.reached;
    await bed.mirrors[1]!.waitForRequest("*", tries + 1);
    await bed.mirrors[1]!.waitForNoConnections();
    if (tries === 2) bed.mirrors[1]!.put(pathOf(PACKAGE), body);
    gate.release();
  }
  assertWhole(await reading, body);
  assertEquals(bed.mirrors[1]!.count(), 4);
});

Deno.test("the only mirror is kept, however slow it is", async () => {
  const timeouts = { minimumBytesPerSecond: 1_000_000 };
  await using bed = await bedWith([SLOW], timeouts);
  const body = packageBytes(SIZE, 6);
  bed.put(PACKAGE, body);
  assertWhole(await read(bed.download()), body);
  assertEquals(bed.mirrors[0]!.count(), 1);
});

Deno.test("a pause of ours makes no mirror look slow", async () => {
  let now = 0;
  const timeouts = { ...TIMEOUTS, minimumBytesPerSecond: 1_000_000 };
  await using bed = await DownloadBed.start({ mirrors: 2, timeouts, now: () => now });
  const body = packageBytes(SIZE, 7);
  bed.put(PACKAGE, body);
  bed.mirror(1).health.recordBytes(FAST);
  const pace = () => {
    now += 10_000;
    return Promise.resolve();
  };
  assertWhole(await read(bed.download(PACKAGE, { pace })), body);
  assertEquals(bed.mirrors.map((mirror) => mirror.count()), [1, 0]);
});

Deno.test("a mirror that was tried beside a slow one continues if that one fails", async () => {
  await using bed = await bedWith([SLOW, Infinity]);
  const body = packageBytes(SIZE, 8);
  bed.put(PACKAGE, body);
  bed.mirror(1).health.recordBytes(FAST);
  const [slow, trial] = [new Gate(), new Gate()];
  bed.mirrors[0]!.behave("*", [
    { kind: "gate", gate: slow, bytes: HELD },
    { kind: "cutAfter", bytes: HELD },
  ]);
  bed.mirrors[1]!.behave("*", { kind: "gate", gate: trial, bytes: OVERLAP + 1_000 });
  const reading = read(bed.download());
  await trial.reached;
  slow.release();
  await until("the slow mirror has failed", () => bed.mirror(0).health.failures === 1);
  trial.release();
  assertWhole(await reading, body);
  assertEquals(bed.mirrors.map((mirror) => mirror.count()), [1, 1]);
});

Deno.test("an abandoned mirror is asked again if the others fail", async () => {
  await using bed = await bedWith([SLOW, Infinity]);
  const body = packageBytes(SIZE, 9);
  bed.put(PACKAGE, body);
  bed.mirror(1).health.recordBytes(FAST);
  bed.mirrors[0]!.behave("*", { kind: "gate", gate: new Gate(), bytes: HELD }, 1);
  bed.mirrors[1]!.behave("*", { kind: "cutAfter", bytes: 500_000 }, 1);
  bed.mirrors[1]!.behave("*", { kind: "refuse" });
  assertWhole(await read(bed.download()), body);
  assertEquals(bed.mirrors[0]!.count(), 2);
});

Deno.test("a faster mirror with another file does not take over", async () => {
  await using bed = await bedWith([SLOW, Infinity]);
  const [body, other] = [packageBytes(SIZE, 10), packageBytes(SIZE, 10)];
  other[OVERLAP - 1]! ^= 1;
  bed.mirrors[0]!.put(pathOf(PACKAGE), body);
  bed.mirrors[1]!.put(pathOf(PACKAGE), other);
  bed.mirror(1).health.recordBytes(FAST);
  // Held before the difference leaves the overlap.
  const gate = new Gate();
  bed.mirrors[0]!.behave("*", { kind: "gate", gate, bytes: OVERLAP });
  const reading = read(bed.download());
  await bed.mirrors[1]!.waitForRequest();
  gate.release();
  assertWhole(await reading, body);
});

Deno.test("a download stopped during a trial leaves nothing open", async () => {
  await using bed = await bedWith([SLOW, Infinity]);
  bed.put(PACKAGE, packageBytes(SIZE, 11));
  bed.mirror(1).health.recordBytes(FAST);
  const [slow, trial] = [new Gate(), new Gate()];
  bed.mirrors[0]!.behave("*", { kind: "gate", gate: slow, bytes: HELD });
  bed.mirrors[1]!.behave("*", { kind: "gate", gate: trial, bytes: OVERLAP + 1_000 });
  const reading = read(bed.download());
  await trial.reached;
  await bed.registry.stop();
  assert((await reading).error instanceof Error);
  await Promise.all(bed.mirrors.map((mirror) => mirror.waitForNoConnections()));
  assertEquals(bed.pool.mirrors.map(({ health }) => health.inFlight), [0, 0]);
});
