import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { evaluate } from "../../../../src/formats/pkgbuild/evaluation.ts";
import type { Value } from "../../../../src/formats/pkgbuild/expansion.ts";
import { parsePkgbuild } from "../../../../src/formats/pkgbuild/syntax.ts";

function variable(text: string, name = "x"): Value | null | undefined {
  const pkgbuild = parsePkgbuild(text);
  assert("statements" in pkgbuild, text);
  return evaluate(pkgbuild).variables.get(name);
}

/** What bash has in `x` after a script: the text, or the elements; null if it fails. */
async function inBash(scripts: readonly string[]): Promise<(string[] | null)[]> {
  const program = scripts.map((script) =>
    // Each in a shell of its own, in an empty folder's stead without file names.
    `(set -f; shopt -s extglob; ${script}\nprintf '%s\\1' "\${#x[@]}" "\${x[@]}") 2>/dev/null || printf '!'; printf '\\2'`
  ).join("\n");
  const { stdout } = await new Deno.Command("bash", {
    args: ["-c", program],
    clearEnv: true,
    env: { LC_ALL: "C.UTF-8", PATH: "/usr/bin:/bin" },
  }).output();
  return new TextDecoder().decode(stdout).split("\x02").slice(0, -1).map((answer) => {
    if (answer.endsWith("!")) return null;
    const [, ...elements] = answer.split("\x01").slice(0, -1);
    return elements;
  });
}

const KNOWN: readonly (readonly [script: string, value: Value])[] = [
  ["a=1.2.3\nx=${a%.*}", "1.2"],
  ["a=1.2.3\nx=${a%%.*}", "1"],
  ["a=1.2.3\nx=${a#*.}", "2.3"],
  ["a=1.2.3\nx=${a##*.}", "3"],
  ["a=1.2.3\nx=${a//./_}", "1_2_3"],
  ["a=1.2.3\nx=${a/./_}", "1_2.3"],
  ["a=1.2.3\nx=${a/#1/9}", "9.2.3"],
  ["a=1.2.3\nx=${a/%3/9}", "1.2.9"],
  ["a=1-2_3\nx=${a//[-_]/.}", "1.2.3"],
  ["a=1.2.3\nx=${a:2}", "2.3"],
  ["a=1.2.3\nx=${a:0:3}", "1.2"],
  ["a=1.2.3\nx=${a: -1}", "3"],
  ["a=Foo\nx=${a,,}", "foo"],
  ["a=foo\nx=${a^}", "Foo"],
  ["a=\nx=${a:-b}", "b"],
  ["a=\nx=${a-b}", ""],
  ["a=c\nx=${a:+b}", "b"],
  ['a=foo-git\nx="${a%-git}-$a"', "foo-foo-git"],
  ["a=1\nx=(a$a.tar{,.sig})", ["a1.tar", "a1.tar.sig"]],
  ['a=(1 2)\nx=("${a[@]}" 3)', ["1", "2", "3"]],
  ['a=(1 2)\nx=("${a[@]/#/v}")', ["v1", "v2"]],
  ["a=(1 2)\nx=${a[1]}", "2"],
  ["a=(1 2)\nx=$a", "1"],
  ["x=(1)\nx+=(2)", ["1", "2"]],
  ["x=a\nx+=b", "ab"],
  ["x='$a'", "$a"],
  ["x=a\\ b", "a b"],
  ["a=\nx=($a b '')", ["b", ""]],
];

Deno.test("values that literals and variables make are known, and are those of bash", async () => {
  const answers = await inBash(KNOWN.map(([script]) => script));
  for (const [index, [script, value]] of KNOWN.entries()) {
    // "Replace at the beginning" of nothing is not tried.
    const computed = variable(script);
    if (computed !== null) assertEquals(computed, value, script);
    assertEquals(answers[index], typeof value === "string" ? [value] : [...value], script);
  }
});

