import { encodeBase64 } from "@std/encoding/base64";
import { basename } from "@std/path";
import { createHash } from "node:crypto";
import { descText, filesText } from "../../../src/formats/pacman/database_entry.ts";
import { readPackageArchive } from "../../../src/formats/pacman/package_archive.ts";
import { pacmanIsAtLeast } from "./pacman_client.ts";
import type { RepoAddEntry } from "./repo_add.ts";

/**
 * The entry that pkgstash makes of a package file, with the signature beside it. So that it can be
 * compared with that of repo-add, it has %MD5SUM% where repo-add writes it: until pacman 6.1.
 */
export async function ownEntry(path: string): Promise<RepoAddEntry> {
  const bytes = await Deno.readFile(path);
  const { info, files } = await readPackageArchive(new Response(bytes).body!, basename(path));
  const signature = await Deno.readFile(`${path}.sig`).catch(() => null);
  const digest = (algorithm: string) => createHash(algorithm).update(bytes).digest("hex");
  const desc = descText(info, {
    fileName: basename(path),
    size: bytes.length,
    sha256: digest("sha256"),
    ...(await pacmanIsAtLeast(6, 1) ? {} : { md5: digest("md5") }),
    ...(signature === null ? {} : { signature: encodeBase64(signature) }),
  });
  return { folder: `${info.name}-${info.version}`, desc, files: filesText(files) };
}
