// A mirror carries a few transfers at a time; more of them wait for their turn, but not for long.
import { assertEquals, assertRejects } from "@std/assert";
import { mirrorAt } from "../../../../src/mirroring/mirrors/mirror.ts";
import type { MirrorResponse } from "../../../../src/mirroring/mirrors/mirror_response.ts";
import { Upstream } from "../../../../src/mirroring/mirrors/upstream.ts";
import { HttpClient } from "../../../../src/platform/http_client.ts";
import { Metrics } from "../../../../src/platform/observability/metrics.ts";
import { FakeMirror, Gate } from "../../../support/fake_mirror.ts";

const CORE = {
  upstream: "arch",
  name: "core",
  architecture: "x86_64",
  directory: "core/os/x86_64",
};
const ROOM = 6;
/** Of which a third is longer than any test may take. */
const PATIENT_MS = 1_800_000;

/** One mirror with `count` files, and requests for them. */
class Bed implements AsyncDisposable {
  readonly #controller = new AbortController();

  private constructor(readonly mirror: FakeMirror, readonly upstream: Upstream) {}

  static async start(count: number, answerTimeoutMs = PATIENT_MS): Promise<Bed> {
    const mirror = await FakeMirror.start();
    for (let index = 0; index < count; index++) mirror.put(pathOf(index), new Uint8Array(1_000));
    const limits = {
      raceTimeoutMs: PATIENT_MS,
      stallTimeoutMs: PATIENT_MS,
      answerTimeoutMs,
      minimumBytesPerSecond: 0,
      stripeThresholdBytes: 0,
    };
    const upstream = new Upstream({
      name: "arch",
      mirrors: [mirrorAt(mirror.url, "$repo/os/$arch")],
      archive: null,
      client: new HttpClient({ userAgent: "test", upstreamProxy: null }),
      limits,
      metrics: new Metrics(),
    });
    return new Bed(mirror, upstream);
  }

  get inFlight(): number {
    return this.upstream.pool.mirrors[0]!.health.inFlight;
  }

  open(index: number, { waitsForRoom = true, signal = this.#controller.signal } = {}) {
    return this.upstream.open({
      repository: CORE,
      fileName: nameOf(index),
      headersFor: () => ({}),
      accept: () => Promise.resolve(),
      waitsForRoom,
      signal,
    });
  }

  /** The first bodies that find room. */
  fill(): Promise<MirrorResponse[]> {
    return Promise.all(Array.from({ length: ROOM }, (_, index) => this.open(index)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#controller.abort();
    this.upstream.close();
    await this.mirror[Symbol.asyncDispose]();
  }
}

function nameOf(index: number): string {
  return `file${index}-1-1-any.pkg.tar.zst`;
}

function pathOf(index: number): string {
  return `/core/os/x86_64/${nameOf(index)}`;
}

Deno.test("transfers beyond the room of a mirror wait, and begin in order", async () => {
  await using bed = await Bed.start(ROOM + 3);
  const bodies = await bed.fill();
  const waiting = [0, 1, 2].map((index) => bed.open(ROOM + index));
  for (const [index, next] of waiting.entries()) {
    assertEquals([bed.mirror.count(), bed.inFlight], [ROOM + index, ROOM]);
    bodies[index]!.close();
    bodies.push(await next);
    assertEquals(bed.mirror.requests.at(-1)!.path, pathOf(ROOM + index));
  }
  for (const body of bodies) body.close();
  assertEquals(bed.inFlight, 0);
});

Deno.test("requests count before the mirror has answered them", async () => {
  await using bed = await Bed.start(ROOM + 3);
  const gate = new Gate();
  bed.mirror.behave("*", { kind: "hangBeforeHeaders", gate });
  const opening = Array.from({ length: ROOM + 3 }, (_, index) => bed.open(index));
  await bed.mirror.waitForRequest("*", ROOM);
  assertEquals([bed.mirror.count(), bed.inFlight], [ROOM, ROOM]);
  gate.release();
  for (const opened of opening) (await opened).close();
  assertEquals(bed.inFlight, 0);
});

Deno.test("requests other than transfers do not wait for room", async () => {
  await using bed = await Bed.start(ROOM + 1);
  const bodies = await bed.fill();
  bodies.push(await bed.open(ROOM, { waitsForRoom: false }));
  for (const body of bodies) body.close();
});

Deno.test("a transfer that has waited for a third of its time begins anyway", async () => {
  await using bed = await Bed.start(ROOM + 2, 900);
  const bodies = await bed.fill();
  bodies.push(...await Promise.all([bed.open(ROOM), bed.open(ROOM + 1)]));
  for (const body of bodies) body.close();
});

Deno.test("a transfer that is stopped while it waits lets the next one begin", async () => {
  await using bed = await Bed.start(ROOM + 2);
  const bodies = await bed.fill();
  const controller = new AbortController();
  const stopped = bed.open(ROOM, { signal: controller.signal });
  const next = bed.open(ROOM + 1);
  controller.abort(new Error("the client left"));
  await assertRejects(() => stopped, Error, "the client left");
  bodies[0]!.close();
  bodies.push(await next);
  assertEquals(bed.mirror.count(pathOf(ROOM)), 0);
  for (const body of bodies) body.close();
});

Deno.test("a refused request makes room", async () => {
  await using bed = await Bed.start(ROOM);
  const bodies = await bed.fill();
  const missing = assertRejects(() => bed.open(ROOM + 5));
  const after = bed.open(0);
  bodies.pop()!.close();
  await missing;
  bodies.push(await after);
  for (const body of bodies) body.close();
});
