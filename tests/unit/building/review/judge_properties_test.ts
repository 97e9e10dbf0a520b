import { assert, assertEquals, assertNotEquals } from "@std/assert";
import fc from "fast-check";
import { judge } from "../../../../src/building/review/judge.ts";
import { vercmp } from "../../../../src/formats/pacman/vercmp.ts";
import { treeOf } from "../../../support/source_trees.ts";
import { ACCEPTED, BUMPED, edited, inPkgbuild, inSrcinfo, sum } from "./made_source.ts";

const OLD = ACCEPTED.PKGBUILD as string;
const NEW = BUMPED.PKGBUILD as string;

/** Positions in the PKGBUILD that belong to a value which a bump may change. */
function valuePositions(): Set<number> {
  const positions = new Set<number>();
  for (
    const [found] of [/(?<=pkgver=)1\.2\.4/, /(?<=_build=)8/, /(?<=pkgrel=)1/].map((each) =>
      NEW.match(each)!
    )
  ) {
    const start = NEW.search(
      new RegExp(`(?<=(?:pkgver|_build|pkgrel)=)${found!.replaceAll(".", "\\.")}\\n`),
    );
    for (let at = start; at < start + found!.length; at++) positions.add(at);
  }
  for (const match of NEW.matchAll(/[0-9a-f]{64}/g)) {
    for (let at = 0; at < 64; at++) positions.add(match.index + at);
  }
  return positions;
}

const VALUES = valuePositions();
const OTHERS = Array.from({ length: NEW.length }, (_, at) => at).filter((at) => !VALUES.has(at));

function verdictOf(pkgbuild: string): string {
  return judge(treeOf(ACCEPTED), treeOf({ ...BUMPED, PKGBUILD: pkgbuild })).verdict;
}

const character = fc.oneof(
  fc.constantFrom(..." \t\n\r'\"\\$`(){}[];&|<>#~*?=+-/:@%^,.!0aZ_\0\u00a0\u200b\u202e"),
  fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
);

Deno.test("a bump with any character changed outside its values is no bump", () => {
  fc.assert(
    fc.property(fc.constantFrom(...OTHERS), character, (at, by) => {
      fc.pre(NEW[at] !== by);
      assertNotEquals(verdictOf(NEW.slice(0, at) + by + NEW.slice(at + 1)), "bump");
    }),
    { numRuns: 600 },
  );
});

Deno.test("a bump with a character inserted or removed outside its values is no bump", () => {
  fc.assert(
    fc.property(fc.constantFrom(...OTHERS), character, fc.boolean(), (at, by, isMore) => {
      const changed = isMore
        ? NEW.slice(0, at) + by + NEW.slice(at)
        : NEW.slice(0, at) + NEW.slice(at + 1);
      // A digit before or after a value belongs to it.
      fc.pre(!isMore || (!VALUES.has(at) && !VALUES.has(at - 1)));
      assertNotEquals(verdictOf(changed), "bump");
    }),
    { numRuns: 600 },
  );
});

Deno.test("a bump with a visible character of its .SRCINFO changed is no bump", () => {
  const text = BUMPED[".SRCINFO"] as string;
  const visible = Array.from({ length: text.length }, (_, at) => at).filter((at) =>
    /\S/.test(text[at]!)
  );
  fc.assert(
    fc.property(fc.constantFrom(...visible), character, (at, by) => {
      fc.pre(text[at] !== by);
      const changed = text.slice(0, at) + by + text.slice(at + 1);
      assertNotEquals(
        judge(treeOf(ACCEPTED), treeOf({ ...BUMPED, ".SRCINFO": changed })).verdict,
        "bump",
      );
    }),
    { numRuns: 400 },
  );
});

Deno.test("any text in place of the version is a bump only if it is a plain, higher version", () => {
  const version = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.string({ unit: fc.constantFrom(...'0129.abz_+~-$(){}"\\;# /:@'), minLength: 1 }),
  );
  fc.assert(
    fc.property(version, (pkgver) => {
      const after = {
        ...BUMPED,
        PKGBUILD: NEW.replace("pkgver=1.2.4", () => `pkgver=${pkgver}`),
        ".SRCINFO": (BUMPED[".SRCINFO"] as string).replaceAll("1.2.4", () => pkgver),
      };
      const { verdict } = judge(treeOf(ACCEPTED), treeOf(after));
      if (verdict === "bump") {
        assert(/^[A-Za-z0-9][A-Za-z0-9._+~]*$/.test(pkgver), JSON.stringify(pkgver));
        assert(vercmp(pkgver, "1.2.3") > 0, pkgver);
      }
    }),
    { numRuns: 500 },
  );
});

