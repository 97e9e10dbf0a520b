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

console.log(`${archive} and a PKGBUILD; next: cd dist/package && makepkg -si`);
const changed = (await git("status", "--porcelain")).split("\n").filter((line) => line !== "");
if (changed.length > 0) {
  console.error(
    `Left out, because only what is committed is packaged:\n${
      changed.map((line) => `  ${line}`).join("\n")
    }`,
  );
}

async function writeArchive(file: string): Promise<void> {
  await git("archive", `--prefix=pkgstash-${VERSION}/`, `--output=${file}`, "HEAD");
}

async function git(...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command("git", { args, cwd: PROJECT })
    .output();
  const [text, reason] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  if (success) return text!;
  throw new Error(`Cannot archive the source: ${reason!.trim()}. Run this in a git clone.`);
}
