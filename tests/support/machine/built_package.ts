import { dirname, join } from "@std/path";
import { runCommand, searchPath } from "../child_process.ts";
import { makepkg } from "../makepkg.ts";
import { PROJECT } from "../project.ts";
import { COMPILER } from "./binary_file.ts";

/** Lines of makepkg.conf(5) as on Arch, where packages are stripped unless they object. */
export const CONFIGURATION = `
OPTIONS=(strip docs !libtool !staticlibs emptydirs zipman purge !debug lto)
STRIP_BINARIES="--strip-all"
STRIP_SHARED="--strip-unneeded"
STRIP_STATIC="--strip-debug"
MAN_DIRS=(usr/share/man)
DOC_DIRS=(usr/share/doc)
PURGE_TARGETS=()
COMPRESSZST=(zstd -c -q -1 -T0 -)
`;

/** The packages that makepkg makes from the source archive. */
export class BuiltPackage implements AsyncDisposable {
  /** Where it was built. */
  readonly folder: string;
  /** The path of the file of pkgstash. */
  readonly file: string;
  /** The path of the file of pkgstash-builder. */
  readonly builderFile: string;

  private constructor(folder: string, file: string) {
    this.folder = folder;
    this.file = file;
    this.builderFile = file.replace(/pkgstash-(?=[^/]*$)/, "pkgstash-builder-");
  }

  /** Builds the last commit; changes in the working tree are not in it. */
  static async build(): Promise<BuiltPackage> {
    const folder = await Deno.makeTempDir({ prefix: "pkgstash-package-" });
    await Deno.chmod(folder, 0o755);
    await runCommand([Deno.execPath(), "task", "source"], { cwd: PROJECT });
    await runCommand(["cp", "-rT", join(PROJECT, "dist/package"), folder]);
    const file = await makepkg(folder, {
      name: "pkgstash",
      configuration: CONFIGURATION,
      env: {
        PATH: `${dirname(COMPILER)}:${searchPath()}`,
        DENO_DIR: await copyOfDownloads(folder),
      },
    });
    return new BuiltPackage(folder, file);
  }

  /** Builds its next release, whose configuration file has one more line; returns its path. */
  async next(): Promise<string> {
    const recipe = join(this.folder, "PKGBUILD");
    const text = await Deno.readTextFile(recipe);
    const installing = /^.*deploy\/install\.sh pkgstash .*$/m;
    const line = `  echo "# Another line" >>"$pkgdir/etc/pkgstash/pkgstash.toml"`;
    if (!installing.test(text)) throw new Error("The PKGBUILD installs no configuration.");
    await Deno.writeTextFile(
      recipe,
      text.replace("pkgrel=1", "pkgrel=2").replace(installing, (found) => `${found}\n${line}`),
    );
    return await makepkg(this.folder, {
      name: "pkgstash",
      configuration: CONFIGURATION,
      args: ["--repackage"],
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** Copies the npm packages that Deno has downloaded, for the user who builds. */
async function copyOfDownloads(folder: string): Promise<string> {
  const { npmCache } = JSON.parse(await runCommand([Deno.execPath(), "info", "--json"]));
  const copy = join(folder, "deno");
  await Deno.mkdir(copy);
  await runCommand(["cp", "-rT", npmCache, join(copy, "npm")]);
  return copy;
}
