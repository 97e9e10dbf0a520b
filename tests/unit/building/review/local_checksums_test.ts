import { assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import { judge } from "../../../../src/building/review/judge.ts";
import { treeOf } from "../../../support/source_trees.ts";
import { sum } from "./made_source.ts";

const FILE = "text\n";
const DIGEST = createHash("sha256").update(FILE).digest("hex");

function verdict(sumBefore: string, sumAfter: string, source = "local"): string {
  const tree = (pkgver: string, checksum: string) =>
    treeOf({
      PKGBUILD:
        `pkgname=foo\npkgver=${pkgver}\npkgrel=1\narch=(any)\nsource=(${source})\nsha256sums=(${checksum})\n`,
      local: FILE,
      "local-2": FILE,
    });
  return judge(tree("1", sumBefore), tree("2", sumAfter)).verdict;
}

Deno.test("the checksum of a local file may change only to that of the file", () => {
  assertEquals(verdict(sum("a"), DIGEST), "bump");
  assertEquals(verdict(sum("a"), sum("b")), "review");
  assertEquals(verdict(DIGEST, sum("b")), "review");
  assertEquals(verdict(sum("a"), sum("b"), "https://example.org/local"), "bump");
});

Deno.test("a download whose new version gives it the name of a file in the tree is no bump", () => {
  assertEquals(verdict(sum("a"), sum("b"), "'local-'$pkgver::https://example.org/x"), "review");
});
