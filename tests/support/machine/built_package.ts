import { dirname, fromFileUrl, join } from "@std/path";
import { searchPath } from "../end_to_end/required_tools.ts";
import { runCommand } from "../child_process.ts";
import { COMPILER } from "./binary_file.ts";
import { makepkg } from "./makepkg.ts";

const PROJECT = fromFileUrl(new URL("../../../", import.meta.url));

/** The package as makepkg makes it from the source archive, and a later build of it. */
export class BuiltPackage implements AsyncDisposable {
  private constructor(readonly folder: string, readonly file: string) {}

  /** Builds the last commit. */
  static async build(): Promise<BuiltPackage> {
    const folder = await Deno.makeTempDir({ prefix: "pkgstash-package-" });
    await Deno.chmod(folder, 0o755);
    await runCommand([Deno.execPath(), "task", "source"], { cwd: PROJECT });
    await runCommand(["cp", "-rT", join(PROJECT, "dist/package"), folder]);
    const file = await makepkg(folder, {
      PATH: `${dirname(COMPILER)}:${searchPath()}`,
      DENO_DIR: await copyOfDownloads(folder),
    });
    return new BuiltPackage(folder, file);
  }

  /** The next release of it, whose configuration file has one more line. */
  async next(): Promise<string> {
    const recipe = join(this.folder, "PKGBUILD");
    const text = await Deno.readTextFile(recipe);
    const line = `  echo "# Another line" >>"$pkgdir/etc/pkgstash/pkgstash.toml"`;
    await Deno.writeTextFile(
      recipe,
      text.replace("pkgrel=1", "pkgrel=2").replace(/\n\}\n$/, `\n${line}\n}\n`),
    );
    return await makepkg(this.folder, {}, "--repackage");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** The npm packages that Deno has fetched already, for a user who has none. */
async function copyOfDownloads(folder: string): Promise<string> {
  const { npmCache } = JSON.parse(await runCommand([Deno.execPath(), "info", "--json"]));
  const copy = join(folder, "deno");
  await Deno.mkdir(copy);
  await runCommand(["cp", "-rT", npmCache, join(copy, "npm")]);
  return copy;
}
