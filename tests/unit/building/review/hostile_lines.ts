import { bumpWith, type HostileCase } from "./hostile_case.ts";
import { BUMPED, inPkgbuild } from "./made_source.ts";

/** The bump with another text in place of the version, wherever it occurs. */
function versioned(name: string, pkgver: string, shown = pkgver): HostileCase {
  return {
    name,
    after: {
      ...BUMPED,
      PKGBUILD: (BUMPED.PKGBUILD as string).replace("pkgver=1.2.4", () => `pkgver=${pkgver}`),
      ".SRCINFO": (BUMPED[".SRCINFO"] as string).replaceAll("1.2.4", () => shown),
    },
  };
}

/** Texts in place of the version. */
export const HOSTILE_VERSIONS: readonly HostileCase[] = [
  versioned("a user before the host", "'1.2.4@example.invalid'"),
  versioned("a fragment in the version", "'1.2.4#branch=x'", "1.2.4#branch=x"),
  versioned("a query in the version", "'1.2.4?x'", "1.2.4?x"),
  versioned("an encoded dot in the version", "1.2.4%2e%2e", "1.2.4%2e%2e"),
  versioned("two dots in the version", "1.2..4"),
  versioned("a slash in the version", "1.2.4/../../../evil/foo/1", "1.2.4/../../../evil/foo/1"),
  versioned("an encoded slash in the version", "$'1.2.4\\x2fevil'", "1.2.4/evil"),
  versioned("an escaped semicolon", "1.2.4\\;id", "1.2.4;id"),
  versioned("a brace expansion", "1.2.4{,x}", "1.2.4{,x}"),
  versioned("a glob", "1.2.*", "1.2.*"),
  versioned("a home directory", "~root", "/root"),
  versioned("a home directory after a colon", "1:~root", "1:/root"),
  versioned("an environment variable", "1.2.4$HOME", "1.2.4/root"),
  versioned("a very long version", `1.${"2".repeat(10_000)}`),
  versioned("digits of another script", "1.2.\uff14"),
  versioned("a letter that looks Latin", "1.2.4\u0430"),
  versioned("a version without digits", "latest"),
  versioned("an empty version", ""),
  versioned("a hyphen in the version", "1.2.4-1"),
  versioned("a version that looks like an option", "-1.2.4"),
  versioned("a version that looks like a hidden file", ".1.2.4"),
  versioned("a lower version", "1.2.2"),
  versioned("an epoch in the version", "1:1.2.4"),
  versioned("a version that jumps", "9999"),
  versioned("a later number that jumps", "1.99999"),
  versioned("a date far ahead in place of a number", "20991231"),
  versioned("arithmetic", "$((1+1))", "2"),
  versioned("a default that assigns", "${source:=1.2.4}", "1.2.4"),
  versioned("an indirect expansion", "${!_build}", "1.2.4"),
  versioned("a transformation that expands", "${_build@P}", "8"),
  versioned("a locale string", '$"1.2.4"', "1.2.4"),
];

/** Changes to lines and between them. */
export const HOSTILE_LINES: readonly HostileCase[] = [
  bumpWith("a command after the version", inPkgbuild("pkgver=1.2.4", "pkgver=1.2.4 id")),
  bumpWith("a version that runs as a command", inPkgbuild("pkgver=1.2.4", "pkgver= 1.2.4")),
  bumpWith("a space before the equals sign", inPkgbuild("pkgver=1.2.4", "pkgver =1.2.4")),
  bumpWith("a redirection", inPkgbuild("pkgver=1.2.4", "pkgver=1.2.4 >x")),
  bumpWith("a pipe", inPkgbuild("pkgver=1.2.4", "pkgver=1.2.4 | sh")),
  bumpWith("a background job", inPkgbuild("pkgver=1.2.4", "pkgver=1.2.4 &")),
  bumpWith("a negation", inPkgbuild("pkgver=1.2.4", "! pkgver=1.2.4")),
  bumpWith("a group", inPkgbuild("pkgver=1.2.4", "{ pkgver=1.2.4; }")),
  bumpWith("an appended version", inPkgbuild("pkgver=1.2.4", "pkgver+=1.2.4")),
  bumpWith("an element of an array", inPkgbuild("pkgver=1.2.4", "pkgver[0]=1.2.4")),
  bumpWith("an array", inPkgbuild("pkgver=1.2.4", "pkgver=(1.2.4)")),
  bumpWith("a declaration", inPkgbuild("pkgver=1.2.4", "declare pkgver=1.2.4")),
  bumpWith("an export", inPkgbuild("pkgver=1.2.4", "export pkgver=1.2.4")),
  bumpWith(
    "a second version on a later line",
    inPkgbuild("pkgrel=1\n", "pkgrel=1\npkgver=1.2.4\n"),
  ),
  bumpWith("another variable on the line", inPkgbuild("pkgver=1.2.4", "pkgver=1.2.4 PATH=.")),
  bumpWith("a carriage return on one line", inPkgbuild("pkgver=1.2.4", "pkgver=1.2.4\r")),
  bumpWith("a no-break space", inPkgbuild("pkgver=1.2.4", "pkgver=1.2.4\u00a0")),
  bumpWith("a line separator", inPkgbuild("pkgver=1.2.4", "pkgver=1.2.4\u2028id")),
  bumpWith("a zero-width space on an empty line", inPkgbuild("\n\nbuild", "\n\u200b\nbuild")),
  bumpWith("a form feed between statements", inPkgbuild("\n\nbuild", "\n\f\nbuild")),
  bumpWith("a byte order mark", inPkgbuild("# Maintainer", "\ufeff# Maintainer")),
  bumpWith("a comment that becomes code", inPkgbuild("# The patch", "The patch")),
  bumpWith("code that becomes a comment", inPkgbuild("validpgpkeys=(", "#validpgpkeys=(")),
  bumpWith(
    "an element in a comment",
    inPkgbuild("        'foo.patch')", "        #'foo.patch'\n)"),
  ),
  bumpWith(
    "single quotes around a variable",
    inPkgbuild('provides=("libfoo=$pkgver")', "provides=('libfoo=$pkgver')"),
  ),
  bumpWith(
    "a function in a subshell",
    inPkgbuild(
      'build() {\n  cd "foo-$pkgver"\n  make\n}',
      'build() (\n  cd "foo-$pkgver"\n  make\n)',
    ),
  ),
  bumpWith("a function with a redirection", inPkgbuild("install\n}", "install\n} >/dev/null")),
  bumpWith(
    "a new pkgver function",
    inPkgbuild("\nbuild()", "\npkgver() {\n  echo 1.2.4\n}\n\nbuild()"),
  ),
  bumpWith("a command at the end, without a line feed", {
    file: "PKGBUILD",
    from: "install\n}\n",
    to: "install\n}; id",
  }),
];
