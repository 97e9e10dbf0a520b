import { basename, dirname, fromFileUrl, join } from "@std/path";

const SOURCE = fromFileUrl(new URL("../../../../shared/data/mirror-armv7h", import.meta.url));
const PACKAGE = /^(.+)-[^-]+-[^-]+-[^-]+\.pkg\.tar\.[a-z]+$/;

/** Whether the part of a real Arch Linux ARM mirror is beside the project. */
export function realMirrorExists(): boolean {
  try {
    return Deno.statSync(join(SOURCE, "MTIMES.tsv")).isFile;
  } catch {
    return false;
  }
}

/** A package of the real mirror. */
export interface RealPackage {
  readonly name: string;
  readonly file: string;
  readonly path: string;
}

/**
 * Copies the real mirror into an empty folder, each file with its time on the day it was taken, and
 * `<repo>.db` as the link to `<repo>.db.tar.gz` that it is on a mirror.
 * @returns the packages that are there.
 */
export async function copyRealMirror(folder: string): Promise<RealPackage[]> {
  const packages: RealPackage[] = [];
  for (const row of (await Deno.readTextFile(join(SOURCE, "MTIMES.tsv"))).trim().split("\n")) {
    const [seconds, relative] = row.split("\t");
    if (seconds === undefined || relative === undefined || !relative.includes("/")) continue;
    const path = join(folder, relative);
    const file = basename(path);
    await Deno.mkdir(dirname(path), { recursive: true });
    if (file.endsWith(".db")) {
      await Deno.symlink(`${file}.tar.gz`, path);
      continue;
    }
    await Deno.writeFile(path, await Deno.readFile(join(SOURCE, relative)));
    await Deno.utime(path, Number(seconds), Number(seconds));
    const name = PACKAGE.exec(file)?.[1];
    if (name !== undefined) packages.push({ name, file, path });
  }
  return packages;
}
