import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { isSafeFileName } from "../../../../src/formats/pacman/package_file_name.ts";
import { classifyRepositoryFile } from "../../../../src/formats/pacman/repository_file_name.ts";

const kindOf = (name: string) => classifyRepositoryFile(name, "core")?.kind ?? null;

Deno.test("a name is that of a package, of a signature or of a database, or none", () => {
  const names = {
    "core.db": "snapshot",
    "core.db.tar.zst.sig": "snapshot",
    "core.files.sig": "snapshot",
    "core.db.old": null,
    "extra.db": null,
    "a-1-1-any.pkg.tar.zst": "package",
    "a-1-1-any.pkg.tar": "package",
    "a-1-1-any.pkg.tar.zst.sig": "signature",
    "a-1-1-any.pkg.tar.zst.sig.sig": null,
    ".a-1-1-any.pkg.tar.zst": null,
    "a-1-1-any.pkg.tar.exe": null,
    "lastsync": null,
  };
  for (const [name, kind] of Object.entries(names)) assertEquals(kindOf(name), kind, name);
});

Deno.test("a name leaves room for the suffixes of a part file", () => {
  const ending = "-1-1-any.pkg.tar.zst";
  const longest = "n".repeat(240 - ending.length) + ending;
  assertEquals(kindOf(longest), "package");
  assertEquals(kindOf(`n${longest}`), null);
});

Deno.test("every classified name is one plain path segment", () => {
  const piece = fc.constantFrom(
    ...["core", ".db", ".files", ".sig", ".pkg.tar.zst", "/", "..", "-1", "a", "~", ":", "+"],
    ...["%", "\\", "\0", "\n", "ä", "\u202e", " ", "@", "\ud800"],
  );
  const name = fc.oneof(
    fc.string({ unit: "binary", maxLength: 300 }),
    fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join("")),
  );
  fc.assert(
    fc.property(name, (text) => {
      if (kindOf(text) !== null) assert(isSafeFileName(text) && text.length <= 240, text);
    }),
    { numRuns: 5000 },
  );
});
