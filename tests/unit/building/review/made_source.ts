import { createHash } from "node:crypto";
import type { WrittenFile } from "../../../support/source_trees.ts";

/** Files of a package source by their paths. */
export type Files = Readonly<Record<string, WrittenFile>>;

/** A replacement of the first occurrence of a text in one file, which must be there. */
export interface Edit {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/** An edit of the PKGBUILD. */
export function inPkgbuild(from: string, to: string): Edit {
  return { file: "PKGBUILD", from, to };
}

/** An edit of the .SRCINFO. */
export function inSrcinfo(from: string, to: string): Edit {
  return { file: ".SRCINFO", from, to };
}

/** The files after edits. */
export function edited(files: Files, edits: readonly Edit[]): Files {
  const result: Record<string, WrittenFile> = { ...files };
  for (const { file, from, to } of edits) {
    const text = result[file];
    if (typeof text !== "string" || !text.includes(from)) throw new Error(`${file} has no ${from}`);
    result[file] = text.replace(from, () => to);
  }
  return result;
}

/** A hexadecimal checksum that belongs to nothing. */
export function sum(digit: string, digits = 64): string {
  return digit.repeat(digits);
}

export const PATCH = "--- a\n+++ b\n";
const PATCH_SUM = createHash("sha256").update(PATCH).digest("hex");

/** A package source with everything that packages commonly have. */
export function madeSource(pkgver: string, build: string, digit: string): Files {
  return {
    PKGBUILD: `# Maintainer: Jane Doe <jane@example.org>
pkgname=foo
pkgver=${pkgver}
_build=${build}
pkgrel=1
pkgdesc="A foo for everybody"
arch=(x86_64 aarch64)
url="https://github.com/example/foo"
license=(MIT)
depends=(glibc)
makedepends=(git)
provides=("libfoo=$pkgver")
conflicts=(libfoo)
backup=(etc/foo.conf)
options=(!strip)
install=foo.install
validpgpkeys=('0123456789ABCDEF0123456789ABCDEF01234567'
              '1123456789ABCDEF0123456789ABCDEF01234567')
noextract=("$pkgname-$pkgver.tar.gz")
# The patch is ours.
source=("$pkgname-$pkgver.tar.gz::$url/archive/v$pkgver.tar.gz"
        'foo.patch')
source_x86_64=("https://downloads.example.org/$pkgver/foo-$_build.bin")
sha256sums=('${sum(digit)}'
            '${PATCH_SUM}')
sha256sums_x86_64=('${sum(digit)}')

build() {
  cd "foo-$pkgver"
  make
}

package() {
  make -C "foo-$pkgver" DESTDIR="$pkgdir" install
}
`,
    ".SRCINFO": `pkgbase = foo
	pkgdesc = A foo for everybody
	pkgver = ${pkgver}
	pkgrel = 1
	url = https://github.com/example/foo
	install = foo.install
	arch = x86_64
	arch = aarch64
	license = MIT
	makedepends = git
	depends = glibc
	provides = libfoo=${pkgver}
	conflicts = libfoo
	noextract = foo-${pkgver}.tar.gz
	options = !strip
	backup = etc/foo.conf
	validpgpkeys = 0123456789ABCDEF0123456789ABCDEF01234567
	validpgpkeys = 1123456789ABCDEF0123456789ABCDEF01234567
	source = foo-${pkgver}.tar.gz::https://github.com/example/foo/archive/v${pkgver}.tar.gz
	source = foo.patch
	sha256sums = ${sum(digit)}
	sha256sums = ${PATCH_SUM}
	source_x86_64 = https://downloads.example.org/${pkgver}/foo-${build}.bin
	sha256sums_x86_64 = ${sum(digit)}

pkgname = foo
`,
    "foo.install": "post_install() {\n  echo hello\n}\n",
    "foo.patch": PATCH,
  };
}

/** What was accepted. */
export const ACCEPTED = madeSource("1.2.3", "7", "a");
/** Its honest successor. */
export const BUMPED = madeSource("1.2.4", "8", "b");
