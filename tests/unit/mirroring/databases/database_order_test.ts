import { assertEquals } from "@std/assert";
import { type DatedDatabase, isOlder } from "../../../../src/mirroring/databases/database_order.ts";
import { PackageIndex } from "../../../../src/repositories/package_index.ts";

/** `name version [build day]`, one each. */
function database(packages: readonly string[], date: number | null = null): DatedDatabase {
  const entries = packages.map((text) => {
    const [name = "", version = "", built] = text.split(" ");
    return {
      name,
      version,
      fileName: `${name}-${version}-any.pkg.tar.zst`,
      size: 1,
      sha256: null,
      buildDate: built === undefined ? null : Number(built) * 86_400_000,
      signature: null,
      depends: [],
      provides: [],
      replaces: [],
    };
  });
  return { index: new PackageIndex({ packages: entries, problems: [] }), date };
}

const CASES: [what: string, one: DatedDatabase, other: DatedDatabase, which: string][] = [
  ["versions decide, whatever the dates", database(["a 1-1"], 9), database(["a 2-1"], 1), "one"],
  [
    "most packages decide, and not one that was taken back",
    database(["a 2-1", "b 2-1", "c 1-1"]),
    database(["a 1-1", "b 1-1", "c 1:1-1"]),
    "other",
  ],
  [
    "a rebuild is newer by its build date",
    database(["a 1-1 5", "b 1-1 1"]),
    database(["a 1-1 4", "b 1-1 1"]),
    "other",
  ],
  [
    "a package that was taken back by a later build is no old copy",
    database(["a 1-1 9"], 2),
    database(["a 2-1 8"], 1),
    "neither",
  ],
  [
    "of as many newer as older packages, the newest build decides",
    database(["a 2-1 1", "b 1-1 7"], 1),
    database(["a 1-1 2", "b 2-1 8"], 9),
    "one",
  ],
  [
    "packages that one of them lacks do not count, so a dropped one leaves it to the dates",
    database(["a 1-1 1"], 9),
    database(["a 1-1 1", "b 1-1 5"], 1),
    "other",
  ],
  [
    "without dates, the newest build tells which of them lacks packages",
    database(["a 1-1 1"]),
    database(["a 1-1 1", "b 1-1 5"]),
    "one",
  ],
  [
    "a build that lies ahead does not prove that the others were taken back",
    database(["a 1-1 1", "b 1-1 1", "c 1-1 90000"], 9),
    database(["a 2-1 2", "b 2-1 2", "c 1-1 3"], 1),
    "one",
  ],
  [
    "a package whose build lay ahead and was put right is not older",
    database(["a 1-1 90000", "b 1-1 1"], 1),
    database(["a 1-1 5", "b 1-1 1"], 9),
    "one",
  ],
  [
    "nothing tells about equal packages without dates",
    database(["a 1-1"], 5),
    database(["a 1-1"]),
    "neither",
  ],
];

for (const [what, one, other, older] of CASES) {
  Deno.test(`which database is older: ${what}`, () => {
    assertEquals(isOlder(one, other), older === "one");
    assertEquals(isOlder(other, one), older === "other");
  });
}