Deno.test("any two trees are judged without an error", () => {
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.array(fc.constantFrom(...OLD.split("\n")), { maxLength: 30 }).map((lines) =>
      lines.join("\n")
    ),
  );
  const files = fc.record({ PKGBUILD: text, ".SRCINFO": text, other: text }, { requiredKeys: [] });
  fc.assert(fc.property(files, files, (before, after) => {
    const { verdict, facts } = judge(treeOf(before), treeOf(after));
    if (verdict === "review") assert(facts.some((fact) => fact.class === "review"));
  }));
});

Deno.test("a tree compared with itself has no changes, whatever is in it", () => {
  for (const files of [ACCEPTED, {}, { PKGBUILD: "if" }, { PKGBUILD: "\0", ".SRCINFO": "x" }]) {
    assertEquals(judge(treeOf(files), treeOf(files)), { verdict: "harmless", facts: [] });
  }
});

Deno.test("a bump that also changes a commit is a pin", () => {
  const pinned = [inPkgbuild("_build=", `_commit=${sum("1", 40)}\n_build=`)];
  const before = edited(ACCEPTED, pinned);
  const after = edited(edited(BUMPED, pinned), [inPkgbuild(sum("1", 40), `${sum("2", 39)}f`)]);
  assertEquals(judge(treeOf(before), treeOf(after)).verdict, "pin");
});

Deno.test("changes to comments, white space, licence, description and quotes are harmless", () => {
  const harmless = [
    [inPkgbuild("# Maintainer: Jane", "# Maintainer: John")],
    [inPkgbuild("\n\nbuild", "\n\n\nbuild")],
    [inPkgbuild("  make\n", "    make\n")],
    [inPkgbuild("license=(MIT)", "license=('MIT')")],
    [inPkgbuild("license=(MIT)", "license=(BSD)"), inSrcinfo("license = MIT", "license = BSD")],
    [inPkgbuild("for everybody", "for all"), inSrcinfo("for everybody", "for all")],
  ];
  for (const edits of harmless) {
    const after = edited(ACCEPTED, edits);
    const { verdict, facts } = judge(treeOf(ACCEPTED), treeOf(after));
    assertEquals(verdict, "harmless", JSON.stringify(facts));
    assertEquals(judge(treeOf(ACCEPTED), treeOf(edited(BUMPED, edits))).verdict, "harmless");
  }
});

Deno.test("a harmless change to the PKGBUILD needs review if the .SRCINFO disagrees", () => {
  const after = edited(ACCEPTED, [inPkgbuild("license=(MIT)", "license=(BSD)")]);
  assertEquals(judge(treeOf(ACCEPTED), treeOf(after)).verdict, "review");
});

Deno.test("a PKGBUILD of 3000 lines with many versions in its sources is judged", () => {
  const lines = (version: string) =>
    [
      `pkgname=foo\npkgver=${version}\npkgrel=1\narch=(any)\nsource=(`,
      ...Array.from({ length: 1400 }, (_, at) =>
        `"https://example.org/$pkgver/\${pkgver//./_}/f${at}-$pkgver.tgz"`),
      ")\nsha256sums=(",
      ...Array.from({ length: 1400 }, () =>
        `'${sum("a")}'`),
      ")\nx=$(id)\nif [[ $x ]]; then source+=(a); fi\n",
    ].join("\n");
  const srcinfo = (version: string) =>
    `pkgbase = foo\n\tpkgver = ${version}\n\tpkgrel = 1\n\tarch = any\n` +
    Array.from(
      { length: 1400 },
      (_, at) =>
        `\tsource = https://example.org/${version}/${
          version.replaceAll(".", "_")
        }/f${at}-${version}.tgz\n`,
    ).join("") +
    Array.from({ length: 1400 }, () => `\tsha256sums = ${sum("a")}\n`).join("") +
    "\npkgname = foo\n";
  const tree = (version: string) =>
    treeOf({ PKGBUILD: lines(version), ".SRCINFO": srcinfo(version) });
  assertEquals(judge(tree("1.2.3"), tree("1.2.4")).verdict, "bump");
});
