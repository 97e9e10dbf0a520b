// What passes by the cache needs the same proofs as a download, but has only the last bytes.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { createHash } from "node:crypto";
import type { PkgstashError } from "../../../../src/errors.ts";
import type { FileIdentity } from "../../../../src/mirroring/downloads/file_identity.ts";
import {
  openPassThrough,
  type PassThroughRequest,
} from "../../../../src/mirroring/downloads/pass_through.ts";
import { DEFAULT_LAST_MODIFIED, Gate } from "../../../support/fake_mirror.ts";
import { packageBytes } from "../../../support/package_bytes.ts";
import { assertSameBytes } from "../../../support/same_bytes.ts";
import { sha256Of } from "../../../support/sha256.ts";
import {
  assertBroken,
  assertWhole,
  collect,
  DownloadBed,
  EXTRA,
  PACKAGE,
  pathOf,
} from "./download_bed.ts";

const SIZE = 600_000;
const START = 200_000;
const LAST = 500_000;
const OTHER_DATE = new Date("2026-11-02T12:00:00Z");

function open(
  bed: DownloadBed,
  identity: Partial<FileIdentity> = {},
  more: Partial<PassThroughRequest> = {},
) {
  return openPassThrough(bed.upstream, {
    repository: EXTRA,
    fileName: PACKAGE,
    kind: "package",
    expectedSize: SIZE,
    offset: START,
    last: LAST,
    identity: {
      size: SIZE,
      lastModified: DEFAULT_LAST_MODIFIED.toUTCString(),
      etag: null,
      mirror: bed.mirror(0).name,
      ...identity,
    },
    patienceMs: 1_000,
    sha256: null,
    hash: null,
    onBytes: () => {},
    onRefused: () => {},
    ...more,
  });
}

Deno.test("a file passed through requests only its own bytes from the mirror", async () => {
  await using bed = await DownloadBed.start();
  const body = packageBytes(SIZE, 1);
  bed.put(PACKAGE, body);
  let counted = 0;
  const range = await open(bed, {}, { onBytes: (count) => counted += count });
  assertWhole(await collect(range.body), body.subarray(START, LAST + 1));
  assertEquals(bed.mirrors[0]!.bytesSent, LAST + 1 - START);
  assertEquals(counted, LAST + 1 - START);
  assertEquals(
    bed.mirrors[0]!.requests[0]!.headers.get("if-range"),
    DEFAULT_LAST_MODIFIED.toUTCString(),
  );
  assertEquals(bed.mirror(0).health.inFlight, 0);
});

Deno.test("a file passed through survives a mirror that cuts off or stalls", async (t) => {
  for (const kind of ["cutAfter", "stallAfter"] as const) {
    await t.step(kind, async () => {
      await using bed = await DownloadBed.start({
        mirrors: 2,
        timeouts: { stallTimeoutMs: 1_000 },
      });
      const body = packageBytes(SIZE, 2);
      bed.put(PACKAGE, body);
      bed.mirrors[0]!.behave("*", { kind, bytes: 100_000 });
      assertWhole(await collect((await open(bed)).body), body.subarray(START, LAST + 1));
      assertEquals(bed.mirrors[1]!.count(), 1);
    });
  }
});

Deno.test("a file passed through is not joined with bytes of another file", async (t) => {
  for (const lastModified of [DEFAULT_LAST_MODIFIED, OTHER_DATE]) {
    await t.step(`dated ${lastModified.toISOString()}`, async () => {
      await using bed = await DownloadBed.start({ mirrors: 2 });
      const body = packageBytes(SIZE, 3);
      bed.mirrors[0]!.put(pathOf(PACKAGE), body);
      bed.mirrors[1]!.put(pathOf(PACKAGE), packageBytes(SIZE, 4), { lastModified });
      bed.mirrors[0]!.behave("*", { kind: "cutAfter", bytes: 100_000 }, 1);
      bed.mirrors[0]!.behave("*", { kind: "refuse" });
      assertBroken(await collect((await open(bed)).body), body.subarray(START, LAST + 1));
      assertEquals(bed.pool.mirrors.map(({ health }) => health.inFlight), [0, 0]);
    });
  }
});

