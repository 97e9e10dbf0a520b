import { gunzipSync, gzipSync, zstdCompressSync } from "node:zlib";
import { assert } from "@std/assert";
import fc from "fast-check";
import { readSyncDb } from "../../../../src/formats/pacman/sync_db.ts";
import { PkgstashError } from "../../../../src/errors.ts";
import { descOf, streamOf, tarOf } from "../../../support/sync_db_reading.ts";
import { REAL_DATA_MISSING, REAL_DATA_NOTE, realBytes } from "../../../support/real_data.ts";

const LIMITS = { maxDecompressedBytes: 4 * 1024 * 1024, maxEntries: 1000 };

/** Reads to the end or to an error of kind "content"; anything else is a failure. */
async function survives(bytes: Uint8Array): Promise<void> {
  try {
    await readSyncDb(streamOf(bytes), LIMITS);
  } catch (error) {
    assert(error instanceof PkgstashError && error.kind === "content", String(error));
  }
}

type Edit = { at: number; kind: "flip" | "cut" | "repeat" | "zero" | "digits"; length: number };

const EDIT: fc.Arbitrary<Edit> = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  kind: fc.constantFrom("flip", "cut", "repeat", "zero", "digits"),
  length: fc.oneof(fc.nat(20), fc.constantFrom(512, 1024, 1536)),
});

function edited(bytes: Uint8Array, edits: readonly Edit[]): Uint8Array {
  let result = bytes;
  for (const { at, kind, length } of edits) {
    const start = Math.floor(at * result.length);
    const end = Math.min(start + length, result.length);
    if (kind === "cut") result = joined(result.subarray(0, start), result.subarray(end));
    else if (kind === "repeat") result = joined(result.subarray(0, end), result.subarray(start));
    else {
      result = result.slice();
      const value = kind === "digits" ? 0x37 : 0;
      for (let i = start; i < end; i++) result[i] = kind === "flip" ? ~(result[i] ?? 0) : value;
    }
  }
  return result;
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

/** Corrects the checksum of every block that looks like a header, so that edits get past it. */
function withChecksums(tar: Uint8Array): Uint8Array {
  const result = tar.slice();
  for (let start = 0; start + 512 <= result.length; start += 512) {
    const block = result.subarray(start, start + 512);
    if (new TextDecoder().decode(block.subarray(257, 262)) !== "ustar") continue;
    block.fill(0x20, 148, 156);
    const sum = block.reduce((total, byte) => total + byte, 0);
    block.set(new TextEncoder().encode(`${sum.toString(8).padStart(6, "0")}\0 `), 148);
  }
  return result;
}

async function mutations(tar: Uint8Array, numRuns: number): Promise<void> {
  const wrap = fc.constantFrom(
    (bytes: Uint8Array) => bytes,
    (bytes: Uint8Array) => withChecksums(bytes),
    (bytes: Uint8Array) => gzipSync(withChecksums(bytes)),
    (bytes: Uint8Array) => zstdCompressSync(bytes),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(EDIT, { maxLength: 4 }),
      wrap,
      fc.array(EDIT, { maxLength: 1 }),
      async (inner, compress, outer) => {
        await survives(edited(compress(edited(tar, inner)), outer));
      },
    ),
    { numRuns },
  );
}

Deno.test("a generated database with any changes is read, or an error of kind content", async () => {
  const name = "long-".repeat(30) + "name";
  await mutations(
    await tarOf(
      ["a-1-1/", null],
      ["a-1-1/desc", descOf("a", "1-1")],
      ["a-1-1/depends", "%DEPENDS%\nglibc\n"],
      [`${name}-1-1/desc`, descOf(name, "1-1").replace(/^.*pkg\.tar\.zst$/m, "x")],
      [`${name}-1-1/files`, "%FILES%\nusr/\n"],
    ),
    1000,
  );
});

Deno.test("any value of any field loses at most its own entry's checks, or is a file name that leads away", async () => {
  const field = fc.constantFrom(
    ...["CSIZE", "ISIZE", "SHA256SUM", "MD5SUM", "PGPSIG", "BUILDDATE", "DEPENDS", "PROVIDES"],
    ...["REPLACES", "NAME", "VERSION", "FILENAME", "ARCH", "NEW"],
  );
  const value = fc.oneof(fc.string({ unit: "binary", maxLength: 300 }), fc.integer().map(String));
  const intact = `%CSIZE%\n5\n\n%SHA256SUM%\n${"ab".repeat(32)}\n`;
  await fc.assert(
    fc.asyncProperty(field, value, async (field, value) => {
      const line = value.replaceAll("\n", "");
      const tar = await tarOf(
        ["a-1-1/desc", `${descOf("a", "1-1")}%${field}%\n${line}\n\n`],
        ["b-1-1/desc", descOf("b", "1-1", intact)],
      );
      try {
        const { packages } = await readSyncDb(streamOf(tar), LIMITS);
        const { size, sha256 } = packages!.find(({ name }) => name === "b")!;
        assert(size === 5 && sha256 === "ab".repeat(32));
      } catch (error) {
        assert(error instanceof PkgstashError && error.kind === "content", String(error));
        assert(field === "FILENAME" && /^\.|\//.test(line), `%${field}% ${JSON.stringify(line)}`);
      }
    }),
    { numRuns: 500 },
  );
});

Deno.test("random bytes after any magic number are an error of kind content", async () => {
  const beginning = fc.constantFrom(
    [],
    [0x1f, 0x8b, 0x08, 0, 0, 0, 0, 0, 0, 3],
    [0x28, 0xb5, 0x2f, 0xfd],
    [0x50, 0x2a, 0x4d, 0x18],
    [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0, 4],
    [0x42, 0x5a, 0x68, 0x39, 0x31, 0x41, 0x59, 0x26, 0x53, 0x59],
    [0x04, 0x22, 0x4d, 0x18, 0x64, 0x40, 0xa7],
    [0x1f, 0x9d, 0x90],
    [0x89, 0x4c, 0x5a, 0x4f, 0],
  );
  await fc.assert(
    fc.asyncProperty(beginning, fc.uint8Array({ maxLength: 3000 }), async (start, rest) => {
      await survives(joined(new Uint8Array(start), rest));
    }),
    { numRuns: 500 },
  );
});

Deno.test("hostile pax headers are an error of kind content at worst", async () => {
  const bodies = [
    "2a".repeat(500_000) + " ",
    "5 a=\n".repeat(200_000),
    "99999999999999999999 path=x\n",
    "20 size=-1000000000\n",
    "12 size=nan\n",
    "32 size=999999999999999999999999\n",
    "30 path=../../../../etc/passwd\n",
    "18 __proto__=evil\n",
  ];
  for (const body of bodies) {
    const tar = await tarOf(["x", body], ["a-1-1/desc", descOf("a", "1-1")]);
    tar[156] = "x".charCodeAt(0);
    await survives(withChecksums(tar));
  }
});

for (
  const path of [
    "history/revisions/000/archpro_repo.files",
    "history/revisions/050/archpro_repo.db",
    "databases/yahooalive-2025/arch_repo.files",
    "databases/alpm.rs-2019/multilib-testing.db",
  ]
) {
  Deno.test({
    name: `${path} with any changes is read, or an error of kind content${REAL_DATA_NOTE}`,
    ignore: REAL_DATA_MISSING,
    fn: async () => await mutations(gunzipSync(await realBytes(path)), 250),
  });
}
