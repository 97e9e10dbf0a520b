import { bumpAfter, bumpWith, type HostileCase } from "./hostile_case.ts";
import { HOSTILE_LINES, HOSTILE_VERSIONS } from "./hostile_lines.ts";
import {
  ACCEPTED,
  BUMPED,
  edited,
  type Files,
  inPkgbuild,
  inSrcinfo,
  PATCH,
  sum,
} from "./made_source.ts";

const HELPERS: readonly HostileCase[] = [
  bumpWith("a helper that looks like an option", inPkgbuild("_build=8", "_build=-rf8")),
  bumpWith("a helper that runs a command", inPkgbuild("_build=8", "_build= 8")),
  bumpWith(
    "a helper with a slash",
    inPkgbuild("_build=8", "_build=8/9"),
    inSrcinfo("foo-8.bin", "foo-8/9.bin"),
  ),
  bumpWith(
    "a helper without a digit",
    inPkgbuild("_build=8", "_build=evil"),
    inSrcinfo("foo-8.bin", "foo-evil.bin"),
  ),
  bumpAfter(
    "a helper that chooses the host",
    [
      inPkgbuild("_build=", "_cdn=cdn1\n_build="),
      inPkgbuild("downloads.example", "$_cdn.example"),
      inSrcinfo("downloads.example", "cdn1.example"),
    ],
    [],
    [inPkgbuild("cdn1", "cdn2"), inSrcinfo("cdn1", "cdn2")],
  ),
  bumpAfter(
    "a version in the host name",
    [
      inPkgbuild("downloads.example", "v$pkgver.example"),
    ],
    [inSrcinfo("downloads.example", "v1.2.3.example")],
    [inSrcinfo("downloads.example", "v1.2.4.example")],
  ),
  bumpAfter(
    "a commit in the host name",
    [
      inPkgbuild("_build=", "_commit=aaaaaaa1\n_build="),
      inPkgbuild("downloads.example", "$_commit.example"),
      inSrcinfo("downloads.example", "aaaaaaa1.example"),
    ],
    [],
    [inPkgbuild("aaaaaaa1", "bbbbbbb2"), inSrcinfo("aaaaaaa1", "bbbbbbb2")],
  ),
  bumpAfter(
    "a helper that chooses the owner",
    [
      inPkgbuild("_build=", "_user=example1\n_build="),
      inPkgbuild("com/example/", "com/$_user/"),
      inSrcinfo("url = https://github.com/example/", "url = https://github.com/example1/"),
      inSrcinfo("gz::https://github.com/example/", "gz::https://github.com/example1/"),
    ],
    [],
    [
      inPkgbuild("example1", "example2"),
      inSrcinfo("com/example1/", "com/example2/"),
      inSrcinfo("com/example1/", "com/example2/"),
    ],
  ),
  bumpAfter(
    "a helper that chooses the project on a shared host",
    [
      inPkgbuild("_build=", "_relname=foo1\n_build="),
      inPkgbuild("downloads.example.org/", "downloads.example.org/$_relname/"),
      inSrcinfo("downloads.example.org/", "downloads.example.org/foo1/"),
    ],
    [],
    [inPkgbuild("foo1", "evil1"), inSrcinfo("foo1", "evil1")],
  ),
  bumpAfter(
    "a helper in the repository's name",
    [
      inPkgbuild("$url/archive", "https://github.com/example/foo$_build/archive"),
    ],
    [inSrcinfo("example/foo/archive", "example/foo7/archive")],
    [inSrcinfo("example/foo/archive", "example/foo8/archive")],
  ),
  bumpAfter("a helper in a dependency", [
    inPkgbuild("depends=(glibc)", 'depends=("electron$_build")'),
  ], [
    inSrcinfo("depends = glibc", "depends = electron7"),
  ], [inSrcinfo("depends = glibc", "depends = electron8")]),
  bumpAfter(
    "a helper in the version of a dependency",
    [
      inPkgbuild("depends=(glibc)", 'depends=("glibc>=$_build")'),
    ],
    [inSrcinfo("depends = glibc", "depends = glibc>=7")],
    [inSrcinfo("depends = glibc", "depends = glibc>=8")],
  ),
  bumpAfter("a helper in a conflict", [
    inPkgbuild("conflicts=(libfoo)", 'conflicts=("libfoo$_build")'),
  ], [
    inSrcinfo("conflicts = libfoo", "conflicts = libfoo7"),
  ], [inSrcinfo("conflicts = libfoo", "conflicts = libfoo8")]),
  bumpAfter(
    "a helper in the name of an install script",
    [
      inPkgbuild("install=foo.install", "install=foo-$_build.install"),
    ],
    [inSrcinfo("foo.install", "foo-7.install")],
    [inSrcinfo("foo.install", "foo-8.install")],
  ),
  bumpAfter(
    "a helper in the package's name",
    [inPkgbuild("pkgname=foo\n", ""), inPkgbuild("pkgrel=1", "pkgname=foo$_build\npkgrel=1")],
    [],
    [],
  ),
  bumpAfter("a helper in a backup file", [inPkgbuild("etc/foo.conf", "etc/$_build.conf")], [
    inSrcinfo("etc/foo.conf", "etc/7.conf"),
  ], [inSrcinfo("etc/foo.conf", "etc/8.conf")]),
  bumpAfter(
    "a helper in PATH",
    [inPkgbuild("_build=", "PATH=/opt/$_build:$PATH\n_build=")],
    [],
    [],
  ),
  bumpAfter(
    "a helper in DLAGENTS",
    [inPkgbuild("# The patch", 'DLAGENTS=("https::/x$_build")\n# The patch')],
    [],
    [],
  ),
  bumpAfter(
    "a version in the name of a local file",
    [
      inPkgbuild("'foo.patch'", '"foo-$pkgver.patch"'),
    ],
    [inSrcinfo("foo.patch", "foo-1.2.3.patch")],
    [inSrcinfo("foo.patch", "foo-1.2.4.patch")],
  ),
  bumpAfter("a branch in place of a tag", [inPkgbuild("_build=", "_tag=v1.2.3\n_build=")], [], [
    inPkgbuild("_tag=v1.2.3", "_tag=master"),
  ]),
  bumpAfter(
    "a pull request in place of a tag",
    [inPkgbuild("_build=", "_tag=v1.2.3\n_build=")],
    [],
    [inPkgbuild("_tag=v1.2.3", "_tag=refs/pull/1/head")],
  ),
  bumpAfter(
    "code that an arithmetic expansion would run",
    [inPkgbuild("pkgrel=1", "_next=$((_build + 1))\npkgrel=1")],
    [],
    [inPkgbuild("_build=8", "_build='a[$(id)]8'")],
  ),
];

