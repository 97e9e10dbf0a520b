import { concat } from "@std/bytes/concat";
import { PkgstashError } from "../../errors.ts";
import { TAR_END, tarMembers, type WrittenMember } from "../../formats/archive/tar_writer.ts";
import type { SourceFile, SourceTree } from "../source_tree.ts";

/**
 * The files of a tree as an uncompressed tar archive: files, executables and symbolic links.
 *
 * @throws PkgstashError `conflict` if the content of a file is unknown.
 */
export function treeTar(tree: SourceTree): Uint8Array<ArrayBuffer> {
  const paths = [...tree.keys()].sort();
  const folders = new Set(
    paths.flatMap((path) =>
      path.split("/").slice(0, -1).map((_, index, parts) =>
        `${parts.slice(0, index + 1).join("/")}/`
      )
    ),
  );
  return concat([
    tarMembers([...folders].sort().map((name) => ({ name, body: null }))),
    tarMembers(paths.map((path) => memberOf(tree.get(path)!))),
    TAR_END,
  ]);
}

function memberOf({ path, mode, content }: SourceFile): WrittenMember {
  if (content === null || mode === "160000") {
    throw new PkgstashError(
      "conflict",
      `Cannot build it: ${path} is ${mode === "160000" ? "a submodule" : "too large to be kept"}.`,
    );
  }
  if (mode === "120000") {
    return { name: path, body: null, link: new TextDecoder().decode(content) };
  }
  return { name: path, body: content, mode: mode === "100755" ? 0o755 : 0o644 };
}
