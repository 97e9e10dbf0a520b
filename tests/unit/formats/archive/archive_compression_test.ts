import { gzipSync, zstdCompressSync } from "node:zlib";
import { assert, assertEquals, assertStrictEquals, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { PkgstashError } from "../../../../src/errors.ts";
import {
  decompress,
  detectCompression,
} from "../../../../src/formats/archive/archive_compression.ts";
import {
  bytesOf,
  contentError,
  packagesOf,
  streamOf,
  tarOf,
} from "../../../support/sync_db_reading.ts";

/** Made by xz(1): a tar with one package. */
const XZ_TAR = Uint8Array.fromBase64(
  "/Td6WFoAAATm1rRGAgAhARwAAAAQz1jM4Cf/ALddADoaSiDDTapC8xF5yczFm9b5SFx6MgwZvJVNm96Xi5HURMdKh/tcjAIh" +
    "w0moDbJm0yzhlKd8Cmm2AOmABOGuxd8dPSkoS7uAIXDtyZg1YLDRpcsMVPPwOwfhwho9EmhOq0r/GOewtlL8QYNT5KEQnLdZ" +
    "gVoCxmamCF9YFjdVQu+c1FMqtFS0iZL3ZZ1r0reeVejVWqNMML/tEgv7/NNQWn8gYuBq4GQmGetZPyZbMhcuksJrtTFOAAAA" +
    "/r/IFG8wX2kAAdMBgFAAAGcLeuuxxGf7AgAAAAAEWVo=",
);
/** Made by xz(1): 1 MiB of zeros. */
const XZ_ZEROS = Uint8Array.fromBase64(
  "/Td6WFoAAATm1rRGAgAhARwAAAAQz1jM7///ANldAABv/f//o7f/Rz5IFXI5YVG4kijmo4YH+e7kHoLTL8U6PAFLsX7J" +
    "iopNL6MN2X+m44wjEVPgWRjFdYrid/i2lH8MasDedElk4ulcU7IE2PdEDKtfDW1G6eXDdoi3llestk3haR1v+0uIEGxC" +
    "y4g/XACP0E6vJiiUcR89jyThcJ6nI1/sKMuF0ZWYin4qkfIndfcZwAaYTZj92K/VkA/EJVP49ZE2MQWlsO5vwXBNRwzR" +
    "kRGqrWAdus6xJxhcWYbpZlJYvul2rFnk5VsFCPnH2q38+1Iq9+SVJQAAAAAAwva6PqJwa2AAAfUBgIBAAHmXf0exxGf7" +
    "AgAAAAAEWVo=",
);
/** 624 KiB of text, much more than one buffer of the decoder. */
const TEXT = new TextEncoder().encode("line of a desc file, number 0123456789\n".repeat(16_000));

const SKIPPABLE_FRAME = new Uint8Array([0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

async function decompressed(file: Uint8Array, chunkBytes?: number): Promise<Uint8Array> {
  return await bytesOf(decompress(streamOf(file, chunkBytes)));
}

const FORMATS: readonly (readonly [name: string, compress: (bytes: Uint8Array) => Uint8Array])[] = [
  ["gzip", (bytes) => gzipSync(bytes)],
  ["zstd", (bytes) => zstdCompressSync(bytes)],
];

for (const [name, compress] of FORMATS) {
  Deno.test(`${name}: the content is the same for all sizes of chunks`, async () => {
    const file = compress(TEXT);
    assertEquals(detectCompression(file), name);
    for (const chunkBytes of [1, 7, 1000, file.length]) {
      assertEquals(await decompressed(file, chunkBytes), TEXT);
    }
  });

  Deno.test(`${name}: concatenated files decompress to all of their contents`, async () => {
    const empty = new Uint8Array(0);
    const file = joined(compress(TEXT), compress(empty), compress(TEXT), compress(empty));
    for (const chunkBytes of [1, 1000, file.length]) {
      assertEquals(await decompressed(file, chunkBytes), joined(TEXT, TEXT));
    }
  });

  Deno.test(`${name}: a file that is cut anywhere is an error, never shorter content`, async () => {
    const one = compress(TEXT.subarray(0, 3000));
    const file = joined(one, one);
    for (let length = 0; length < file.length; length++) {
      if (length === one.length) continue;
      await contentError(decompressed(file.subarray(0, length)));
    }
  });

  Deno.test(`${name}: garbage after the end is an error`, async () => {
    await contentError(decompressed(joined(compress(TEXT), new Uint8Array(600).fill(7))));
  });

  Deno.test(`${name}: huge content of a small file stops at the limit`, async () => {
    const bomb = compress(new Uint8Array(64 * 1024 * 1024));
    let received = 0;
    const error = await contentError((async () => {
      const limited = decompress(streamOf(bomb), { maxDecompressedBytes: 1024 * 1024 });
      for await (const chunk of limited) received += chunk.length;
    })());
    assertStringIncludes(error.message, "more than 1048576 bytes");
    assert(received <= 1024 * 1024);
  });

  Deno.test(`${name}: a file with changed bytes has the same content, or is an error of kind content`, async () => {
    const file = compress(TEXT.subarray(0, 3000));
    await fc.assert(
      fc.asyncProperty(
        fc.nat(file.length - 1),
        fc.integer({ min: 1, max: 255 }),
        async (at, flip) => {
          const changed = file.slice();
          changed[at] = (changed[at] ?? 0) ^ flip;
          await decompressed(changed).catch((error: unknown) => {
            assert(error instanceof PkgstashError && error.kind === "content", String(error));
          });
        },
      ),
      { numRuns: 300 },
    );
  });
}

Deno.test("zstd: skippable frames are skipped before, between and after other frames", async () => {
  const frame = zstdCompressSync(TEXT);
  const file = joined(
    SKIPPABLE_FRAME,
    frame,
    SKIPPABLE_FRAME,
    SKIPPABLE_FRAME,
    frame,
    SKIPPABLE_FRAME,
  );
  assertEquals(await decompressed(file), joined(TEXT, TEXT));
  assertEquals(await decompressed(file, 1), joined(TEXT, TEXT));
  await contentError(decompressed(joined(frame, SKIPPABLE_FRAME.subarray(0, 9))));
});

Deno.test("xz: a database is read, also from several streams with padding in between", async () => {
  assertEquals((await packagesOf(XZ_TAR)).map(({ name }) => name), ["tiny"]);
  const once = await decompressed(XZ_TAR);
  assertEquals(once.length, 10_240);
  const twice = joined(XZ_TAR, new Uint8Array(8), XZ_TAR, new Uint8Array(4));
  assertEquals(await decompressed(twice, 100), joined(once, once));
});

Deno.test("xz: a file that is cut, damaged or has garbage after it is an error, and the next works", async () => {
  for (let length = 0; length < XZ_TAR.length; length++) {
    await contentError(decompressed(XZ_TAR.subarray(0, length)));
  }
  const content = await decompressed(XZ_TAR);
  for (let at = 0; at < XZ_TAR.length; at++) {
    const damaged = XZ_TAR.slice();
    damaged[at] = (damaged[at] ?? 0) ^ 0x41;
    // A bit without a meaning may be changed; then the content must be as before.
    const result = await decompressed(damaged).catch(() => undefined);
    if (result === undefined) await contentError(decompressed(damaged));
    else assertEquals(result, content);
  }
  await contentError(decompressed(joined(XZ_TAR, new Uint8Array([1, 2, 3, 4]))));
  for (const length of [1, 6, 12, 100, XZ_TAR.length - 1]) {
    await contentError(decompressed(joined(XZ_TAR, XZ_TAR.subarray(0, length)), 100));
  }
  // A part is missing, but not the end.
  await contentError(decompressed(joined(XZ_TAR.subarray(0, 100), XZ_TAR.subarray(104))));
  await contentError(bytesOf(decompress(streamOf(XZ_TAR), { maxDecompressedBytes: 10_239 })));
  assertEquals((await decompressed(XZ_TAR)).length, 10_240);
});

Deno.test("xz: huge content of a small file stops at the limit, and the next file works", async () => {
  const bomb = joined(...Array.from({ length: 10 }, () => XZ_ZEROS));
  const limited = decompress(streamOf(bomb), { maxDecompressedBytes: 3 * 1024 * 1024 });
  const error = await contentError(bytesOf(limited));
  assertStringIncludes(error.message, "xz archive: its content has more than 3145728 bytes");
  assertEquals((await decompressed(XZ_TAR)).length, 10_240);
});

Deno.test("xz: concurrent files do not wait for each other's readers", async () => {
  const first = decompress(streamOf(XZ_TAR)).getReader();
  const second = decompress(streamOf(XZ_TAR)).getReader();
  assertEquals((await first.read()).value?.length, 10_240);
  assertEquals((await second.read()).value?.length, 10_240);
  await first.cancel();
  await second.cancel();
});

Deno.test("a plain tar passes unchanged, also an empty one of zeros", async () => {
  const tar = await tarOf(["a-1-1/", null]);
  assertEquals(detectCompression(tar), "none");
  assertEquals(await decompressed(tar, 100), tar);
  const empty = new Uint8Array(10_240);
  assertEquals(detectCompression(empty), "none");
  assertEquals(await decompressed(empty), empty);
});

Deno.test("the event loop runs while huge content is decompressed", async () => {
  const bomb = gzipSync(new Uint8Array(16 * 1024 * 1024));
  let turns = 0;
  const interval = setInterval(() => turns++, 0);
  for await (const _ of decompress(streamOf(bomb)));
  clearInterval(interval);
  assert(turns >= 5, `${turns} turns`);
});

Deno.test("zstd: a file of too many frames is refused", async () => {
  const empty = zstdCompressSync(new Uint8Array(0));
  const file = new Uint8Array(empty.length * 50_001);
  for (let offset = 0; offset < file.length; offset += empty.length) file.set(empty, offset);
  assertStringIncludes((await contentError(decompressed(file))).message, "50000 frames");
});

Deno.test("a file that is no archive is refused with a hint at what it is", async (t) => {
  const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
  const page = encode("<!DOCTYPE html><title>404</title>".padEnd(4096));
  for (
    const [file, message] of [
      [new Uint8Array(0), "empty"],
      [page, "HTML"],
      [encode("BZh91AY&SY"), "42 5a 68 39 31 41"],
      [new Uint8Array(100), "00 00"],
    ] as const
  ) {
    await t.step(message, async () => {
      assertStringIncludes((await contentError(decompressed(file))).message, message);
    });
  }
});

for (
  const start of [
    gzipSync(TEXT).subarray(0, 3000),
    zstdCompressSync(TEXT).subarray(0, 60),
    XZ_TAR.subarray(0, 60),
  ]
) {
  const name = detectCompression(start);

  Deno.test(`${name}: an error of the source itself is passed on unchanged`, async () => {
    const failure = new TypeError("the mirror hung up");
    const source = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(start),
      pull: (controller) => controller.error(failure),
    }, { highWaterMark: 0 });
    const error = await bytesOf(decompress(source)).catch((reason: unknown) => reason);
    assertStrictEquals(error, failure);
  });

  Deno.test(`${name}: leaving early cancels a source that is stuck`, async () => {
    const cancelled = Promise.withResolvers<unknown>();
    const waiting = Promise.withResolvers<void>();
    const source = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(joined(start, new Uint8Array(0))),
      pull: () => {
        waiting.resolve();
        return new Promise(() => {});
      },
      cancel: (reason) => cancelled.resolve(reason),
    }, { highWaterMark: 0 });
    const reader = decompress(source).getReader();
    reader.read().catch(() => {});
    await waiting.promise;
    await reader.cancel("left");
    assertEquals(await cancelled.promise, "left");
  });
}
