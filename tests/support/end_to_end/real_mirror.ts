import { basename, dirname, join } from "@std/path";
import { REAL_DATA } from "../real_data.ts";

const SOURCE = join(REAL_DATA, "mirror-armv7h");
const PACKAGE = /^(.+)-[^-]+-[^-]+-[^-]+\.pkg\.tar\.[a-z]+$/;

/** Whether the excerpt of a real Arch Linux ARM mirror is among the real data. */
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
 * Copies the excerpt into an empty folder, with the original modification times, and with
 * `<repo>.db` as a link to `<repo>.db.tar.gz`, as on a mirror.
 * @returns the packages in it.
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
