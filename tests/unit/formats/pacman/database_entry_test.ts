import { assertEquals } from "@std/assert";
import { descText, filesText } from "../../../../src/formats/pacman/database_entry.ts";
import { parsePackageInfo } from "../../../../src/formats/pacman/package_info.ts";

const SHA256 = "0123456789abcdef".repeat(4);

Deno.test("a desc has the fields of repo-add in its order", () => {
  const info = parsePackageInfo(`pkgname = foo-docs
pkgbase = foo
pkgver = 1:2.0-3
pkgdesc = A description
url = https://example.invalid/
builddate = 1700000000
packager = Jane Doe <jane@example.invalid>
size = 1234
arch = x86_64
license = MIT
replaces = r
group = g
conflict = c
provides = p
depend = d1
depend = d2>=1
optdepend = o: why
makedepend = m
checkdepend = k
`);
  const file = {
    fileName: "foo-docs-1:2.0-3-x86_64.pkg.tar.zst",
    size: 99,
    sha256: SHA256,
    md5: "0".repeat(32),
    signature: "c2ln",
  };
  const expected = `%FILENAME%
foo-docs-1:2.0-3-x86_64.pkg.tar.zst

%NAME%
foo-docs

%BASE%
foo

%VERSION%
1:2.0-3

%DESC%
A description

%GROUPS%
g

%CSIZE%
99

%ISIZE%
1234

%MD5SUM%
${file.md5}

%SHA256SUM%
${SHA256}

%PGPSIG%
c2ln

%URL%
https://example.invalid/

%LICENSE%
MIT

%ARCH%
x86_64

%BUILDDATE%
1700000000

%PACKAGER%
Jane Doe <jane@example.invalid>

%REPLACES%
r

%CONFLICTS%
c

%PROVIDES%
p

%DEPENDS%
d1
d2>=1

%OPTDEPENDS%
o: why

%MAKEDEPENDS%
m

%CHECKDEPENDS%
k

`;
  assertEquals(descText(info, file), expected);
});

Deno.test("a desc lacks what the package does not say", () => {
  const info = parsePackageInfo("pkgname = foo\npkgver = 1-1\narch = any\nsize = 0\n");
  const file = { fileName: "foo-1-1-any.pkg.tar", size: 1, sha256: SHA256 };
  assertEquals(
    descText(info, file).match(/%\w+%/g),
    ["%FILENAME%", "%NAME%", "%VERSION%", "%CSIZE%", "%ISIZE%", "%SHA256SUM%", "%ARCH%"],
  );
});

Deno.test("a list of files is one path a line", () => {
  assertEquals(filesText(["usr/", "usr/bin"]), "%FILES%\nusr/\nusr/bin\n");
  assertEquals(filesText([]), "%FILES%\n");
});
