import type { Job } from "../../api/builder.ts";

/** The ending of packages, whatever a makepkg.conf says. */
export const PACKAGE_ENDING = ".pkg.tar.zst";

/**
 * The makepkg.conf of a job: that of the root, then what a build server needs, then the lines that
 * were approved for the package.
 */
export function makepkgConfiguration({ settings, architecture }: Job): string {
  return `# Made by pkgstash-builder.
for part in /etc/makepkg.conf /etc/makepkg.conf.d/*.conf; do
  if [[ -r $part ]]; then source "$part"; fi
done
unset part
CARCH='${architecture}'
PKGEXT='${PACKAGE_ENDING}'
SRCEXT='.src.tar.gz'
BUILDENV=(!distcc !color ${settings.ccache ? "ccache" : "!ccache"} ${
    settings.check ? "check" : "!check"
  } !sign)
OPTIONS+=(!debug)
COMPRESSZST=(zstd -c -T0 -q -)
${settings.makepkg_conf}
`;
}
