import { basename, join } from "@std/path";
import { runCommand } from "./child_process.ts";

// makepkg refuses to run as root. The overflow user ("nobody") owns nothing and always exists.
const NOBODY = 65534;

const CONFIGURATION = `
CARCH=x86_64
CHOST=x86_64-pc-linux-gnu
DLAGENTS=()
VCSCLIENTS=()
BUILDENV=(!distcc !color !ccache !check !sign)
INTEGRITY_CHECK=(sha256)
COMPRESSZST=(zstd -c -q -1 -)
PKGEXT=.pkg.tar.zst
SRCEXT=.src.tar.gz
PACKAGER='Tests <nobody@example.invalid>'
`;

/**
 * For recipes that the tests write: makepkg does not check them, which takes four times as long as
 * all else (two hundred runs of grep) and changes nothing in the package.
 */
export const UNCHECKED_RECIPE = "lint_pkgbuild() { :; }\n";

export interface MakepkgOptions {
  /** Lines of makepkg.conf(5) besides, or instead of, the common ones. */
  readonly configuration: string;
  readonly env?: Record<string, string>;
  readonly args?: readonly string[];
  /** Which package to return, of several that a PKGBUILD makes; the first by default. */
  readonly name?: string;
}

/**
 * Runs makepkg on the PKGBUILD in `folder`, as an unprivileged user to whom the folder is handed
 * over when the tests run as root.
 * @returns the path of the package file that it made.
 */
export async function makepkg(
  folder: string,
  { configuration, env = {}, args = [], name }: MakepkgOptions,
): Promise<string> {
  await Deno.writeTextFile(join(folder, "makepkg.conf"), CONFIGURATION + configuration);
  const isRoot = Deno.uid() === 0;
  if (isRoot) await runCommand(["chown", "-R", `${NOBODY}:${NOBODY}`, folder]);
  const user = isRoot
    ? ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups", "--"]
    : [];
  const before = new Set(packagesIn(folder));
  await runCommand(
    [...user, "makepkg", "--config", "makepkg.conf", "--nodeps", "--noprogressbar", ...args],
    {
      cwd: folder,
      env: { HOME: folder, TMPDIR: folder, PKGDEST: folder, ...env },
      timeoutMs: 300_000,
    },
  );
  const made = packagesIn(folder).find((file) =>
    !before.has(file) && (name === undefined || file.replace(/(?:-[^-]+){3}$/, "") === name)
  );
  if (made === undefined) throw new Error(`makepkg made no package in ${basename(folder)}.`);
  return join(folder, made);
}

function packagesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name)
    .filter((name) => /\.pkg\.tar(?:\.[a-zA-Z0-9]+)?$/.test(name));
}
