import { basename, join } from "@std/path";
import { runCommand } from "../child_process.ts";

// makepkg refuses to run as root. The overflow user ("nobody") owns nothing.
const NOBODY = 65534;

/** As Arch has it: packages are stripped unless they object. */
const CONFIGURATION = `
CARCH=x86_64
CHOST=x86_64-pc-linux-gnu
DLAGENTS=()
VCSCLIENTS=()
BUILDENV=(!distcc !color !ccache !check !sign)
OPTIONS=(strip docs !libtool !staticlibs emptydirs zipman purge !debug lto)
STRIP_BINARIES="--strip-all"
STRIP_SHARED="--strip-unneeded"
STRIP_STATIC="--strip-debug"
MAN_DIRS=(usr/share/man)
DOC_DIRS=(usr/share/doc)
PURGE_TARGETS=()
INTEGRITY_CHECK=(sha256)
COMPRESSZST=(zstd -c -q -1 -T0 -)
PKGEXT=.pkg.tar.zst
SRCEXT=.src.tar.gz
PACKAGER='Package Test <nobody@example.invalid>'
`;

/** Runs makepkg as an unprivileged user in a folder that is given to it, and gives the package. */
export async function makepkg(
  folder: string,
  env: Record<string, string> = {},
  ...args: readonly string[]
): Promise<string> {
  await Deno.writeTextFile(join(folder, "makepkg.conf"), CONFIGURATION);
  const asRoot = Deno.uid() === 0;
  if (asRoot) await runCommand(["chown", "-R", `${NOBODY}:${NOBODY}`, folder]);
  const user = asRoot
    ? ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups", "--"]
    : [];
  const before = new Set(packagesIn(folder));
  await runCommand(
    [...user, "makepkg", "--config", "makepkg.conf", "--nodeps", "--noprogressbar", ...args],
    { cwd: folder, env: { HOME: folder, TMPDIR: folder, PKGDEST: folder, ...env } },
  );
  const made = packagesIn(folder).find((name) => !before.has(name));
  if (made === undefined) throw new Error(`makepkg made no package in ${basename(folder)}`);
  return join(folder, made);
}

function packagesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name)
    .filter((name) => name.endsWith(".pkg.tar.zst"));
}
