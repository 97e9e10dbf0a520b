import { contentDigest, isSameFile, type SourceFile, type SourceTree } from "../source_tree.ts";
import { type Fact, type FactKind, PKGBUILD, SRCINFO } from "./fact.ts";

/** Compares the files of two trees, except the texts of PKGBUILD and .SRCINFO. */
export function compareFiles(before: SourceTree, after: SourceTree): Fact[] {
  const paths = new Set([...before.keys(), ...after.keys()]);
  return [...paths].sort().flatMap((path) =>
    compareFile(path, before.get(path) ?? null, after.get(path) ?? null)
  );
}

function compareFile(path: string, before: SourceFile | null, after: SourceFile | null): Fact[] {
  const kind: FactKind = /\.install$/.test(path)
    ? "install"
    : path === SRCINFO
    ? "srcinfo"
    : "file";
  const fact = (reason: string, of: FactKind = kind): Fact => ({
    kind: of,
    class: "review",
    file: path,
    line: null,
    before: before && describeFile(before),
    after: after && describeFile(after),
    reason,
  });
  if (before === null) return [fact("The file is added.")];
  if (after === null) return [fact("The file is removed.")];
  const facts = before.mode === after.mode ? [] : [fact("The mode of the file changes.", "mode")];
  const isText = (path === PKGBUILD || path === SRCINFO) && isFile(before) && isFile(after);
  if (isText) return facts;
  if (contentDigest(before) === null || contentDigest(after) === null) {
    return [...facts, fact("The content cannot be compared.")];
  }
  if (isSameFile({ ...before, mode: after.mode }, after)) return facts;
  return [
    ...facts,
    fact(
      kind === "install"
        ? "An install script changes; it runs as root on every client."
        : "The content of the file changes.",
    ),
  ];
}

/** Whether a file is neither a link nor a submodule. */
export function isFile({ mode }: SourceFile): boolean {
  return mode === "100644" || mode === "100755";
}

/** A file in a few words, such as `100644, 12 bytes`. */
export function describeFile({ mode, size }: SourceFile): string {
  return `${mode}, ${size} bytes`;
}
