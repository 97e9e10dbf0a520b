import { basename, join } from "@std/path";
import type { BuiltPackage } from "../end_to_end/package_builder.ts";
import { makepkg, UNCHECKED_RECIPE } from "../makepkg.ts";
import { madeElf } from "./made_elf.ts";

const CONFIGURATION = `OPTIONS=(!strip !docs !zipman !purge !debug !lto)\n${UNCHECKED_RECIPE}`;

const HEAD = `pkgver=1.0
pkgrel=1
pkgdesc='A package of a made-up distribution'
arch=(any)
url='https://example.invalid/'
license=(custom)
`;

/**
 * Packages of a made-up distribution with everything that real base packages have and a test root
 * must cope with: setuid files, files of other users and groups, scriptlets, hooks, capabilities of
 * nobody, links and empty directories.
 */
const RECIPES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "base-devel": {
    PKGBUILD: `pkgname=base-devel
${HEAD}depends=(made-base made-hooks)
package() { install -d "$pkgdir/usr/share/base-devel"; echo here >"$pkgdir/usr/share/base-devel/made"; }
`,
  },
  "made-base": {
    PKGBUILD: `pkgname=made-base
${HEAD}install=made-base.install
package() {
  install -d "$pkgdir/usr/share/made-base" "$pkgdir/var/lib/made-base"
  echo secret >"$pkgdir/usr/share/made-base/shadow"
  cp /usr/bin/id "$pkgdir/usr/share/made-base/elevated"
  chown root:8 "$pkgdir/var/lib/made-base"
  chmod 2770 "$pkgdir/var/lib/made-base"
  chown 33:42 "$pkgdir/usr/share/made-base/shadow"
  chmod 640 "$pkgdir/usr/share/made-base/shadow"
  chmod 6755 "$pkgdir/usr/share/made-base/elevated"
  ln -s elevated "$pkgdir/usr/share/made-base/link"
}
`,
    "made-base.install": `post_install() {
  echo "installed by $(id -u)" >/usr/share/made-base/scriptlet
  echo x >/dev/null
  [ -r /proc/self/status ] && echo proc >>/usr/share/made-base/scriptlet
}
`,
  },
  "made-hooks": {
    PKGBUILD: `pkgname=made-hooks
${HEAD}source=(made.hook)
sha256sums=(SKIP)
package() { install -Dm644 "$srcdir/made.hook" "$pkgdir/usr/share/libalpm/hooks/made.hook"; }
`,
    "made.hook": `[Trigger]
Operation = Install
Type = Package
Target = *

[Action]
Description = Making a file...
When = PostTransaction
Exec = /bin/sh -c 'mkdir -p /usr/share/made-hooks && echo ran >/usr/share/made-hooks/hook'
`,
  },
  "made-library": libraryRecipe(1),
  // The programs are those of the machine, in the /usr below.
  ccache: {
    PKGBUILD: `pkgname=ccache
${HEAD}package() {
  install -d "$pkgdir/usr/lib/ccache/bin"
  ln -s /usr/bin/ccache "$pkgdir/usr/lib/ccache/bin/gcc"
}
`,
  },
  sccache: { PKGBUILD: `pkgname=sccache\n${HEAD}package() { install -d "$pkgdir/usr"; }\n` },
};

/** A library, with a program that is linked with it, for packages to take. */
function libraryRecipe(version: number): Readonly<Record<string, string>> {
  const [library, program] = [{ soname: `libmade.so.${version}` }, {
    needed: [`libmade.so.${version}`],
  }].map((each) => madeElf(each).toBase64());
  return {
    PKGBUILD: `pkgname=made-library
${HEAD.replace("pkgver=1.0", `pkgver=${version}.0`)}provides=(libmade.so)
package() {
  install -d "$pkgdir/usr/share/made-library"
  cd "$pkgdir/usr/share/made-library"
  echo 42 >answer
  base64 -d >libmade.so.${version} <<<'${library}'
  base64 -d >program <<<'${program}'
  chmod 755 *
}
`,
  };
}

let built: Promise<BuiltPackage[]> | undefined;

/** The packages of the made-up distribution, which are built once in a run of tests. */
export function basePackages(): Promise<BuiltPackage[]> {
  built ??= build();
  return built;
}

async function build(): Promise<BuiltPackage[]> {
  const folder = await Deno.makeTempDir({ prefix: "pkgstash-base-" });
  // Where root runs the tests, another user builds.
  await Deno.chmod(folder, 0o755);
  globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
  const packages: BuiltPackage[] = [];
  await Promise.all(
    Object.entries(RECIPES).map(async ([name, files]) => {
      const path = await made(join(folder, name), files);
      packages.push({ name, version: "1.0-1", file: basename(path), path });
    }),
  );
  return packages;
}

/** A later version of `made-library`, whose library has another number. */
export async function laterLibrary(folder: string, version: number): Promise<BuiltPackage> {
  const path = await made(join(folder, `library-${version}`), libraryRecipe(version));
  return { name: "made-library", version: `${version}.0-1`, file: basename(path), path };
}

async function made(work: string, files: Readonly<Record<string, string>>): Promise<string> {
  await Deno.mkdir(work);
  for (const [file, text] of Object.entries(files)) {
    await Deno.writeTextFile(join(work, file), text);
  }
  return await makepkg(work, {
    configuration: CONFIGURATION,
    env: { SOURCE_DATE_EPOCH: "1700000000", BUILDDIR: work },
  });
}
