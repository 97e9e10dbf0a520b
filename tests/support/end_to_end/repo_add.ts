import { join } from "@std/path";
import { runCommand } from "../child_process.ts";
import { pacmanIsAtLeast } from "./pacman_client.ts";

/** What the real repo-add wrote of one package. */
export interface RepoAddEntry {
  /** The folder, `name-version`. */
  readonly folder: string;
  readonly desc: string;
  readonly files: string;
}

// It prints and compares characters as the locale has them; repositories are made in UTF-8.
const LOCALE = { LC_ALL: "C.UTF-8" };

/**
 * Runs the real repo-add in `folder`, where the packages are, on the database `name`; signatures
 * beside the packages are embedded.
 */
export async function repoAdd(
  folder: string,
  name: string,
  packages: readonly string[],
): Promise<void> {
  const embed = await pacmanIsAtLeast(6, 1) ? ["--include-sigs"] : [];
  await runCommand(["repo-add", "--quiet", ...embed, `${name}.db.tar.gz`, ...packages], {
    cwd: folder,
    env: LOCALE,
  });
}

/** The entries of the database `name` in `folder`, by folder. */
export async function repoAddEntries(
  folder: string,
  name: string,
): Promise<Map<string, RepoAddEntry>> {
  const unpacked = await Deno.makeTempDir({ dir: folder });
  await runCommand(["bsdtar", "-xf", join(folder, `${name}.files.tar.gz`), "-C", unpacked]);
  const entries = new Map<string, RepoAddEntry>();
  for (const { name: entry } of Deno.readDirSync(unpacked)) {
    const read = (file: string) => Deno.readTextFileSync(join(unpacked, entry, file));
    entries.set(entry, { folder: entry, desc: read("desc"), files: read("files") });
  }
  return entries;
}
