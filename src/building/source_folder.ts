import { join } from "@std/path";
import { PkgstashError, reasonOf } from "../errors.ts";
import { sha256Of } from "../platform/files/file_digest.ts";
import { type SourceFile, sourceFile, type SourceTree } from "./source_tree.ts";

/** Largest file whose content is kept; the AUR rejects larger ones. Of others, only a digest is. */
const MAX_CONTENT_BYTES = 1 << 20;
/** Largest file that is read. */
const MAX_DIGEST_BYTES = 1 << 28;
const MAX_FILES = 10_000;
const MAX_DEPTH = 16;
/** As in git, the owner's permission decides. */
const EXECUTABLE = 0o100;
const encoder = new TextEncoder();

/**
 * Reads a folder as a package source, without its `.git`. Links are read, never followed. A folder
 * with its own `.git`, or without files, is a submodule: git does not track empty folders.
 * @throws {PkgstashError} of kind "not_found" or "storage" if it cannot be read, of kind "content" if
 * it contains devices or the like, or far more than any package source.
 */
export async function readSourceFolder(folder: string): Promise<SourceTree> {
  const tree = new Map<string, SourceFile>();
  try {
    await collect(folder, "", tree);
  } catch (error) {
    if (error instanceof PkgstashError) throw error;
    const kind = error instanceof Deno.errors.NotFound ? "not_found" : "storage";
    throw new PkgstashError(kind, `Cannot read the folder ${folder}: ${reasonOf(error)}.`, {
      cause: error,
    });
  }
  return tree;
}

async function collect(root: string, inside: string, tree: Map<string, SourceFile>): Promise<void> {
  if (inside.split("/").length > MAX_DEPTH) throw refusal(root, `${inside} is nested too deeply`);
  for await (const { name } of Deno.readDir(join(root, inside))) {
    if (inside === "" && name === ".git") continue;
    const path = inside === "" ? name : `${inside}/${name}`;
    if (tree.size >= MAX_FILES) throw refusal(root, `it has more than ${MAX_FILES} files`);
    const info = await Deno.lstat(join(root, path));
    if (info.isDirectory && !(await isSubmodule(join(root, path)))) {
      await collect(root, path, tree);
    } else if (info.isDirectory) {
      tree.set(path, { path, mode: "160000", content: null, size: 0 });
    } else if (info.isSymlink) {
      tree.set(
        path,
        sourceFile(path, encoder.encode(await Deno.readLink(join(root, path))), "120000"),
      );
    } else if (info.isFile) {
      tree.set(path, await readFile(join(root, path), path, info));
    } else {
      throw refusal(root, `${path} is neither a file, a folder nor a link`);
    }
  }
}

async function isSubmodule(folder: string): Promise<boolean> {
  let isEmpty = true;
  for await (const { name } of Deno.readDir(folder)) {
    if (name === ".git") return true;
    isEmpty = false;
  }
  return isEmpty;
}

async function readFile(at: string, path: string, info: Deno.FileInfo): Promise<SourceFile> {
  const mode = ((info.mode ?? 0) & EXECUTABLE) === 0 ? "100644" : "100755";
  if (info.size <= MAX_CONTENT_BYTES) return sourceFile(path, await Deno.readFile(at), mode);
  const unread: SourceFile = { path, mode, content: null, size: info.size };
  return info.size <= MAX_DIGEST_BYTES ? { ...unread, sha256: await sha256Of(at) } : unread;
}

function refusal(folder: string, why: string): PkgstashError {
  return new PkgstashError(
    "content",
    `Cannot read the folder ${folder} as a package source: ${why}. ` +
      "Name the folder that contains the PKGBUILD.",
  );
}
