import { PkgstashError } from "../../errors.ts";
import { isAurName } from "../../formats/aur/rpc_answer.ts";
import { parseSrcinfo, valuesOf, versionOf } from "../../formats/pacman/srcinfo.ts";
import type { SourceTree } from "../source_tree.ts";

/** Metadata from the `.SRCINFO` of a tree. */
export interface TreeMetadata {
  readonly base: string;
  /** Its package names. */
  readonly names: readonly string[];
  /** `[epoch:]pkgver-pkgrel` */
  readonly version: string;
  readonly architectures: readonly string[];
  readonly description: string | null;
  /** `depends`, `makedepends` and `checkdepends` of all packages and architectures. */
  readonly dependencies: readonly string[];
  readonly provides: readonly string[];
}

const DEPENDENCIES = /^(?:depends|makedepends|checkdepends)(?:_|$)/;

/**
 * Reads the `.SRCINFO` of a tree.
 *
 * @throws PkgstashError `content` if there is no PKGBUILD or no `.SRCINFO`, or if it is incomplete.
 */
export function metadataOf(tree: SourceTree): TreeMetadata {
  const pkgbuild = tree.get("PKGBUILD");
  if (pkgbuild === undefined || pkgbuild.content === null) throw lacking("no PKGBUILD");
  const content = tree.get(".SRCINFO")?.content ?? null;
  if (content === null) {
    throw lacking("no .SRCINFO. Create it with makepkg --printsrcinfo > .SRCINFO");
  }
  const srcinfo = parseSrcinfo(new TextDecoder().decode(content));
  const { base, packages } = srcinfo;
  const version = versionOf(srcinfo);
  if (version === null) throw lacking("no version in its .SRCINFO");
  const odd = [base, ...packages].find(({ name }) => !isAurName(name));
  if (odd !== undefined) throw lacking(`the name ${JSON.stringify(odd.name.slice(0, 100))}`);
  const lines = [base, ...packages].flatMap((section) => section.lines);
  const valuesWith = (isWanted: (key: string) => boolean) => [
    ...new Set(
      lines.filter(({ key, value }) => isWanted(key) && value !== "")
        .map(({ value }) => value),
    ),
  ];
  return {
    base: base.name,
    names: packages.map(({ name }) => name),
    version,
    architectures: valuesOf(base, "arch") ?? [],
    description: valuesOf(base, "pkgdesc")?.[0] ?? null,
    dependencies: valuesWith((key) => DEPENDENCIES.test(key)),
    provides: valuesWith((key) => /^provides(?:_|$)/.test(key)),
  };
}

function lacking(what: string): PkgstashError {
  return new PkgstashError("content", `Cannot use the package source: it has ${what}.`);
}
