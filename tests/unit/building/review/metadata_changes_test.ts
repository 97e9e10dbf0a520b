import { assertEquals } from "@std/assert";
import { judgeMetadata } from "../../../../src/building/review/metadata_changes.ts";

const ALLOWANCE = {
  ownVersion: [{ before: "1.2", after: "1.3" }],
  values: [{ before: "1.2", after: "1.3" }, { before: "7", after: "8" }],
  sources: [{
    before: "a-1.2.tgz::https://example.org/1.2",
    after: "a-1.3.tgz::https://example.org/1.3",
  }],
};

Deno.test("each key of the metadata allows only its own changes in a bump", () => {
  const cases:
    readonly (readonly [key: string, before: string, after: string, expected: string])[] = [
      ["depends", "foo=1.2", "foo=1.3", "value"],
      ["depends", "foo=1.2-1", "foo=1.3-1", "value"],
      ["depends", "foo=1.2", "bar=1.3", "review"],
      ["depends", "foo=1.2", "foo>=1.3", "review"],
      ["depends", "foo1.2", "foo1.3", "review"],
      ["depends", "foo=7", "foo=8", "review"],
      ["makedepends_x86_64", "foo>=1.2", "foo>=1.3", "value"],
      ["conflicts", "foo<7", "foo<8", "review"],
      ["provides", "foo=7", "foo=8", "value"],
      ["provides", "foo", "bar", "review"],
      ["noextract", "a-1.2.tgz", "a-1.3.tgz", "value"],
      ["noextract", "a-1.2.tgz", "b-1.3.tgz", "review"],
      ["pkgdesc", "a", "b", "harmless"],
      ["license", "MIT", "BSD", "harmless"],
      ["url", "https://example.org/1.2", "https://example.org/1.3", "review"],
      ["groups", "a", "b", "review"],
      ["epoch", "1", "2", "review"],
      ["sha256sums", "a".repeat(64), "b".repeat(64), "value"],
      ["sha256sums", "a".repeat(64), "SKIP", "review"],
      ["sha256sums", "a".repeat(64), "b".repeat(32), "review"],
      ["source", "https://example.org/1.2", "https://example.org/1.3", "value"],
      ["source", "https://example.org/1.2", "http://example.org/1.3", "review"],
      ["pkgdesc", "a", "\u202e", "review"],
    ];
  for (const [key, before, after, expected] of cases) {
    assertEquals(
      judgeMetadata(key, [before], [after], ALLOWANCE)?.class,
      expected,
      `${key} ${after}`,
    );
  }
  assertEquals(judgeMetadata("depends", ["a"], ["a"], ALLOWANCE), null);
  assertEquals(judgeMetadata("depends", ["a"], ["a", "b"], ALLOWANCE)?.class, "review");
});
