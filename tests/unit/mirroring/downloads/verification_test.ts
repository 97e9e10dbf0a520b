// Nobody receives all of a file before it has been checked.
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { PkgstashError } from "../../../../src/errors.ts";
import { type Behaviour, Gate } from "../../../support/fake_mirror.ts";
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
import { assertSameBytes } from "../../../support/same_bytes.ts";
import { sha256Of } from "../../../support/sha256.ts";

const SIZE = 300_000;
const SIGNATURE = `${PACKAGE}.sig`;

/** Bytes that begin like an OpenPGP packet. */
function signatureBytes(size: number): Uint8Array<ArrayBuffer> {
  const bytes = packageBytes(size, 99);
  bytes[0] = 0x89;
  return bytes;
}

Deno.test("a file with a wrong SHA-256 reaches no reader in full, and is not kept", async () => {
  await using bed = await DownloadBed.start();
  const [right, wrong] = [packageBytes(SIZE, 1), packageBytes(SIZE, 2)];
  bed.put(PACKAGE, wrong);
  const expectations = expecting({ size: SIZE, sha256: sha256Of(right) });
  const download = bed.download(PACKAGE, { expectations });
  for (const reading of await Promise.all([read(download), read(download), read(download)])) {
    assertBroken(reading, wrong);
    assertInstanceOf(reading.error, PkgstashError);
    assertEquals(reading.error.kind, "content");
  }
  await download.done.catch(() => {});
  assertEquals(await exists(bed.finalPath()), false);
  assertEquals(await bed.parts(), []);
  assert(bed.mirror(0).health.restMs > 0);
  bed.put(PACKAGE, right);
  assertWhole(await read(bed.download(PACKAGE, { expectations })), right);
});

Deno.test("a mirror that sent a wrong file is not asked next", async () => {
  await using bed = await DownloadBed.start({ mirrors: 2 });
  const [right, wrong] = [packageBytes(SIZE, 3), packageBytes(SIZE, 4)];
  bed.mirrors[0]!.put(pathOf(PACKAGE), wrong);
  bed.mirrors[1]!.put(pathOf(PACKAGE), right);
  const expectations = expecting({ size: SIZE, sha256: sha256Of(right) });
  // It arrives too slowly to be checked before the first byte is handed out.
  const gate = new Gate();
  bed.mirrors[0]!.behave("*", { kind: "gate", gate, bytes: 1000 });
  const refused: number[] = [];
  const first = bed.download(PACKAGE, {
    expectations,
    onRefused: (count) => refused.push(count),
  });
  const reading = read(first);
  await first.opened;
  gate.release();
  assertBroken(await reading, wrong);
  await first.done.catch(() => {});
  assertEquals(refused, [SIZE - 1]);
  assertWhole(await read(bed.download(PACKAGE, { expectations })), right);
  assertEquals(bed.mirrors.map((mirror) => mirror.count()), [1, 1]);
});

Deno.test("a short file is checked before its first byte, so another mirror replaces a wrong one", async () => {
  await using bed = await DownloadBed.start({ mirrors: 3 });
  const [right, wrong] = [packageBytes(SIZE, 20), packageBytes(SIZE, 21)];
  bed.put(PACKAGE, wrong);
  bed.mirrors[2]!.put(pathOf(PACKAGE), right);
  const refused: number[] = [];
  const download = bed.download(PACKAGE, {
    expectations: expecting({ size: SIZE, sha256: sha256Of(right) }),
    onRefused: (count) => refused.push(count),
  });
  for (const reading of await Promise.all([read(download), read(download)])) {
    assertWhole(reading, right);
  }
  assertEquals((await download.done).result, "fetched");
  for (const mirror of bed.mirrors) assert(mirror.count() <= 1, "a refused mirror was asked again");
  assertEquals(refused, []);
});

Deno.test("a short file that arrives slowly is not held back for long", async () => {
  await using bed = await DownloadBed.start();
  const body = packageBytes(SIZE, 22);
  bed.put(PACKAGE, body);
  const gate = new Gate();
  bed.mirrors[0]!.behave("*", { kind: "gate", gate, bytes: SIZE / 2 });
  const download = bed.download(PACKAGE, {
    expectations: expecting({ size: SIZE, sha256: sha256Of(body) }),
  });
  await download.opened;
  assertEquals(download.released, SIZE / 2);
  gate.release();
  assertWhole(await read(download), body);
});

Deno.test("the last byte is held back until verification is over", async () => {
  await using bed = await DownloadBed.start();
  const body = packageBytes(SIZE, 5);
  bed.put(PACKAGE, body);
  const examined = Promise.withResolvers<string>();
  const verdict = Promise.withResolvers<void>();
  const download = bed.download(PACKAGE, {
    examine: (path) => {
      examined.resolve(path);
      return verdict.promise;
    },
  });
  assertEquals(await examined.promise, bed.partPath());
  assertEquals(download.released, SIZE - 1);
  assertEquals(download.complete, false);
  assertEquals(await exists(bed.finalPath()), false);
  verdict.resolve();
  assertWhole(await read(download), body);
});

for (const kind of ["content", "upstream"] as const) {
  Deno.test(`a file that the examination refuses as ${kind} is not kept`, async () => {
    await using bed = await DownloadBed.start();
    const body = packageBytes(SIZE, 6);
    bed.put(PACKAGE, body);
    const download = bed.download(PACKAGE, {
      examine: () => Promise.reject(new PkgstashError(kind, "not that one")),
    });
    assertBroken(await read(download), body);
    await download.done.catch(() => {});
    assertEquals(await exists(bed.finalPath()), false);
    assertEquals(await bed.parts(), []);
  });
}

