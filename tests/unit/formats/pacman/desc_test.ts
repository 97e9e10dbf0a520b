import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import fc from "fast-check";
import { PkgstashError } from "../../../../src/errors.ts";
import { type PackageDesc, parseDepends, parseDesc } from "../../../../src/formats/pacman/desc.ts";
import { descOf } from "../../../support/sync_db_reading.ts";

const KEYS: Record<keyof PackageDesc, string> = {
  fileName: "FILENAME",
  name: "NAME",
  base: "BASE",
  version: "VERSION",
  description: "DESC",
  groups: "GROUPS",
  compressedSize: "CSIZE",
  installedSize: "ISIZE",
  md5sum: "MD5SUM",
  sha256sum: "SHA256SUM",
  pgpSignature: "PGPSIG",
  url: "URL",
  licenses: "LICENSE",
  architecture: "ARCH",
  buildDate: "BUILDDATE",
  packager: "PACKAGER",
  replaces: "REPLACES",
  conflicts: "CONFLICTS",
  provides: "PROVIDES",
  depends: "DEPENDS",
  optDepends: "OPTDEPENDS",
  makeDepends: "MAKEDEPENDS",
  checkDepends: "CHECKDEPENDS",
  extendedData: "DATA",
};

/** Writes a desc as repo-add does, with the keys in the order of the table above. */
function format(desc: PackageDesc): string {
  return Object.entries(KEYS).map(([property, key]) => {
    const value = desc[property as keyof PackageDesc];
    return value === undefined ? "" : `%${key}%\n${[value].flat().join("\n")}\n\n`;
  }).join("");
}

const LINE = fc.string({ unit: "binary", minLength: 1, maxLength: 40 })
  .filter((line) => !line.includes("\n"));
const LIST = fc.array(LINE, { minLength: 1, maxLength: 4 });
const SIZE = fc.nat({ max: 2 ** 40 });
const DESC = fc.record({
  fileName: fc.stringMatching(/^[a-z0-9][a-z0-9.+:~@_-]{0,40}$/),
  name: fc.stringMatching(/^[a-z0-9@_+][a-z0-9@._+-]{0,20}$/),
  version: fc.stringMatching(/^([0-9]:)?[a-z0-9._+]{1,10}-[0-9]{1,3}$/),
  base: LINE,
  description: LINE,
  groups: LIST,
  compressedSize: SIZE,
  installedSize: SIZE,
  md5sum: fc.stringMatching(/^[0-9a-f]{32}$/),
  sha256sum: fc.stringMatching(/^[0-9a-f]{64}$/),
  pgpSignature: fc.base64String({ minLength: 4, maxLength: 6024 }),
  url: LINE,
  licenses: LIST,
  architecture: LINE,
  buildDate: SIZE,
  packager: LINE,
  replaces: LIST,
  conflicts: LIST,
  provides: LIST,
  depends: LIST,
  optDepends: LIST,
  makeDepends: LIST,
  checkDepends: LIST,
  extendedData: LIST,
}, { requiredKeys: ["fileName", "name", "version"], noNullPrototype: true });

function refusal(text: string): string {
  const error = assertThrows(() => parseDesc(text), PkgstashError);
  assertEquals(error.kind, "content");
  return error.message;
}

Deno.test("a desc that is written is read back with every key", () => {
  fc.assert(fc.property(DESC, (desc) => assertEquals(parseDesc(format(desc)), desc)));
});

Deno.test("any text is a desc, or an error of kind content", () => {
  const line = fc.oneof(LINE, fc.constantFrom("", ...Object.values(KEYS).map((key) => `%${key}%`)));
  fc.assert(fc.property(fc.array(line), fc.boolean(), (lines, whole) => {
    const text = (whole ? descOf("a", "1-1") : "") + lines.join("\n");
    try {
      parseDesc(text);
    } catch (error) {
      if (!(error instanceof PkgstashError) || error.kind !== "content") throw error;
    }
  }));
});

