/**
 * Makes what makepkg wants, in `dist/package`: the archive of the last commit, the PKGBUILD with the
 * version of deno.json and the archive's checksum, and the install script.
 */
import { encodeHex } from "@std/encoding/hex";
import { fromFileUrl, join } from "@std/path";
import { VERSION } from "../../src/version.ts";

const PROJECT = fromFileUrl(new URL("../../", import.meta.url));
const FOLDER = join(PROJECT, "dist/package");

await Deno.mkdir(FOLDER, { recursive: true });
const archive = join(FOLDER, `pkgstash-${VERSION}.tar.gz`);
await archiveInto(archive);
const digest = encodeHex(await crypto.subtle.digest("SHA-256", await Deno.readFile(archive)));
const recipe = await Deno.readTextFile(join(PROJECT, "PKGBUILD"));
await Deno.writeTextFile(
  join(FOLDER, "PKGBUILD"),
  recipe.replace(/^pkgver=.*$/m, `pkgver=${VERSION}`)
    .replace(/^sha256sums=.*$/m, `sha256sums=(${digest})`),
);
await Deno.copyFile(join(PROJECT, "deploy/pkgstash.install"), join(FOLDER, "pkgstash.install"));

async function archiveInto(file: string): Promise<void> {
  const { success } = await new Deno.Command("git", {
    args: ["archive", `--prefix=pkgstash-${VERSION}/`, `--output=${file}`, "HEAD"],
    cwd: PROJECT,
  }).output();
  if (!success) throw new Error(`Cannot make ${file}: "git archive" failed in ${PROJECT}`);
}
