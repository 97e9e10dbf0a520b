/**
 * Writes the input of makepkg to `dist/package`: an archive of the last commit, the PKGBUILD with the
 * version of deno.json and the checksum of the archive, and the install scripts. `deno task source`.
 */
import { encodeHex } from "@std/encoding/hex";
import { fromFileUrl, join } from "@std/path";
import { VERSION } from "../../src/version.ts";

const PROJECT = fromFileUrl(new URL("../../", import.meta.url));
const FOLDER = join(PROJECT, "dist/package");

await Deno.mkdir(FOLDER, { recursive: true });
const archive = join(FOLDER, `pkgstash-${VERSION}.tar.gz`);
await writeArchive(archive);
const digest = encodeHex(await crypto.subtle.digest("SHA-256", await Deno.readFile(archive)));
const recipe = await Deno.readTextFile(join(PROJECT, "PKGBUILD"));
await Deno.writeTextFile(
  join(FOLDER, "PKGBUILD"),
  recipe.replace(/^pkgver=.*$/m, `pkgver=${VERSION}`)
    .replace(/^sha256sums=.*$/m, `sha256sums=(${digest})`),
);
for (const script of ["pkgstash.install", "pkgstash-builder.install"]) {
  await Deno.copyFile(join(PROJECT, "deploy", script), join(FOLDER, script));
}

async function writeArchive(file: string): Promise<void> {
  const { success, stderr } = await new Deno.Command("git", {
    args: ["archive", `--prefix=pkgstash-${VERSION}/`, `--output=${file}`, "HEAD"],
    cwd: PROJECT,
  }).output();
  if (success) return;
  const reason = new TextDecoder().decode(stderr).trim();
  throw new Error(`Cannot archive the source: ${reason}. Run this in a git clone.`);
}