const SUMS: readonly HostileCase[] = [
  bumpWith("SKIP in lower case", inPkgbuild(sum("b"), "skip"), inSrcinfo(sum("b"), "skip")),
  bumpWith("an empty checksum", inPkgbuild(sum("b"), ""), inSrcinfo(sum("b"), "")),
  bumpWith(
    "a checksum of another length",
    inPkgbuild(sum("b"), sum("b", 32)),
    inSrcinfo(sum("b"), sum("b", 32)),
  ),
  bumpWith(
    "a checksum that is not hexadecimal",
    inPkgbuild(sum("b"), sum("g")),
    inSrcinfo(sum("b"), sum("g")),
  ),
  bumpWith("a checksum from a command", inPkgbuild(`'${sum("b")}'`, '"$(id)"')),
  bumpWith(
    "a checksum moved to another array",
    inPkgbuild(`'${sum("b")}'\n            `, ""),
    inPkgbuild("sums_x86_64=(", `sums_x86_64=('${sum("b")}' `),
  ),
  bumpWith(
    "another checksum algorithm",
    inPkgbuild("sha256sums_x86_64", "md5sums_x86_64"),
    inSrcinfo("sha256sums_x86_64", "md5sums_x86_64"),
  ),
  bumpWith("a checksum of a local file that did not change", {
    file: "PKGBUILD",
    from: "            '",
    to: "            '0",
  }),
  {
    name: "a local file and its checksum",
    after: { ...BUMPED, "foo.patch": `${PATCH}x` },
  },
  {
    name: "only checksums",
    after: edited(ACCEPTED, [
      inPkgbuild(sum("a"), sum("c")),
      inSrcinfo(sum("a"), sum("c")),
    ]),
  },
  bumpWith(
    "an added source",
    inPkgbuild("sha256sums=(", "source+=(git+https://example.invalid/x)\nsha256sums=("),
  ),
  bumpWith("sources that are appended instead of assigned", inPkgbuild("source=(", "source+=(")),
  bumpAfter(
    "a checksum only in the .SRCINFO, where the PKGBUILD runs code",
    [inPkgbuild("\nbuild()", "\neval x\n\nbuild()")],
    [],
    [inSrcinfo(sum("b"), sum("c"))],
  ),
  bumpAfter(
    "dropped checksums",
    [
      inPkgbuild("\nbuild()", `b2sums=(SKIP SKIP)\n\nbuild()`),
      inSrcinfo("\tsource_x86_64", "\tb2sums = SKIP\n\tb2sums = SKIP\n\tsource_x86_64"),
    ],
    [],
    [
      inPkgbuild("b2sums=(SKIP SKIP)\n", ""),
      inSrcinfo("\tb2sums = SKIP\n\tb2sums = SKIP\n", ""),
    ],
  ),
];

