// Packages of odd bytes: what is taken is what libarchive sees in them, so nothing is smuggled past.
import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import fc from "fast-check";
import { PkgstashError } from "../../../src/errors.ts";
import { readPackageArchive } from "../../../src/formats/pacman/package_archive.ts";
import { startProgram } from "../../support/child_process.ts";
import { MADE_PACKAGE, madePackage, packageInfo } from "../../support/made_package.ts";
import { streamOf } from "../../support/sync_db_reading.ts";
import { TempFolder } from "../../support/temp_folder.ts";

const BLOCK = 512;

/** What of a header may be changed: its start and length, and bytes that mean something there. */
const FIELDS: readonly (readonly [start: number, length: number])[] = [
  [0, 100],
  [100, 8],
  [124, 12],
  [136, 12],
  [156, 1],
  [157, 100],
  [257, 8],
  [345, 155],
];
const MEANINGFUL = [..."\0 /.0123567LKxgSVAD\x80\xff-_a"].map((char) => char.charCodeAt(0));

const EDIT = fc.record({
  block: fc.nat(30),
  field: fc.constantFrom(...FIELDS),
  at: fc.nat(12),
  bytes: fc.array(fc.oneof(fc.constantFrom(...MEANINGFUL), fc.nat(255)), {
    minLength: 1,
    maxLength: 4,
  }),
});

/** Changes headers and content, and makes the checksums of the headers right again. */
function edited(
  tar: Uint8Array,
  edits: readonly (typeof EDIT extends fc.Arbitrary<infer T> ? T : never)[],
) {
  const headers = new Set<number>();
  for (let at = 0; at < tar.length; at += BLOCK) if (tar[at + 257] === 0x75) headers.add(at);
  const result = tar.slice();
  for (const { block, field: [start, length], at, bytes } of edits) {
    const from = (block * BLOCK) % tar.length;
    for (const [index, byte] of bytes.entries()) {
      if (at + index < length) result[from + start + at + index] = byte;
    }
  }
  for (const at of headers) {
    const header = result.subarray(at, at + BLOCK);
    header.fill(0x20, 148, 156);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.set(new TextEncoder().encode(`${sum.toString(8).padStart(6, "0")}\0 `), 148);
  }
  return result;
}

/** The paths as bsdtar prints them, or null if it complains. */
async function listedByBsdtar(path: string): Promise<string[] | null> {
  const child = startProgram(["bsdtar", "--exclude=^.*", "-tf", path], {
    env: { LC_ALL: "C.UTF-8" },
  });
  const { code, stdout } = await child.output();
  if (code !== 0) return null;
  return new TextDecoder().decode(stdout).split("\n").filter((line) => line !== "");
}

/** Counts the packages that are taken, and compares what is in them with what bsdtar sees. */
class Comparison {
  taken = 0;
  refused = 0;
  readonly #path: string;

  constructor(folder: string) {
    this.#path = join(folder, MADE_PACKAGE);
  }

  async add(bytes: Uint8Array): Promise<void> {
    const archive = await readPackageArchive(streamOf(bytes), MADE_PACKAGE).catch((error) => {
      assert(error instanceof PkgstashError && error.kind === "content", String(error));
      return null;
    });
    if (archive === null) return void this.refused++;
    await Deno.writeFile(this.#path, bytes);
    const listed = await listedByBsdtar(this.#path);
    // It cannot be installed then, which harms nobody: pkgstash does not check every date and mode.
    if (listed === null) return void this.refused++;
    this.taken++;
    assertEquals(archive.files, listed.sort());
  }
}

Deno.test("an accepted package with edited headers has the files that libarchive sees", async () => {
  await using folder = await TempFolder.create();
  const comparison = new Comparison(folder.path);
  const tar = await madePackage([
    [".PKGINFO", packageInfo()],
    ["usr/", ""],
    ["usr/file", "content\n"],
    { name: "usr/long", pax: { path: `usr/${"long-".repeat(30)}name` } },
    { name: "usr/link", type: "symlink", linkname: "file" },
    { name: "usr/hard", type: "link", linkname: "usr/file" },
    [`usr/${"x".repeat(90)}/${"y".repeat(90)}`, "z".repeat(600)],
  ]);
  await fc.assert(
    fc.asyncProperty(
      fc.array(EDIT, { minLength: 1, maxLength: 3 }),
      (edits) => comparison.add(edited(tar, edits)),
    ),
    { numRuns: 1500 },
  );
  const { taken, refused } = comparison;
  assert(taken > 100 && refused > 100, `${taken} were taken and ${refused} refused`);
});

const SIZES = fc.constantFrom("0", "1", "512", "1024", "1536", "01024", "-1", "1e3", "");
const PAX_VALUES = {
  path: fc.constantFrom("usr/b", "../b", "", "usr/\u00fc"),
  linkpath: fc.constantFrom("usr/a", "/etc/passwd", ""),
  size: SIZES,
  "SCHILY.realsize": SIZES,
  "GNU.sparse.name": fc.constantFrom("usr/c", "../c", ""),
  "GNU.sparse.major": fc.constantFrom("0", "1"),
  "GNU.sparse.realsize": SIZES,
  "GNU.sparse.numblocks": fc.constantFrom("0", "1"),
  "GNU.sparse.map": fc.constantFrom("0,512", "0,0", ""),
  hdrcharset: fc.constantFrom("BINARY", "ISO-IR 10646 2000 UTF-8"),
  mtime: fc.constantFrom("1.5", "x"),
};
const PAX_RECORDS: fc.Arbitrary<Record<string, string>> = fc.array(
  fc.oneof(...Object.entries(PAX_VALUES).map(([key, value]) => fc.tuple(fc.constant(key), value))),
  { maxLength: 3 },
).map((records) => Object.fromEntries(records));

Deno.test("an accepted package with odd pax headers has the files that libarchive sees", async () => {
  await using folder = await TempFolder.create();
  const comparison = new Comparison(folder.path);
  // Content that is a member, for a reader that is mistaken about where the content is.
  const smuggled = (await madePackage([["usr/smuggled", "x"]])).subarray(0, 2 * BLOCK);
  const member = fc.record({
    pax: PAX_RECORDS,
    bytes: fc.constantFrom(smuggled, smuggled.subarray(0, BLOCK), new Uint8Array(0)),
    type: fc.constantFrom("file" as const, "file" as const, "symlink" as const, "link" as const),
  });
  await fc.assert(
    fc.asyncProperty(member, async ({ pax, bytes, type }) => {
      const odd = type === "file"
        ? { name: "usr/odd", pax, bytes }
        : { name: "usr/odd", pax, type, linkname: "usr/a" };
      await comparison.add(
        await madePackage([[".PKGINFO", packageInfo()], ["usr/a", "1"], odd, ["usr/z", "1"]]),
      );
    }),
    { numRuns: 1500 },
  );
  const { taken, refused } = comparison;
  assert(taken > 100 && refused > 100, `${taken} were taken and ${refused} refused`);
});
