import { assertEquals } from "@std/assert";
import { inspect } from "../../../../src/building/review/first_look.ts";
import { treeOf, type WrittenFile } from "../../../support/source_trees.ts";

const HEAD = "pkgname=foo\npkgver=1\npkgrel=1\narch=(any)\n";

async function found(files: Record<string, WrittenFile>): Promise<string[]> {
  return (await inspect(treeOf(files))).map(({ kind, file, line }) => `${kind} ${file}:${line}`);
}

const CASES: readonly (readonly [name: string, line: string, kind: string])[] = [
  ["a download in a function", "build() { curl -O https://example.org/x; }", "network"],
  ["git clone in a function", "build() { git clone https://example.org/x; }", "network"],
  ["a connection by bash", "build() { cat < /dev/tcp/example.org/80; }", "network"],
  ["a package manager", "prepare() { npm install; }", "network"],
  ["eval", 'build() { eval "$x"; }', "eval"],
  ["a command named by an expansion", "build() { $x y; }", "eval"],
  ["another file that is sourced", "source other.sh", "eval"],
  ["base64", "build() { base64 -d < x > y; }", "encoded"],
  ["an interpreter at the top level", "python x.py", "interpreter"],
  ["inline code for an interpreter", "build() { python3 -c 'x'; }", "interpreter"],
  ["a command substitution at the top level", "_x=$(date)", "statement"],
  ["PATH", "PATH=/tmp:$PATH", "environment"],
  ["DLAGENTS", "DLAGENTS=('https::/bin/x')", "environment"],
  ["PACKAGER", "PACKAGER=x", "environment"],
  ["sudo", "package() { sudo x; }", "privilege"],
  ["an unencrypted source", "source=(http://example.org/x)\nsha256sums=(00)", "source"],
  [
    "an unpinned source",
    "source=(git+https://example.org/x)\nsha256sums=(SKIP)",
    "source",
  ],
  [
    "a download without a checksum",
    "source=(https://example.org/x)\nsha256sums=(SKIP)",
    "checksum",
  ],
  ["replaces", "replaces=(glibc)", "relation"],
  ["an install script", "install=foo.install", "install"],
  ["a bidirectional control", "# \u202e x", "characters"],
];

Deno.test("a first look finds each kind of suspicious line", async (t) => {
  for (const [name, line, kind] of CASES) {
    await t.step(name, async () => {
      assertEquals(await found({ PKGBUILD: `${HEAD}${line}\n` }), [`${kind} PKGBUILD:5`]);
    });
  }
});

Deno.test("a first look finds what install scripts run", async () => {
  const files = {
    PKGBUILD: HEAD,
    "foo.install": "post_install() {\n  bun install x\n  python y\n}\n",
  };
  assertEquals(await found(files), ["network foo.install:2", "interpreter foo.install:3"]);
});

Deno.test("a first look names hidden install scripts, links, submodules, blobs and binary files", async () => {
  assertEquals(
    (await found({
      PKGBUILD: HEAD,
      ".x.install": "",
      link: { mode: "120000", text: "/etc/passwd" },
      module: { mode: "160000", commit: "a" },
      blob: `${"QUJD".repeat(60)}\n`,
      binary: "\0",
    })).sort(),
    [
      "encoded blob:1",
      "file binary:null",
      "file link:null",
      "file module:null",
      "install .x.install:null",
    ],
  );
});

Deno.test("a plain package is not suspicious, even if its maintainer's name is not ASCII", async () => {
  const plain =
    `# Maintainer: J\u00fcrgen\n${HEAD}source=(https://example.org/x)\nsha256sums=(${
      "0".repeat(64)
    })\n` +
    "build() {\n  make\n}\npackage() {\n  make install\n}\n";
  assertEquals(await found({ PKGBUILD: plain }), []);
});

Deno.test("a first look always completes, whatever the file, and states what it omits", async () => {
  const facts = await inspect(treeOf({
    PKGBUILD: `${HEAD}${"x".repeat(150_000)}=1\n`,
    "x.txt": "\u200b\n".repeat(100_000),
    blanks: "\n".repeat(4_000_000),
  }));
  const [blob, ...others] = facts;
  assertEquals(blob?.kind, "encoded");
  assertEquals(others.map(({ kind }) => kind), Array(201).fill("characters"));
  assertEquals(facts.at(-1)?.reason, "99800 more facts are not shown; see the file.");
});