Deno.test("bytes of another file are not passed through", async (t) => {
  for (
    const [difference, size, validators] of [
      ["another date", SIZE, { lastModified: OTHER_DATE }],
      ["another length", SIZE + 1, {}],
      ["no date", SIZE, { lastModified: null }],
      ["an end before the range", START - 1, {}],
    ] as const
  ) {
    await t.step(difference, async () => {
      await using bed = await DownloadBed.start();
      bed.mirrors[0]!.put(pathOf(PACKAGE), packageBytes(size, 5), validators);
      await assertRejects(() => open(bed));
      assertEquals(bed.mirror(0).health.inFlight, 0);
    });
  }
});

Deno.test("a client that leaves ends the request for its passed-through file", async () => {
  await using bed = await DownloadBed.start();
  bed.put(PACKAGE, packageBytes(SIZE, 6));
  const gate = new Gate();
  bed.mirrors[0]!.behave("*", { kind: "gate", gate, bytes: 100_000 });
  const reader = (await open(bed)).body.getReader();
  await reader.read();
  await reader.cancel();
  await bed.mirrors[0]!.waitForAbandoned();
  assertEquals(bed.mirror(0).health.inFlight, 0);
  assertEquals(bed.mirror(0).health.restMs, 0);
});

Deno.test("a client that leaves while waiting for bytes ends the request for its passed-through file", async () => {
  await using bed = await DownloadBed.start();
  bed.put(PACKAGE, packageBytes(SIZE, 7));
  bed.mirrors[0]!.behave("*", { kind: "stallAfter", bytes: 1000 });
  const reader = (await open(bed)).body.getReader();
  await reader.read();
  const waiting = reader.read();
  await reader.cancel();
  assert((await waiting).done);
  await bed.mirrors[0]!.waitForAbandoned();
  assertEquals(bed.mirror(0).health.inFlight, 0);
});

Deno.test("the last byte of a whole file passed through is held back until its SHA-256 is right", async () => {
  await using bed = await DownloadBed.start();
  const body = packageBytes(SIZE, 8);
  bed.put(PACKAGE, body);
  const whole = { identity: null, offset: 0, last: null };
  const right = await open(bed, {}, {
    ...whole,
    sha256: sha256Of(body),
    hash: createHash("sha256"),
  });
  assertWhole(await collect(right.body), body);
  const refused: number[] = [];
  const wrong = await open(bed, {}, {
    ...whole,
    sha256: sha256Of(packageBytes(SIZE, 9)),
    hash: createHash("sha256"),
    onRefused: (count) => refused.push(count),
  });
  const { bytes, error } = await collect(wrong.body);
  assertEquals([bytes.length, (error as PkgstashError).kind], [SIZE - 1, "content"]);
  assertEquals(refused, [SIZE - 1]);
});

Deno.test("a file passed through does not end early", async () => {
  await using bed = await DownloadBed.start();
  const short = packageBytes(SIZE - 1, 12);
  bed.put(PACKAGE, short);
  bed.mirrors[0]!.behave("*", { kind: "noLength" });
  const passed = await open(bed, {}, { identity: null, offset: 0, last: null, patienceMs: 0 });
  const { bytes, error } = await collect(passed.body);
  assert(error instanceof Error);
  assertSameBytes(bytes, short.subarray(0, bytes.length));
});

Deno.test("the rest of a file passed through is verified with what came before it", async () => {
  await using bed = await DownloadBed.start();
  const body = packageBytes(SIZE, 10);
  bed.put(PACKAGE, body);
  for (const [before, ending] of [[body, "whole"], [packageBytes(SIZE, 11), "content"]] as const) {
    const passed = await open(bed, {}, {
      last: null,
      sha256: sha256Of(body),
      hash: createHash("sha256").update(before.subarray(0, START)),
    });
    const reading = await collect(passed.body);
    if (ending === "whole") assertWhole(reading, body.subarray(START));
    else assertBroken(reading, body.subarray(START));
  }
});