const METADATA: readonly HostileCase[] = [
  bumpWith(
    "a release that is not a number",
    inPkgbuild("pkgrel=1", "pkgrel=1.1.1"),
    inSrcinfo("pkgrel = 1", "pkgrel = 1.1.1"),
  ),
  {
    name: "a lower release",
    before: edited(ACCEPTED, [
      inPkgbuild("pkgrel=1", "pkgrel=2"),
      inSrcinfo("pkgrel = 1", "pkgrel = 2"),
    ]),
    after: ACCEPTED,
  },
  bumpAfter(
    "a higher epoch",
    [
      inPkgbuild("pkgrel=1", "epoch=1\npkgrel=1"),
      inSrcinfo("pkgrel = 1", "pkgrel = 1\n\tepoch = 1"),
    ],
    [],
    [inPkgbuild("epoch=1", "epoch=2"), inSrcinfo("epoch = 1", "epoch = 2")],
  ),
  bumpWith(
    "keys in another order",
    inPkgbuild(
      "'0123456789ABCDEF0123456789ABCDEF01234567'\n              '1123",
      "'1123456789ABCDEF0123456789ABCDEF01234567'\n              '0123",
    ),
  ),
  bumpWith(
    "an added architecture",
    inPkgbuild("arch=(x86_64 ", "arch=(x86_64 any "),
    inSrcinfo("arch = x86_64", "arch = x86_64\n\tarch = any"),
  ),
  bumpWith("other options", inPkgbuild("(!strip)", "(strip)"), inSrcinfo("!strip", "strip")),
  bumpWith(
    "another provided version",
    inPkgbuild("libfoo=$pkgver", "libfoo=9999"),
    inSrcinfo("libfoo=1.2.4", "libfoo=9999"),
  ),
  bumpWith("a command in the licence", inPkgbuild("license=(MIT)", 'license=("$(id)")')),
  bumpWith("a default in the description", inPkgbuild("A foo for", "A ${x:=$(id)} foo for")),
  bumpWith(
    "a .SRCINFO with a second base",
    inSrcinfo("\npkgname = foo", "\npkgbase = bar\n\npkgname = foo"),
  ),
  bumpWith("a .SRCINFO of another base", inSrcinfo("pkgbase = foo", "pkgbase = bar")),
  bumpWith(
    "a .SRCINFO with two versions",
    inSrcinfo("\tpkgver = 1.2.4", "\tpkgver = 1.2.4\n\tpkgver = 1.2.5"),
  ),
  bumpWith(
    "a .SRCINFO with a version for a package",
    inSrcinfo("pkgname = foo", "pkgname = foo\n\tpkgver = 9"),
  ),
  bumpWith(
    "a .SRCINFO with another package",
    inSrcinfo("pkgname = foo", "pkgname = foo\n\npkgname = glibc"),
  ),
  bumpWith(
    "a .SRCINFO with a dependency",
    inSrcinfo("depends = glibc", "depends = glibc\n\tdepends = evil"),
  ),
  bumpWith(
    "a .SRCINFO with a dependency of the package",
    inSrcinfo("pkgname = foo", "pkgname = foo\n\tdepends = evil"),
  ),
  bumpWith(
    "a .SRCINFO with an unknown key",
    inSrcinfo("\tpkgrel = 1", "\tpkgrel = 1\n\tevil = 1"),
  ),
  bumpWith("an outdated .SRCINFO", inSrcinfo("pkgver = 1.2.4", "pkgver = 1.2.3")),
  bumpWith("a .SRCINFO with another release", inSrcinfo("pkgrel = 1", "pkgrel = 2")),
  bumpWith("a .SRCINFO with other sources", inSrcinfo("source = foo.patch", "source = bar.patch")),
  {
    name: "a .SRCINFO with carriage returns",
    after: { ...BUMPED, ".SRCINFO": (BUMPED[".SRCINFO"] as string).replaceAll("\n", "\r\n") },
  },
  bumpWith(
    "a .SRCINFO in another order",
    inSrcinfo(
      "\tarch = x86_64\n\tarch = aarch64\n\tlicense = MIT\n",
      "\tlicense = MIT\n\tarch = x86_64\n\tarch = aarch64\n",
    ),
  ),
  bumpWith("a malformed .SRCINFO", inSrcinfo("\tpkgrel = 1", "\tpkgrel: 1")),
];

