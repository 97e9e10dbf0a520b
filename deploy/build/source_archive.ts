/**
 * Writes the input of makepkg to `dist/package`: an archive of the last commit, the PKGBUILD with the
 * version of deno.json and the checksum of the archive, and the install scripts. `deno task source`.
 */
import { encodeHex } from "@std/encoding/hex";
import { basename, fromFileUrl, join } from "@std/path";
import { VERSION } from "../../src/version.ts";

export const PROJECT = fromFileUrl(new URL("../../", import.meta.url));
const INSTALL_SCRIPTS = ["pkgstash.install", "pkgstash-builder.install"];

/** Writes an archive of the last commit into a folder, and all that makepkg needs; returns its path. */
export async function writeSourcePackage(folder: string): Promise<string> {
  await Deno.mkdir(folder, { recursive: true });
  const archive = join(folder, `pkgstash-${VERSION}.tar.gz`);
  await outputOf("git", "archive", `--prefix=pkgstash-${VERSION}/`, `--output=${archive}`, "HEAD");
  await writeRecipe(join(PROJECT, "PKGBUILD"), folder, archive);
  return archive;
}

/**
 * Writes a PKGBUILD into a folder, with the version of deno.json, the checksum of its archive, and
 * the URL of the PKGBUILD at the top; and the install scripts.
 */
export async function writeRecipe(recipe: string, folder: string, archive: string): Promise<void> {
  const text = await Deno.readTextFile(recipe);
  await Deno.writeTextFile(
    join(folder, basename(recipe)),
    text.replace(/^pkgver=.*$/m, `pkgver=${VERSION}`)
      .replace(/^url=.*$/m, `url=${await projectUrl()}`)
      .replace(/^sha256sums=.*$/m, `sha256sums=(${await sha256Of(archive)})`),
  );
  for (const script of INSTALL_SCRIPTS) {
    await Deno.copyFile(join(PROJECT, "deploy", script), join(folder, script));
  }
}

/** Where the project lives, as the PKGBUILD has it; empty if nowhere. */
export async function projectUrl(): Promise<string> {
  const recipe = await Deno.readTextFile(join(PROJECT, "PKGBUILD"));
  return /^url=(.*)$/m.exec(recipe)?.[1] ?? "";
}

/** The SHA-256 of a file, in hexadecimal digits. */
export async function sha256Of(path: string): Promise<string> {
  return encodeHex(await crypto.subtle.digest("SHA-256", await Deno.readFile(path)));
}

/** What git says is not committed, one file a line. */
export async function uncommitted(): Promise<string[]> {
  return (await outputOf("git", "status", "--porcelain")).split("\n").filter((line) => line !== "");
}

/** Runs a program in the project; returns what it prints. */
export async function outputOf(program: string, ...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, { args, cwd: PROJECT })
    .output();
  const [text, reason] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  if (success) return text!;
  throw new Error(
    `Cannot run ${program} ${args[0]}: ${reason!.trim()}.` +
      (program === "git" ? " Run this in a git clone." : ""),
  );
}

if (import.meta.main) {
  const archive = await writeSourcePackage(join(PROJECT, "dist/package"));
  console.log(`${archive} and a PKGBUILD; next: cd dist/package && makepkg -si`);
  const changed = await uncommitted();
  if (changed.length > 0) {
    console.error(
      `Left out, because only what is committed is packaged:\n${
        changed.map((line) => `  ${line}`).join("\n")
      }`,
    );
  }
}
