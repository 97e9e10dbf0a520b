// What a mirror says about a body counts for nothing against the bytes of the body.
import { assert, assertEquals } from "@std/assert";
import { gzipSync } from "node:zlib";
import type { Download } from "../../../../src/mirroring/downloads/download.ts";
import type { Behaviour } from "../../../support/fake_mirror.ts";
import { packageBytes } from "../../../support/package_bytes.ts";
import { sha256Of } from "../../../support/sha256.ts";
import {
  assertBroken,
  assertWhole,
  DownloadBed,
  exists,
  expecting,
  PACKAGE,
  read,
} from "./download_bed.ts";

const SIZE = 200_000;
const GZIP = "hello-2.12-1-x86_64.pkg.tar.gz";

/** Asserts that a download brings all of `body`, and into the cache. */
async function assertTaken(download: Download, body: Uint8Array): Promise<void> {
  assertWhole(await read(download), body);
  assertEquals((await download.done).result, "fetched");
}

const LABELS: Behaviour[] = [
  { kind: "contentEncoding", label: "gzip" },
  { kind: "contentEncoding", label: "x-gzip" },
  { kind: "contentEncoding", label: "br" },
  { kind: "contentEncoding", label: "xz" },
  { kind: "contentType", label: "text/html; charset=utf-8" },
  { kind: "contentType", label: "application/xhtml+xml" },
];

for (const label of LABELS) {
  Deno.test(`right bytes labelled ${JSON.stringify(label)} are taken as they are`, async () => {
    await using bed = await DownloadBed.start();
    bed.mirrors[0]!.behave("*", label);
    const files: [string, Uint8Array][] = [
      [PACKAGE, packageBytes(SIZE, 1)],
      [GZIP, gzipSync(packageBytes(SIZE, 2))],
      [`${PACKAGE}.sig`, new Uint8Array([0x89, ...packageBytes(200, 3)])],
    ];
    for (const [name, body] of files) {
      bed.put(name, body);
      const expectations = expecting({ size: body.length, sha256: sha256Of(body) });
      await assertTaken(bed.download(name, { expectations }), body);
    }
    assertEquals(bed.mirror(0).health.restMs, 0);
  });
}

Deno.test("a body that ends with its connection is accepted if its own format shows that it is complete", async () => {
  await using bed = await DownloadBed.start();
  bed.mirrors[0]!.behave("*", { kind: "closeDelimited" });
  const tar = new Uint8Array(20_480).fill(7, 0, 10_000);
  tar.set(new TextEncoder().encode("ustar"), 257);
  const xz = new Uint8Array(600).fill(7);
  xz.set([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]);
  // An empty index and its checksum, as xz writes them.
  xz.set([0x06, 0x72, 0x9e, 0x7a, 0x01, 0, 0, 0, 0, 0, 0x59, 0x5a], xz.length - 12);
  const files: [string, Uint8Array][] = [
    [GZIP, gzipSync(packageBytes(SIZE, 4))],
    ["hello-2.12-1-x86_64.pkg.tar", tar],
    ["hello-2.12-1-x86_64.pkg.tar.xz", xz],
  ];
  for (const [name, body] of files) {
    bed.put(name, body);
    await assertTaken(bed.download(name), body);
    // And cut short, it reaches nobody whole.
    await Deno.remove(bed.finalPath(name));
    bed.put(name, body.subarray(0, body.length - 3));
    const cut = bed.download(name);
    assertBroken(await read(cut), body.subarray(0, body.length - 3));
    await cut.done.catch(() => {});
    assertEquals(await exists(bed.finalPath(name)), false);
  }
});

Deno.test("a signature that ends with its connection is accepted only if its packet is complete", async () => {
  await using bed = await DownloadBed.start();
  const name = `${PACKAGE}.sig`;
  bed.mirrors[0]!.behave("*", { kind: "closeDelimited" });
  // Version 4, of a binary file, Ed25519 and SHA-512, without subpackets; then the hash's beginning.
  const packet = [0x88, 14, 4, 0, 22, 10, 0, 0, 0, 0, 0xab, 0xcd, 0, 8, 1, 1];
  bed.put(name, new Uint8Array(packet));
  await assertTaken(bed.download(name), new Uint8Array(packet));
  await Deno.remove(bed.finalPath(name));
  bed.put(name, new Uint8Array(packet.slice(0, -1)));
  assert((await read(bed.download(name))).error instanceof Error);
});

Deno.test("a web page is recognized by its bytes and refused, whatever its label says", async () => {
  await using bed = await DownloadBed.start();
  bed.mirrors[0]!.behave("*", { kind: "contentType", label: "application/octet-stream" });
  for (const name of [PACKAGE, "hello-2.12-1-x86_64.pkg.tar", `${PACKAGE}.sig`]) {
    for (const page of ["<html>", "\n <!DOCTYPE html>", "\ufeff<html>"]) {
      bed.put(name, new TextEncoder().encode(`${page}<p>Please sign in, this is a portal.`));
      assert((await read(bed.download(name))).error instanceof Error);
      assertEquals(await exists(bed.finalPath(name)), false);
    }
  }
});
