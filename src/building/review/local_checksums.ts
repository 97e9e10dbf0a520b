import { createHash } from "node:crypto";
import { baseValues, CHECKSUM_DIGITS, plainKey } from "../../formats/pkgbuild/metadata.ts";
import type { SourceTree } from "../source_tree.ts";
import { type Fact, PKGBUILD } from "./fact.ts";
import type { ReadSource } from "./metadata_comparison.ts";
import { isLocal, parseSourceEntry, storedName } from "./source_entry.ts";

/** The names of checksum types in node:crypto; other types are not checked here. */
const ALGORITHMS: Readonly<Record<string, string>> = {
  md5sums: "md5",
  sha1sums: "sha1",
  sha224sums: "sha224",
  sha256sums: "sha256",
  sha384sums: "sha384",
  sha512sums: "sha512",
  b2sums: "blake2b512",
};

/**
 * The checksum of a file in the tree may change only to match that file. The build checks downloads;
 * a download must not take the name of a file in the tree.
 */
export function checkLocalSources(before: ReadSource, after: ReadSource, tree: SourceTree): Fact[] {
  const keys = [...after.evaluation.variables.keys()].filter((name) =>
    plainKey(name) in CHECKSUM_DIGITS
  );
  const facts = keys.flatMap((key) => checkKey(key, before, after, tree));
  return [...facts, ...checkNames(before, after, tree)];
}

function checkKey(key: string, before: ReadSource, after: ReadSource, tree: SourceTree): Fact[] {
  const suffix = key.slice(plainKey(key).length);
  const [was, is] = [baseValues(before.evaluation, key), baseValues(after.evaluation, key)];
  const entries = baseValues(after.evaluation, `source${suffix}`);
  if (was === null || is === null || entries === null) return [];
  return is.flatMap((sum, index) => {
    const entry = parseSourceEntry(entries[index] ?? "");
    if (sum === was[index] || entries[index] === undefined || !isLocal(entry)) return [];
    const path = entry.path.join("/");
    const content = tree.get(path)?.content;
    const algorithm = ALGORITHMS[plainKey(key)];
    const actual = content && algorithm && createHash(algorithm).update(content).digest("hex");
    if (actual === sum.toLowerCase()) return [];
    return [{
      kind: "checksum",
      class: "review",
      file: PKGBUILD,
      line: null,
      before: was[index] ?? null,
      after: sum,
      reason: `The checksum of the local file ${path} changes and does not match the file.`,
    }];
  });
}

function checkNames(before: ReadSource, after: ReadSource, tree: SourceTree): Fact[] {
  const keys = [...after.evaluation.variables.keys()].filter((name) => plainKey(name) === "source");
  const namesOf = (source: ReadSource) =>
    new Set(
      keys.flatMap((key) => baseValues(source.evaluation, key) ?? []).flatMap((each) => {
        const entry = parseSourceEntry(each);
        const name = isLocal(entry) ? null : storedName(entry);
        return name === null ? [] : [name];
      }),
    );
  const known = namesOf(before);
  return [...namesOf(after)].filter((name) => tree.has(name) && !known.has(name)).map((name) => ({
    kind: "source",
    class: "review",
    file: PKGBUILD,
    line: null,
    before: null,
    after: name,
    reason: "A download gets the name of a file in the tree.",
  }));
}
