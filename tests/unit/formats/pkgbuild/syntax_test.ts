import { assert, assertEquals } from "@std/assert";
import { isSameSyntax } from "../../../../src/formats/pkgbuild/same_syntax.ts";
import { assignmentsOf, lineAt, parsePkgbuild } from "../../../../src/formats/pkgbuild/syntax.ts";

function statements(text: string) {
  const pkgbuild = parsePkgbuild(text);
  assert("statements" in pkgbuild, text);
  return pkgbuild.statements;
}

Deno.test("only a statement that does nothing else is one of assignments", () => {
  for (const text of ["a=1", "a=1 b=2", "a=(1\n2)", "a+=1", "a=$(id)"]) {
    assert(assignmentsOf(statements(text)[0]!) !== null, text);
  }
  for (
    const text of [
      "a=1 id",
      "a=1 &",
      "a=1 >b",
      "! a=1",
      "a=1 | id",
      "{ a=1; }",
      "export a=1",
      "a=1 && b=2",
      "f() { a=1; }",
    ]
  ) {
    assertEquals(assignmentsOf(statements(text)[0]!), null, text);
  }
});

Deno.test("what bash refuses is a fault with its line, also inside a substitution", () => {
  for (
    const text of ["a=1\nif true; then", "a=1\nb=$(if)", "a=1\nb='", "a=1\nb=(1", "a=1\nf() {"]
  ) {
    const pkgbuild = parsePkgbuild(text);
    assert(!("statements" in pkgbuild), text);
    assert(pkgbuild[0]!.line >= 2, text);
  }
});

Deno.test("a file that is too large or nested too deeply is a fault, and is found soon", () => {
  const hostile = [
    "$(".repeat(4000),
    '"$('.repeat(4000),
    "$((".repeat(2000),
    "${x:-".repeat(4000),
    "`\\`".repeat(1000),
    "<<A ".repeat(60_000),
    "<<A ".repeat(299),
    "(".repeat(200_000),
    "{ ".repeat(100_000),
    "if ".repeat(80_000),
    "a=(".repeat(80_000),
    "@(".repeat(100_000),
    "a[b[".repeat(60_000),
    "x".repeat(300_000),
    "case a in b) ".repeat(18_000),
    "f() { ".repeat(40_000),
    "a && ".repeat(50_000),
    "[[ ( ".repeat(50_000),
  ];
  for (const text of hostile) {
    const pkgbuild = parsePkgbuild(text);
    assert("statements" in pkgbuild || pkgbuild.length > 0, text.slice(0, 10));
  }
});

Deno.test("a file with more words, brackets or expansions than any package has is a fault", () => {
  for (
    const text of [
      ...["a|", "a\n", "a=1 ", "fi;", "<(a)"].map((unit) => unit.repeat(31_000)),
      ...["a=([", "{ }\n", "[ ]\n"].map((unit) => unit.repeat(6_001)),
      ...["${a}\n", "$(a)\n", "`a`\n", "$[a]\n", "$((a))\n", "<(a)\n", ">(a)\n"].map((unit) =>
        unit.repeat(1_501)
      ),
    ]
  ) {
    const pkgbuild = parsePkgbuild(text);
    const fault = "statements" in pkgbuild ? null : pkgbuild[0]?.message;
    assert(fault?.startsWith("it has too many"), `${text.slice(0, 10)}: ${fault}`);
  }
});

Deno.test("syntax is the same whatever white space and comments are between words", () => {
  const same = (one: string, other: string) =>
    isSameSyntax({ node: statements(one)[0]!, text: one }, {
      node: statements(other)[0]!,
      text: other,
    });
  assert(same("f() { a  b; }", "f() {\n  a b # c\n}"));
  assert(same("a=(1 2)", "a=(1\n # c\n 2)"));
  assert(same("if a; then b; fi", "if a\nthen\n  b\nfi"));
  const different = [
    ["f() { a b; }", "f() { a 'b'; }"],
    ["f() { a b; }", "f() { a b c; }"],
    ["f() { a b; }", "f() { a b & }"],
    ["f() { a b; }", "f() { a; b; }"],
    ["f() { a; }", "f() ( a; )"],
    ["f() { a; } >b", "f() { a; } >c"],
    ["a=1", "a+=1"],
    ["a=1", "b=1"],
    ["a=(1)", "a=1"],
    ["a=$(b)", "a=$(b  )"],
    ["a && b", "a || b"],
    ["a | b", "a |& b"],
    ["! a", "a"],
    ["for a in b; do c; done", "for a; do c; done"],
    ["while a; do b; done", "until a; do b; done"],
    ["case a in b) c;; esac", "case a in b) c;& esac"],
    ["a <<E\nb\nE", "a <<E\nc\nE"],
    ["a <<E\nb\nE", "a <<'E'\nb\nE"],
    ["a <<E\nb\nE", "a <<-E\nb\nE"],
    ["(( a=1 ))", "(( a=2 ))"],
    ["[[ a ]]", "[[ ! a ]]"],
  ] as const;
  for (const [one, other] of different) assert(!same(one, other), `${one} / ${other}`);
});

Deno.test("the line of a position counts from 1", () => {
  assertEquals([0, 1, 2, 3].map((at) => lineAt("a\nb\n", at)), [1, 1, 2, 2]);
});
