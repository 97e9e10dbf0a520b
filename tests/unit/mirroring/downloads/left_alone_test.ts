// A mirror that says when to come back is left alone until then.
import { assertEquals, assertInstanceOf, assertMatch } from "@std/assert";
import { PkgstashError } from "../../../../src/errors.ts";
import { packageBytes } from "../../../support/package_bytes.ts";
import { assertWhole, DownloadBed, PACKAGE, pathOf, read, type Reading } from "./download_bed.ts";

const BODY = packageBytes(1_000, 1);

function retryAfter(code: number, value: string) {
  return { kind: "status", code, headers: { "Retry-After": value } } as const;
}

function errorOf({ error }: Reading): PkgstashError {
  assertInstanceOf(error, PkgstashError);
  return error;
}

for (
  const [how, behaviour] of [
    ["429 and seconds", retryAfter(429, "60")],
    ["503 and a date", retryAfter(503, new Date(Date.now() + 120_000).toUTCString())],
  ] as const
) {
  Deno.test(`a mirror that answers ${how} is left alone for that time`, async () => {
    let now = 0;
    await using bed = await DownloadBed.start({ mirrors: 2, now: () => now });
    bed.put(PACKAGE, BODY);
    bed.mirrors[0]!.behave("*", behaviour, 1);
    assertWhole(await read(bed.download()), BODY);
    for (let turn = 0; turn < 4; turn++) {
      now += 7_000;
      const name = `turn${turn}-1-1-any.pkg.tar.zst`;
      bed.put(name, BODY);
      assertWhole(await read(bed.download(name)), BODY);
    }
    // Not even as the last resort; and nobody knows what it has.
    bed.mirrors[0]!.put(pathOf("rare-1-1-any.pkg.tar.zst"), BODY);
    const error = errorOf(await read(bed.download("rare-1-1-any.pkg.tar.zst")));
    assertEquals(error.kind, "upstream");
    assertMatch(error.message, /requests no retry/);
    assertEquals(bed.mirrors[0]!.count(), 1);
    now += 120_000;
    assertWhole(await read(bed.download("rare-1-1-any.pkg.tar.zst")), BODY);
  });
}

Deno.test("the only mirror is left alone as well, and clients hear so at once", async () => {
  await using bed = await DownloadBed.start();
  bed.put(PACKAGE, BODY);
  bed.mirrors[0]!.behave("*", retryAfter(429, "3600"), 1);
  for (let client = 0; client < 3; client++) {
    errorOf(await read(bed.download(PACKAGE, { isAwaited: true })));
  }
  assertEquals(bed.mirrors[0]!.count(), 1);
});

Deno.test("a client waits for the only mirror if that requests no retry for a moment", async () => {
  await using bed = await DownloadBed.start();
  bed.put(PACKAGE, BODY);
  bed.mirrors[0]!.behave("*", retryAfter(503, "1"), 1);
  assertWhole(await read(bed.download(PACKAGE, { isAwaited: true })), BODY);
  assertEquals(bed.mirrors[0]!.count(), 2);
});