const FILES: readonly HostileCase[] = [
  {
    name: "an executable install script",
    after: { ...BUMPED, "foo.install": { mode: "100755", text: BUMPED["foo.install"] as string } },
  },
  {
    name: "an executable PKGBUILD",
    after: { ...BUMPED, PKGBUILD: { mode: "100755", text: BUMPED.PKGBUILD as string } },
  },
  {
    name: "a PKGBUILD that is a link",
    after: { ...BUMPED, PKGBUILD: { mode: "120000", text: "foo.patch" } },
  },
  {
    name: "a .SRCINFO that is a link",
    after: { ...BUMPED, ".SRCINFO": { mode: "120000", text: "foo.patch" } },
  },
  {
    name: "a file that is renamed only in case",
    after: withoutFile({ ...BUMPED, "Foo.patch": PATCH }, "foo.patch"),
  },
  { name: "a new .gitattributes", after: { ...BUMPED, ".gitattributes": "* filter=x\n" } },
  { name: "a new key", after: { ...BUMPED, "keys/pgp/A.asc": "x" } },
  { name: "an empty file", after: { ...BUMPED, empty: "" } },
  { name: "a removed .SRCINFO", after: withoutFile(BUMPED, ".SRCINFO") },
  { name: "a removed PKGBUILD", after: withoutFile(BUMPED, "PKGBUILD") },
  {
    name: "a NUL in the PKGBUILD",
    after: edited(BUMPED, [inPkgbuild("pkgver=1.2.4", "pkgver=1.2.4\0")]),
  },
  {
    name: "a file of unknown content",
    before: { ...ACCEPTED, big: { omitted: "large", size: 9 } },
    after: { ...BUMPED, big: { omitted: "large", size: 9, sha256: "b" } },
  },
];

const HERE_DOCUMENT = inPkgbuild("\nbuild()", "\ncat <<E >/dev/null\n# one\nE\n\nbuild()");
const HERE_DOCUMENTS: readonly HostileCase[] = [
  bumpAfter(
    "a here-document that begins before another statement",
    [inPkgbuild("\nbuild()", "\ncat <<E >/dev/null; _x=1\n# one\nE\n\nbuild()")],
    [],
    [inPkgbuild("# one", "# two")],
  ),
  bumpAfter("a here-document whose lines look like comments", [HERE_DOCUMENT], [], [
    inPkgbuild("# one", "# two"),
  ]),
  bumpAfter("a here-document that ends elsewhere", [HERE_DOCUMENT], [], [
    inPkgbuild("# one\nE\n", "# one\nE \n"),
  ]),
  bumpAfter(
    "a here-document in a function",
    [inPkgbuild("  make\n", "  make <<E\n# one\nE\n")],
    [],
    [inPkgbuild("# one", "# two")],
  ),
];

/** Changes that no version bump makes. */
export const HOSTILE_CASES: readonly HostileCase[] = [
  ...HOSTILE_VERSIONS,
  ...HOSTILE_LINES,
  ...HELPERS,
  ...SUMS,
  ...METADATA,
  ...FILES,
  ...HERE_DOCUMENTS,
];

function withoutFile(files: Files, path: string): Files {
  return Object.fromEntries(Object.entries(files).filter(([each]) => each !== path));
}