Deno.test("a file whose length differs from the database is refused by its head", async () => {
  await using bed = await DownloadBed.start({ mirrors: 2 });
  const [right, wrong] = [packageBytes(SIZE, 24), packageBytes(SIZE + 1, 25)];
  bed.mirrors[0]!.put(pathOf(PACKAGE), wrong);
  bed.mirrors[1]!.put(pathOf(PACKAGE), right);
  const gate = new Gate();
  bed.mirrors[0]!.behave("*", { kind: "gate", gate, bytes: 1000 });
  const expectations = expecting({ size: SIZE, sha256: null });
  assertWhole(await read(bed.download(PACKAGE, { expectations })), right);
  gate.release();
});

Deno.test("a body longer than the database states is refused before its end", async () => {
  await using bed = await DownloadBed.start();
  const right = packageBytes(SIZE, 7);
  const wrong = packageBytes(SIZE + 100_000, 8);
  bed.put(PACKAGE, wrong);
  bed.mirrors[0]!.behave("*", { kind: "noLength" });
  const expectations = expecting({ size: SIZE, sha256: sha256Of(right) });
  const download = bed.download(PACKAGE, { expectations });
  assertBroken(await read(download), wrong.subarray(0, SIZE));
  await download.done.catch(() => {});
  assertEquals(await exists(bed.finalPath()), false);
  assertEquals(await bed.parts(), []);
});

Deno.test("a body shorter than the database states is refused", async () => {
  await using bed = await DownloadBed.start();
  const short = packageBytes(SIZE - 1, 9);
  bed.put(PACKAGE, short);
  bed.mirrors[0]!.behave("*", { kind: "noLength" });
  const expectations = expecting({ size: SIZE, sha256: null });
  const { bytes, error } = await read(
    bed.download(PACKAGE, { expectations, patienceMs: 1_000 }),
  );
  assert(error instanceof Error);
  assertSameBytes(bytes, short.subarray(0, bytes.length));
});

Deno.test("a signature larger than pacman accepts is not stored, whether announced or not", async () => {
  await using bed = await DownloadBed.start();
  bed.put(SIGNATURE, signatureBytes(16 * 1024 + 1));
  for (const behaviour of [{ kind: "correct" }, { kind: "noLength" }] satisfies Behaviour[]) {
    bed.mirrors[0]!.behave("*", behaviour, 1);
    const download = bed.download(SIGNATURE);
    assert((await read(download)).error instanceof Error);
    await download.done.catch(() => {});
    assertEquals(await exists(bed.finalPath(SIGNATURE)), false);
    assertEquals(await bed.parts(), []);
  }
});

const text = (content: string) => new TextEncoder().encode(content);
const IMPOSTORS: [string, Uint8Array, Behaviour[]][] = [
  ["a web page", text("irrelevant"), [{ kind: "html" }]],
  ["a web page without a type", text("<!DOCTYPE html><title>Sign in</title>"), []],
  ["JSON", text('{"error":"not found"}'), []],
  ["plain text", text("Temporarily unavailable, please try again"), []],
  ["an empty body", text("irrelevant"), [{ kind: "empty" }]],
  ["an empty body in chunks", text("irrelevant"), [{ kind: "empty" }, { kind: "noLength" }]],
  ["an empty file", new Uint8Array(), []],
  ["a page in chunks", text("<html>no</html>"), [{ kind: "noLength" }]],
];
for (const [what, body, behaviours] of IMPOSTORS) {
  for (const fileName of [PACKAGE, SIGNATURE]) {
    const kind = fileName === PACKAGE ? "package" : "signature";
    Deno.test(`${what} with status 200 is never stored as a ${kind}`, async () => {
      await using bed = await DownloadBed.start();
      bed.put(fileName, body);
      bed.mirrors[0]!.behave("*", behaviours);
      const download = bed.download(fileName);
      const reading = await read(download);
      assert(reading.error instanceof Error);
      assertEquals(reading.bytes.length, 0);
      await download.done.catch(() => {});
      assertEquals(await exists(bed.finalPath(fileName)), false);
      assertEquals(await bed.parts(), []);
    });
  }
}

Deno.test("a web page is never stored, even as a package of unknown compression", async () => {
  await using bed = await DownloadBed.start();
  const name = "hello-2.12-1-x86_64.pkg.tar";
  bed.put(name, packageBytes(1000, 11));
  bed.mirrors[0]!.behave("*", { kind: "html" });
  assert((await read(bed.download(name))).error instanceof Error);
  assertEquals(await exists(bed.finalPath(name)), false);
});

Deno.test("packages in each of pacman's compressions, and signatures, are accepted", async () => {
  await using bed = await DownloadBed.start();
  const beginnings: [string, number[]][] = [
    ["a-1-1-any.pkg.tar.zst", [0x28, 0xb5, 0x2f, 0xfd, 0, 0]],
    ["b-1-1-any.pkg.tar.zst", [0x50, 0x2a, 0x4d, 0x18, 0, 0]],
    ["c-1-1-any.pkg.tar.xz", [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
    ["d-1-1-any.pkg.tar.gz", [0x1f, 0x8b, 8, 0, 0, 0]],
    ["e-1-1-any.pkg.tar", [0x2e, 0x50, 0x4b, 0x47, 0, 0]],
    ["a-1-1-any.pkg.tar.zst.sig", [0x89, 2, 0x33, 4, 0, 1]],
    ["b-1-1-any.pkg.tar.zst.sig", [0xc2, 1]],
  ];
  for (const [name, beginning] of beginnings) {
    const body = new Uint8Array([...beginning, ...packageBytes(500, 10)]);
    bed.put(name, body);
    assertWhole(await read(bed.download(name)), body);
  }
});
