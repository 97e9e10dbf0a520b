import { gzipSync, zstdCompressSync } from "node:zlib";
import {
  assert,
  assertEquals,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { concat } from "@std/bytes/concat";
import fc from "fast-check";
import { PkgstashError } from "../../../../src/errors.ts";
import {
  decompress,
  detectCompression,
} from "../../../../src/formats/archive/archive_compression.ts";
import { unbzip2 } from "../../../../src/formats/archive/bzip2_decompression.ts";
import { unxz } from "../../../../src/formats/archive/xz_decompression.ts";
import { TarReader } from "../../../../src/formats/archive/tar_reader.ts";
import { packageBytes } from "../../../support/package_bytes.ts";
import {
  bytesOf,
  contentError,
  packagesOf,
  streamOf,
  tarOf,
  turnsDuring,
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

/** Made by bzip2(1): the first 150,000 bytes of the text. */
const BZIP2_TEXT = Uint8Array.fromBase64(
  "QlpoOTFBWSZTWRO+7aEA6N7ZgAAQQAR/4D8nmgAwATgApo0AaAACmjQBoAAClVAGQANMjmoFWagVelAq7KBV4UCrgoFXqUCr" +
    "ioFWCgVYqBVyUCrmoFXRQKuqgVdlAq7qBV4UCrBQKslAq0UCrWoFWdQKs1AqyUCr6oFWigVblAq+KBVuqBVooFW3RQKvygVb" +
    "KgVb5QKvhQKsVAq/i7kinChICd920IA=",
);
/** Made by lz4(1) with -BD -B4 -BX, linked blocks with checksums: the same. */
const LZ4_TEXT = Uint8Array.fromBase64(
  "BCJNGFRArjIBAAD/GGxpbmUgb2YgYSBkZXNjIGZpbGUsIG51bWJlciAwMTIzNDU2Nzg5CicA////////////////////////" +
    "////////////////////////////////////////////////////////////////////////////////////////////////" +
    "////////////////////////////////////////////////////////////////////////////////////////////////" +
    "////////////////////////////////////////////////////////////////////////////////////////////////" +
    "/////////////////////////////8FQZXNjIGarHtRzCgEAAA8nAP//////////////////////////////////////////" +
    "////////////////////////////////////////////////////////////////////////////////////////////////" +
    "////////////////////////////////////////////////////////////////////////////////////////////////" +
    "////////////////////////////////////////////////////////////////////////////////////////////////" +
    "///////////oUCAwMTIz7uigvFQAAAAPJwD/////////////////////////////////////////////////////////////" +
    "/////////////////////////////////////yJQaW5lIG+URMkyAAAAAFVYaqI=",
);
/** Made by bsdtar(1): a tar whose one member has the first 20,000 bytes of the text. */
const LZW_TAR = Uint8Array.fromBase64(
  "H52QdGTAAECwoMGDCBMqXMiwocOHCGFItEGDBggAEjPCuKhRIseONG7AoLExRo0ZMGTUuDGDRowYIGC8nHFDBoCYEHPq3Mmz" +
    "J4A6c+iEkYMRhpw3b+j4VHg06dKEHTcW1XjxqdWrWLNq9ckmjZsyIN6YAREGBJkyc8aAMJOGTRkWINzUaSOmjJyYMWS0rGHj" +
    "Bo4cCrp+DTu27Nm0a9u+jTu37l2Zemnw9QtYMFixZM2iVcvWLVy5dO3ijTz5b2CvlwtrRtx5MWjHo/f2NW2ZcObDnBV/biwa" +
    "smzKpwdjNrw5sWfGoR/n/U0btW3irHUjh+1b8uzKzoevzn38de/l1oHX1o7buGveyklfD576dvHWu5PHDt9cuOry8Kd/Vy8+" +
    "+/330nmXHnPY2ededN2hN19pBbYHHXfnyVcdg+w9t5158VEHHoXj/YdghBryV5+DF+Yn4ILrdXgghBnuR2CF5AGYoIQbpujf" +
    "ihjqNyB9DVqIX4AKTmijgQ/meKKQ/RFZIpA0ithjjB+2uCOHNxZpYpA1JknijzOG+KKKVjLpJY8wesiijihq6aOMILpIJphL" +
    "dukmlUpy2eaUQ27JppRpjrhmlGgi6SeUZx6Z5aBmGomlk2XieGWTX1YZ5519Ppnoo2PSqSeghjIKp518Cmqpo2LOmeefhS4a" +
    "aZ17BnroqGHKiaeahCoK6ZuSguqqp7m22umqm6Z6q6ao2prpqbViaiqtl5Y6K6Kkylppo7FSKiq1k4b6Kra6/oorq5yq+m2w" +
    "xi4LbbXa8gqusMcyG621237qq7jEJuvstPKGOyyyzUp7bb7smgtrtrsCW6yyzw7cLb38vpuuwfb6G2+v+rZ7LsHe1tsvvOqS" +
    "izC+FAecMLfz7usuugWPe/C9/4Zc7sgAvwzyujK3TPPHNnvM8sQ379zxyhL/HDHHEG/8sMpDH62xwykvjXLGDT/N8MkYT33x" +
    "wiZfXbLFCm8tMMkVfx0zzjzrHHTRTENNNdZcgy3yzGYTjbTRTUddddZdhw2zy2QLTbfaWusNN9ByO31322P7jLbUeLtdc9mE" +
    "K20322LzrfjcaVud99s5R1732l7v3fPZmDOOuOWkG0656HFLDrrgnSf9eeCcQy474Js/7nfmjSee+uShD3675o73vfjhlY9e" +
    "OPCw2/438b4v/3rtu5uefOuz52586ciz7jnuxV+uevCxP9876tLTrvvxqwtv/unKu67+9uM3X3337vMOP/bgRy+/9uJjHvXY" +
    "Rz7n6e9634Me+v4Xvt9Nb33ca1/5Dui94Z0vftlrYPoA6MD5BfCB9BMgBOs3wAgW8H4SNKD1Kvg+BFpwfwm8IP8UiMH+LTCD" +
    "/sPhDW1YQxrOUIYxhOELXdhCFlIwfytEIv4mmEQmLlGFT0ThCQloPyqWkIQjFGEIQfhBD3aQgxvUIANzyMMfCrGISkyhFKto" +
    "QjZicYteDCMZfRhEIh7RiWq0Yha5+EUx6rCHQByiEZsIxTy28Ypa7CIYx7hDOgoyjVM85B7jyEhAnvGOhYzkGxXpxzLWcZBR" +
    "1CMcF/lHM9qRkGtEJB/l2MhAohGPmkxkH+foSkymcpKk9OQjYelGWbLSkqcMpSRH2UlHvjKTvVxlJU0JSkNucpatvCQqRclJ" +
    "WkpTmM/8JTMhmUxKlvKT3FSlN3V5zFsS05rBdKYvlwlOXoozl8a0JTWhCcxmxlKZ39wlMt9ZzFpOc5jVjGY67znOeP4zm+zU" +
    "pzkDWs9w4rKf11QnPskpT4DSc5vufCg67dlNePoTm+vMZznnqc127lOjAuUoPzfq0HOmtKUMxehJXdrQjNJUpgu9qElzWlKF" +
    "kjShI7VoT4OKUJFWtKgUPWhIkwrSiRq0qQX9qESjGlGCerSqHYXoQLPKUpvGdKc/NapSnSpVq2pVpSit6Uy/6lOhAvWoS33q" +
    "VK+61ZW+1Ks6bStS5WrWrq41r0SNa1m5ete/DhWuZMWqXdXK07eOlap1TStOw8rUuZ4VpoBFLGTRelOwulWsUKUrZ9ka2MRG" +
    "trN6FaxiJevZvQ52sZP9bGX7WtjGgtayfrXtbAnLWMrylbexde1qUVvazWL2sI8V7XEdG9rL4hW5zc2tb1/L2tSadrSZTa5z" +
    "Dctc3NZ2usMlrWaV+9zu0ra3sv0tbFur2tOKV7vSTS91iTve7epWvdUtLnm5e9vzBre92IWud9ErXPdmN7rflW94Dzzg/153" +
    "uf0FLnsfXN4Ir9e6xq3wbi+sX/uC18AC9u+EM8zfDa9vKyhOsYpXzOIWu/jFMI6xjGdM4xrb+MY4zrGOd8zjHvv4x0AOspCH" +
    "TOQiG/nIPwY=",
);
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

Deno.test("xz: a local file is decompressed as it is read, and one that is left lets the next in", async () => {
  const local = (bytes: Uint8Array, chunkBytes = bytes.length) =>
    decompress(streamOf(bytes, chunkBytes), { isLocal: true });
  const content = await decompressed(XZ_TAR);
  for (const chunkBytes of [1, 100, XZ_TAR.length]) {
    assertEquals(await bytesOf(local(XZ_TAR, chunkBytes)), content);
  }
  for (let length = 0; length < XZ_TAR.length; length += 3) {
    await contentError(bytesOf(local(XZ_TAR.subarray(0, length))));
  }
  const zeros = joined(...Array.from({ length: 130 }, () => XZ_ZEROS));
  const limit = await contentError(
    bytesOf(decompress(streamOf(zeros), { isLocal: true, maxDecompressedBytes: 3 * 1024 ** 2 })),
  );
  assertStringIncludes(limit.message, "it holds more than 3145728 bytes");
  const left = local(zeros).getReader();
  assert(!(await left.read()).done);
  await left.cancel();
  assertEquals(await bytesOf(local(XZ_TAR)), content);
  // More than a file that is not local may have.
  let length = 0;
  const whole = unxz(ReadableStream.from([zeros]), () => Infinity, { isLocal: true });
  for await (const chunk of whole) length += chunk.length;
  assertEquals(length, 130 * 1024 ** 2);
});

Deno.test("xz: concurrent files do not wait for each other's readers", async () => {
  const first = decompress(streamOf(XZ_TAR)).getReader();
  const second = decompress(streamOf(XZ_TAR)).getReader();
  assertEquals((await first.read()).value?.length, 10_240);
  assertEquals((await second.read()).value?.length, 10_240);
  await first.cancel();
  await second.cancel();
});

for (const [name, file] of [["bzip2", BZIP2_TEXT], ["lz4", LZ4_TEXT]] as const) {
  const text = TEXT.subarray(0, 150_000);

  Deno.test(`${name}: the content is the same for all sizes of chunks, and of concatenated files`, async () => {
    assertEquals(detectCompression(file), name);
    for (const chunkBytes of [1, 100, file.length]) {
      assertEquals(await decompressed(file, chunkBytes), text);
      assertEquals(await decompressed(joined(file, file), chunkBytes), joined(text, text));
    }
  });

  Deno.test(`${name}: a file that is cut anywhere is an error, never shorter content`, async () => {
    for (let length = 0; length < file.length; length++) {
      await contentError(decompressed(file.subarray(0, length)));
    }
  });

  Deno.test(`${name}: a file with a changed byte has the same content, or is an error of kind content`, async () => {
    for (let at = 0; at < file.length; at++) {
      const changed = file.slice();
      changed[at] = (changed[at] ?? 0) ^ 0x41;
      const result = await decompressed(changed).catch((error: unknown) => error);
      if (result instanceof Uint8Array) assertEquals(result, text, `byte ${at}`);
      else assert(result instanceof PkgstashError && result.kind === "content", String(result));
    }
  });

  Deno.test(`${name}: huge content of a small file stops at the limit`, async () => {
    const limited = decompress(streamOf(file), { maxDecompressedBytes: 100_000 });
    await contentError(bytesOf(limited));
  });
}

Deno.test("bzip2: what is not bzip2 after the end is ignored, as libarchive does it", async () => {
  const text = TEXT.subarray(0, 150_000);
  assertEquals(await decompressed(joined(BZIP2_TEXT, new Uint8Array(600).fill(7))), text);
});

Deno.test("bzip2: a block is not expanded beyond the limit", async () => {
  const blocks = unbzip2(ReadableStream.from([BZIP2_TEXT]), () => 100_000);
  const error = await contentError(Array.fromAsync(blocks));
  assertStringIncludes(error.message, "its content is too large");
});

Deno.test("lz4: skippable frames are skipped, and garbage after the end is an error", async () => {
  const text = TEXT.subarray(0, 150_000);
  const file = joined(LZ4_TEXT, SKIPPABLE_FRAME, LZ4_TEXT, SKIPPABLE_FRAME);
  assertEquals(await decompressed(file, 7), joined(text, text));
  await contentError(decompressed(joined(LZ4_TEXT, new Uint8Array(600).fill(7))));
});

Deno.test("compress: a tar is read, and one that is cut lacks its end mark", async () => {
  assertEquals(detectCompression(LZW_TAR), "compress");
  const tar = await decompressed(LZW_TAR);
  assertEquals(tar.subarray(512, 20_512), TEXT.subarray(0, 20_000));
  for (const chunkBytes of [1, 13]) assertEquals(await decompressed(LZW_TAR, chunkBytes), tar);
  for (let length = 3; length < LZW_TAR.length - 8; length += 5) {
    const reader = new TarReader(() => true);
    const content = await decompressed(LZW_TAR.subarray(0, length));
    assert(Array.from(reader.push(content)).length <= 1);
    assertThrows(() => reader.finish(), PkgstashError);
  }
});

Deno.test("compress: any bytes behind the magic are content, or an error of kind content", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 3000 }), async (bytes) => {
      const file = joined(new Uint8Array([0x1f, 0x9d, 0x90]), bytes);
      await decompressed(file).catch((error: unknown) => {
        assert(error instanceof PkgstashError && error.kind === "content", String(error));
      });
    }),
    { numRuns: 200 },
  );
});

Deno.test("content beyond 16 MiB and 250 times the archive is refused", async () => {
  const bomb = gzipSync(new Uint8Array(40 * 1024 * 1024));
  let received = 0;
  const error = await contentError((async () => {
    for await (const chunk of decompress(streamOf(bomb))) received += chunk.length;
  })());
  assertStringIncludes(error.message, "holds more than");
  assert(received < 28 * 1024 * 1024, `${received} bytes`);
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
  // Far more than can be decompressed within a turn, and not so empty that it is refused.
  const block = new Uint8Array(4 * 1024 * 1024);
  block.set(packageBytes(64 * 1024, 1));
  const bomb = gzipSync(concat(Array.from({ length: 32 }, () => block)));
  const turns = await turnsDuring(async () => {
    for await (const _ of decompress(streamOf(bomb)));
  });
  assert(turns > 1, `${turns} turns`);
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
      [encode("BZ091AY&SY"), "42 5a 30 39 31 41"],
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