const UNKNOWN: readonly string[] = [
  "x=$(id)",
  "x=`id`",
  "x=$HOME",
  "x=$((1 + 1))",
  "x=~root",
  "x=a:~root",
  "x=(*.patch)",
  "a='b c'\nx=($a)",
  "a='*'\nx=($a)",
  "a=b\nx=${!a}",
  "a=b\nx=${a@P}",
  "x=([1]=a)",
  "x[1]=a",
  "x=1\nif true; then x=2; fi",
  "x=1\n[[ a == b ]] && x=2",
  "x=1\nfor x in 2; do :; done",
  "x=1\nread x < y",
  "x=1\nprintf -v x 2",
  "x=1\nunset x",
  "x=1\ndeclare x=2",
  "x=1\n: ${y:=2} $((x = 3))",
  "x=1\n(( x = 2 ))",
  "x=1\nf() { x=2; }\nf",
  "x=1\nf() { g; }\ng() { x=2; }\nf",
  "x=1\ntrue {x}>y",
  "x=1\nif true; then f() { x=2; }; fi\nf",
  "x=1\nf() { g() { x=2; }; }\nf\ng",
  "declare -u x\nx=a",
  "f() { declare -gi x; }\nf\nx=1+1",
  "x=1 f",
];

Deno.test("a value that only running the file can tell is not known", () => {
  for (const script of UNKNOWN.slice(0, -1)) assertEquals(variable(script), null, script);
  assertEquals(variable("y=$x\nx=1", "y"), null);
  assertEquals(variable("x=1 f"), null);
});

Deno.test("code that may change anything makes a file opaque", () => {
  for (
    const code of [
      "eval y",
      ". y",
      "source y",
      "declare -n y=x",
      "trap y EXIT",
      "$y",
      "return",
      "set -- y",
    ]
  ) {
    const pkgbuild = parsePkgbuild(`x=1\n${code}\n`);
    assert("statements" in pkgbuild);
    assert(evaluate(pkgbuild).isOpaque, code);
  }
});

Deno.test("what runs in a shell of its own, or not at all, changes nothing", () => {
  for (
    const code of [
      "(x=2)",
      "y=$(x=2)",
      "f() { x=2; }",
      "cat <(x=2)",
      "exit 1",
      "if a; then f() { x=2; }; fi",
      "shopt -s extglob",
    ]
  ) {
    assertEquals(variable(`x=1\n${code}\n`), "1", code);
  }
});

Deno.test("no value that is computed differs from that of bash", async () => {
  const word = fc.constantFrom("1.2.3", "foo-git", "a_b-c.d", "", "v1", "AbC", "x y", "a*b");
  const pattern = fc.constantFrom(
    "*",
    ".*",
    "*.",
    "?",
    "[.-]",
    "[!a]",
    "-git",
    "*-",
    "a",
    ".",
    "$b",
    '"$b"',
    '"*"',
    "[a-c]",
    "[]]",
  );
  const text = fc.constantFrom("", "_", "x", "$b", '"-"', "\\.", "a&b", "/");
  const number = fc.constantFrom("0", "1", "2", " -1", "9", "$n");
  const operation = fc.oneof(
    fc.tuple(fc.constantFrom("#", "##", "%", "%%"), pattern).map(([sign, what]) => sign + what),
    fc.tuple(fc.constantFrom("/", "//", "/#", "/%"), pattern, text).map(([sign, what, by]) =>
      `${sign}${what}/${by}`
    ),
    fc.tuple(number, fc.option(number)).map(([from, to]) =>
      `:${from}${to === null ? "" : `:${to}`}`
    ),
    fc.tuple(fc.constantFrom("-", ":-", "+", ":+"), text).map(([sign, what]) => sign + what),
    fc.constantFrom("", "^", "^^", ",", ",,"),
  );
  const script = fc.tuple(
    word,
    word,
    operation,
    fc.constantFrom(
      "x=@",
      'x="@"',
      "x=(@)",
      'x=("@")',
      "x=(p@{,.q})",
      "x=p@q",
      'x="p@"@',
      "x=('p'@ '' r)",
    ),
    fc.constantFrom(0, 1, 2, 3),
  ).map(([a, b, what, form, kind]) => {
    const value = [`a='${a}'`, `a=('${a}' '${b}')`, "a=()", `a=('${a}')`][kind];
    const expansion = `\${a${kind === 1 ? "[@]" : kind === 3 ? "[0]" : ""}${what}}`;
    return `${value}\nb='${b}'\nn=1\n${form.replaceAll("@", () => expansion)}`;
  });
  const scripts = fc.sample(script, 600);
  const computed = scripts.map((each) => variable(each));
  const known = scripts.map((each, index) => [each, computed[index]] as const)
    .filter(([, value]) => value != null);
  assert(known.length > 150, `only ${known.length} values are known`);
  const answers = await inBash(known.map(([each]) => each));
  assertEquals(answers.length, known.length);
  for (const [index, [each, value]] of known.entries()) {
    const expected = typeof value === "string" ? [value] : [...value!];
    assertEquals(expected, answers[index], each);
  }
});
