import { join } from "@std/path";

/** `git archive` writes the commit into this file (gitattributes(5), export-subst). */
const ARCHIVED = "deploy/build/archived_commit.txt";

/**
 * The commit of a source tree, from the first source that knows it: `PKGSTASH_COMMIT`, the git clone
 * ("-dirty" if files were changed), or the source archive; otherwise "unknown".
 */
export async function commitOf(folder: string): Promise<string> {
  return Deno.env.get("PKGSTASH_COMMIT") || await commitOfClone(folder) ||
    await commitOfArchive(folder) || "unknown";
}

async function commitOfClone(folder: string): Promise<string | null> {
  try {
    // git would also find the repository around a tree that was unpacked inside a clone.
    await Deno.lstat(join(folder, ".git"));
    const { success, stdout } = await new Deno.Command("git", {
      args: ["-C", folder, "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"],
      stderr: "null",
    }).output();
    return success ? new TextDecoder().decode(stdout).trim() : null;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

async function commitOfArchive(folder: string): Promise<string | null> {
  try {
    const text = (await Deno.readTextFile(join(folder, ARCHIVED))).trim();
    return /^[0-9a-f]{40}$/.test(text) ? text.slice(0, 12) : null;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
