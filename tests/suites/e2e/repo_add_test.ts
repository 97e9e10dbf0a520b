// Entries of databases, compared with those that the real repo-add writes of the same packages.
import { assert, assertEquals } from "@std/assert";
import { basename, join } from "@std/path";
import fc from "fast-check";
import { ownEntry } from "../../support/end_to_end/own_entry.ts";
import { repoAdd, repoAddEntries } from "../../support/end_to_end/repo_add.ts";
import { madePackage, type PackageMember } from "../../support/made_package.ts";
import { TempFolder } from "../../support/temp_folder.ts";

interface Specimen {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  /** Lines of the .PKGINFO beside name, version and architecture. */
  readonly lines: readonly string[];
  readonly members: readonly PackageMember[];
  readonly signature: Uint8Array | null;
}

const word = (characters: string, minLength: number, maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...characters), minLength, maxLength });
const LETTERS = "abcxyzABCXYZ0189";

/** repo-add stumbles over a leading + or @, which makepkg allows: they mean something to pushd and bsdtar. */
const NAME = fc.tuple(word(`${LETTERS}_`, 1, 1), word(`${LETTERS}@._+-`, 0, 60))
  .map((parts) => parts.join(""));
const VERSION = fc.tuple(
  fc.constantFrom("", "", "0:", "1:", "20:"),
  word(`${LETTERS}._+~`, 1, 20),
  fc.constantFrom("-1", "-2.1", "-10"),
).map((parts) => parts.join(""));
const ARCHITECTURE = fc.constantFrom("any", "x86_64", "aarch64");

/** Text of one line with much of what shells, tars and Unicode treat in their own ways. */
const TEXT = fc.string({
  unit: fc.oneof(
    fc.constantFrom(
      ..."abz  \t=%#\"'\\$`*?[!;&|<>(){}~-/:\u00a0\u0085\u1680\u2003\u2007\u2028\u202f",
    ),
    fc.constantFrom(..."\u205f\u3000\ufeffäß漢ア\u0301\u200b\u{1f4e6}\u{10348}\uffee"),
    fc.string({ unit: "grapheme", minLength: 1, maxLength: 1 }),
  ),
  maxLength: 40,
}).filter((text) => text.isWellFormed() && !UNUSABLE.test(text));
// deno-lint-ignore no-control-regex -- control characters are what it excludes
const UNUSABLE = /[\x00-\x08\n\x0e-\x1f\x7f]/;

const RELATION = fc.tuple(NAME, fc.constantFrom("", ">=1", "=2:3-1", "<4", ": a reason"))
  .map((parts) => parts.join(""));
const SINGLE_KEYS = ["pkgbase", "pkgdesc", "url", "packager"];
const LIST_KEYS = [
  ...["license", "group", "depend", "optdepend", "makedepend", "checkdepend"],
  ...["conflict", "replaces", "provides", "backup", "xdata", "unheardof"],
];

const LINES = fc.tuple(
  fc.subarray(SINGLE_KEYS).chain((keys) =>
    fc.tuple(...keys.map((key) => TEXT.map((text) => `${key} = ${text}`)))
  ),
  fc.array(
    fc.tuple(fc.constantFrom(...LIST_KEYS), fc.oneof(RELATION, TEXT.filter(isSomething)))
      .map(([key, value]) => `${key} = ${value}`),
    { maxLength: 30 },
  ),
  // As packages that depend on every library of a language.
  fc.oneof(
    { weight: 9, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.array(RELATION, { minLength: 300, maxLength: 600 }) },
  ).map((relations) => relations.map((relation) => `depend = ${relation}`)),
  fc.subarray(["size = 0", "size = 123456789012", "builddate = 1700000000", "# depend = x", ""]),
).map((groups) => groups.flat());

/** Whether anything of a value is left once it has been read; see parsePackageInfo. */
function isSomething(text: string): boolean {
  return !/^[ \t=]*$/.test(text);
}

const PATH_PART = fc.string({
  unit: fc.oneof(
    fc.constantFrom(..."abc.- \\\n\t\r\x07\x1b'\"*?äß漢\u00a0\u0301\u2028\u{1f4e6}\u{10348}\uffee"),
    // Which ones can be printed depends on the Unicode that a C library knows; of these, all do.
    fc.integer({ min: 0xa1, max: 0x2ff }).map((unit) => String.fromCharCode(unit)),
    fc.integer({ min: 0x4e00, max: 0x9fa5 }).map((unit) => String.fromCharCode(unit)),
  ),
  minLength: 1,
  maxLength: 30,
}).filter((part) => part.isWellFormed() && !/^\.{1,2}$|[/\0]|\ufffd/.test(part));
const MEMBERS = fc.uniqueArray(
  fc.array(PATH_PART, { minLength: 1, maxLength: 5 }).map((parts) => parts.join("/")),
  { maxLength: 20 },
).map((paths) => paths.filter((path) => !path.startsWith(".PKGINFO")))
  .map((paths) => paths.map((path, index): PackageMember => [path + (index % 3 ? "" : "/"), ""]));

const SPECIMEN: fc.Arbitrary<Specimen> = fc.record({
  name: NAME,
  version: VERSION,
  architecture: ARCHITECTURE,
  lines: LINES,
  members: MEMBERS,
  signature: fc.option(fc.uint8Array({ minLength: 1, maxLength: 200 }), { freq: 1 }),
});

async function writeSpecimen(folder: string, specimen: Specimen): Promise<string> {
  const { name, version, architecture, lines, members, signature } = specimen;
  const info = [`pkgname = ${name}`, `pkgver = ${version}`, `arch = ${architecture}`, ...lines];
  const path = join(folder, `${name}-${version}-${architecture}.pkg.tar`);
  await Deno.writeFile(path, await madePackage([[".PKGINFO", `${info.join("\n")}\n`], ...members]));
  if (signature !== null) await Deno.writeFile(`${path}.sig`, signature);
  return path;
}

Deno.test("every entry is the one that repo-add writes", async () => {
  // repo-add takes longer to start than to add a package.
  const batch = fc.uniqueArray(SPECIMEN, {
    minLength: 20,
    maxLength: 20,
    selector: ({ name }) => name,
    size: "max",
  });
  await fc.assert(
    fc.asyncProperty(batch, async (specimens) => {
      await using folder = await TempFolder.create();
      const paths: string[] = [];
      for (const specimen of specimens) paths.push(await writeSpecimen(folder.path, specimen));
      await repoAdd(folder.path, "own", paths);
      const entries = [...(await repoAddEntries(folder.path, "own")).values()];
      assertEquals(entries.length, specimens.length);
      for (const path of paths) {
        const name = basename(path).replace(/-[^-]*\.pkg\.tar$/, "");
        const theirs = entries.find(({ folder }) => folder === name);
        assert(theirs !== undefined, name);
        assertEquals(await ownEntry(path), theirs);
      }
    }),
    { numRuns: 10, endOnFailure: true },
  );
});