Deno.test("unknown keys are skipped with their values, and empty keys are absent", () => {
  const text = "%NEW%\none\ntwo\n\n" + descOf("a", "1-1", "%__proto__%\nx\n\n%GROUPS%\n\n%DESC%\n");
  assertEquals(parseDesc(text), { fileName: "a-1-1-any.pkg.tar.zst", name: "a", version: "1-1" });
});

Deno.test("a desc without name, version or file name is refused", async (t) => {
  for (const key of ["NAME", "VERSION", "FILENAME"]) {
    await t.step(key, () => {
      assertStringIncludes(
        refusal(descOf("a", "1-1").replace(`%${key}%`, "%X%")),
        `%${key}% is missing`,
      );
    });
  }
});

Deno.test("a name, version or file name must be one plain path segment", async (t) => {
  for (const name of ["a/b", "../a", ".a", "a\0", "a\x1b[2J", "x".repeat(256)]) {
    await t.step(`file name ${JSON.stringify(name.slice(0, 20))}`, () => {
      const text = descOf("a", "1-1").replace("a-1-1-any.pkg.tar.zst", name);
      assertStringIncludes(refusal(text), "%FILENAME%");
    });
  }
  for (const name of ["a/b", ".a", "-a", "a b", "a\t"]) {
    await t.step(`name ${JSON.stringify(name)}`, () => {
      assertStringIncludes(refusal(descOf("a", "1-1").replace("\na\n", `\n${name}\n`)), "%NAME%");
    });
  }
  for (const version of ["1/../1-1", "1 1-1", "1\r"]) {
    await t.step(`version ${JSON.stringify(version)}`, () => {
      const text = descOf("a", "1-1").replace("\n1-1\n", `\n${version}\n`);
      assertStringIncludes(refusal(text), "%VERSION%");
    });
  }
});

Deno.test("sizes and dates must be whole numbers", async (t) => {
  for (const key of ["CSIZE", "ISIZE", "BUILDDATE"]) {
    for (const value of ["-1", "1.5", "0x10", "1e3", " 1", "ten", "9".repeat(16)]) {
      await t.step(`${key} ${value}`, () => {
        assertStringIncludes(refusal(descOf("a", "1-1", `%${key}%\n${value}\n`)), `%${key}%`);
      });
    }
  }
});

Deno.test("checksums must have the right length, and become lower case", () => {
  refusal(descOf("a", "1-1", "%SHA256SUM%\nabc\n"));
  refusal(descOf("a", "1-1", `%SHA256SUM%\n${"g".repeat(64)}\n`));
  refusal(descOf("a", "1-1", `%MD5SUM%\n${"a".repeat(64)}\n`));
  const text = descOf("a", "1-1", `%SHA256SUM%\n${"AB".repeat(32)}\n`);
  assertEquals(parseDesc(text).sha256sum, "ab".repeat(32));
});

Deno.test("a value that is too long is refused, the longest known signature is not", () => {
  assertStringIncludes(refusal(descOf("a", "1-1", `%DESC%\n${"x".repeat(65537)}\n`)), "65537");
  assertStringIncludes(
    refusal(descOf("a", "1-1", `%DEPENDS%\na\n${"x".repeat(65537)}\n`)),
    "65537",
  );
  const signature = "A".repeat(6024);
  assertEquals(parseDesc(descOf("a", "1-1", `%PGPSIG%\n${signature}\n`)).pgpSignature, signature);
});

Deno.test("a depends file has the relations in it, an empty one none", () => {
  assertEquals(parseDepends("%DEPENDS%\nglibc>=2.1\nbash\n\n%PROVIDES%\nsh=5\n\n%NAME%\nx\n"), {
    depends: ["glibc>=2.1", "bash"],
    provides: ["sh=5"],
  });
  assertEquals(parseDepends(""), {});
});
