import { assertEquals, assertThrows } from "@std/assert";
import { PkgstashError } from "../../../../src/errors.ts";
import { isAurName, readInfoAnswer } from "../../../../src/formats/aur/rpc_answer.ts";

const INFO = {
  Name: "example-gui",
  PackageBase: "example",
  Version: "1:2.4.0-1",
  Description: null,
  URL: null,
  NumVotes: 12,
  Popularity: 2.3e-5,
  OutOfDate: 1_790_000_000,
  Maintainer: "newowner",
  Submitter: null,
  FirstSubmitted: 1_500_000_000,
  LastModified: 1_790_160_000,
  Depends: ["example-cli=1:2.4.0-1"],
  CoMaintainers: ["b", "a"],
  License: ["MIT"],
  Keywords: [],
};

const answer = (results: unknown[], more: Record<string, unknown> = {}) =>
  JSON.stringify({ version: 5, type: "multiinfo", resultcount: results.length, results, ...more });

Deno.test("an answer of the AUR tells who maintains a package, and times in milliseconds", () => {
  const [found] = readInfoAnswer(answer([INFO]));
  assertEquals(found, {
    name: "example-gui",
    base: "example",
    version: "1:2.4.0-1",
    description: null,
    url: null,
    maintainer: "newowner",
    coMaintainers: ["a", "b"],
    submitter: null,
    firstSubmitted: 1_500_000_000_000,
    lastModified: 1_790_160_000_000,
    outOfDate: 1_790_000_000_000,
    votes: 12,
    popularity: 2.3e-5,
    depends: ["example-cli=1:2.4.0-1"],
    makeDepends: [],
    checkDepends: [],
    provides: [],
    replaces: [],
  });
});

Deno.test("an error of the AUR is told in its own words, although its status is 200", () => {
  const text = JSON.stringify({ version: 5, type: "error", results: [], error: "Busy." });
  const error = assertThrows(() => readInfoAnswer(text), PkgstashError, "Busy.");
  assertEquals(error.kind, "upstream");
});

Deno.test("what is no whole answer of the AUR is refused, so nothing is taken for gone", async (t) => {
  const wrong: Record<string, string> = {
    "a page": "<html></html>",
    "half of it": answer([INFO]).slice(0, 200),
    "fewer results than it says": answer([INFO], { resultcount: 2 }),
    "another type": answer([], { type: "search" }),
    "another version": answer([], { version: 6 }),
    "no list": JSON.stringify({ version: 5, type: "multiinfo", resultcount: 0, results: {} }),
    "a name that leads out": answer([{ ...INFO, PackageBase: "../../x" }]),
    "no date": answer([{ ...INFO, LastModified: "now" }]),
    "a list of something else": answer([{ ...INFO, Depends: [1] }]),
  };
  for (const [what, text] of Object.entries(wrong)) {
    await t.step(what, () => {
      assertEquals(assertThrows(() => readInfoAnswer(text), PkgstashError).kind, "content");
    });
  }
});

Deno.test("a name is one segment of a path, and nothing that a shell or a path could mean", () => {
  for (const name of ["foo", "libc++", "gtk3-print-backends", "a@b", "_x", "7-zip"]) {
    assertEquals(isAurName(name), true, name);
  }
  for (const name of ["", ".", "..", ".hidden", "-rf", "a/b", "a b", "a\n", "ä", "a".repeat(256)]) {
    assertEquals(isAurName(name), false, name);
  }
});
