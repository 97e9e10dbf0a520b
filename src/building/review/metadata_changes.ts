import { parseDependency } from "../../formats/pacman/dependency.ts";
import { CHECKSUM_DIGITS, plainKey } from "../../formats/pkgbuild/metadata.ts";
import { isChecksum, kindOf } from "./assignment_changes.ts";
import { isSuspicious } from "../../formats/text/characters.ts";
import type { FactClass } from "./fact.ts";
import { faultOfSourceChange, parseSourceEntry, storedName } from "./source_entry.ts";
import { isSubstituted, type Substitution } from "./substitution.ts";

/** The judgement on the change of one metadata key. */
export interface MetadataChange {
  readonly class: FactClass;
  readonly reason: string;
}

/** What may change with a version. */
export interface Allowance {
  /** The package's own version: pkgver, pkgrel, and both with the epoch. */
  readonly ownVersion: readonly Substitution[];
  /** Every value of the PKGBUILD that changes. */
  readonly values: readonly Substitution[];
  /** Entries of `source` before and after. */
  readonly sources: readonly Substitution[];
}

const DEPENDENCIES = new Set(["depends", "makedepends", "checkdepends", "optdepends"]);
const RELATIONS = new Set(["conflicts", "replaces"]);

/** Judges the change of a key's values; null if they are the same. */
export function judgeMetadata(
  key: string,
  before: readonly string[],
  after: readonly string[],
  allowance: Allowance,
): MetadataChange | null {
  if (before.length === after.length && before.every((each, index) => each === after[index])) {
    return null;
  }
  const plain = plainKey(key);
  // The version is judged as a whole, by comparison.
  if (plain === "pkgver" || plain === "pkgrel") return value("The version changes.");
  if (after.some(isSuspicious)) {
    return review(`${key} contains a character outside printable ASCII.`);
  }
  if (plain === "pkgdesc" || plain === "license") {
    return { class: "harmless", reason: `${key} changes.` };
  }
  if (before.length !== after.length) return review(`${key} has a different number of values.`);
  const changes = after.flatMap((each, index) =>
    each === before[index] ? [] : [{ before: before[index]!, after: each }]
  );
  if (plain in CHECKSUM_DIGITS) return judgeChecksums(changes, CHECKSUM_DIGITS[plain]!);
  if (plain === "source") {
    for (const change of changes) {
      const fault = faultOfSourceChange(change.before, change.after);
      if (fault !== null) return review(fault);
    }
    return value("Same sources in another version.");
  }
  if (plain === "noextract") {
    const names = allowance.sources.map((source) => ({
      before: storedName(parseSourceEntry(source.before)),
      after: storedName(parseSourceEntry(source.after)),
    }));
    const isNamed = changes.every((change) =>
      names.some((name) => name.before === change.before && name.after === change.after)
    );
    return isNamed
      ? value("noextract lists the same sources.")
      : review("noextract lists different sources.");
  }
  if (DEPENDENCIES.has(plain) || RELATIONS.has(plain)) {
    return changes.every((change) => isSameRelation(change, allowance.ownVersion))
      ? value("Only the package's own version changes in a relation.")
      : review(`${key} changes.`);
  }
  if (plain === "provides") {
    return changes.every((change) => isSameRelation(change, allowance.values))
      ? value("Same provided names in another version.")
      : review("provides changes.");
  }
  return review(`${kindOf(key) === "install" ? "The install script" : key} changes.`);
}

function judgeChecksums(changes: readonly Substitution[], digits: number): MetadataChange {
  const isKept = changes.every(({ before, after }) =>
    isChecksum(before, digits) && isChecksum(after, digits)
  );
  return isKept
    ? value("Same number and kind of checksums.")
    : review("A checksum becomes SKIP or a different kind.");
}

/** Whether name and operator are the same, and the version changes only by the substitutions. */
function isSameRelation(
  { before, after }: Substitution,
  versions: readonly Substitution[],
): boolean {
  const [old, now] = [parseDependency(before), parseDependency(after)];
  if (old.name !== now.name || old.constraint?.operator !== now.constraint?.operator) return false;
  if (old.constraint === null || now.constraint === null) return false;
  return isSubstituted(old.constraint.version, now.constraint.version, versions);
}

function value(reason: string): MetadataChange {
  return { class: "value", reason };
}

function review(reason: string): MetadataChange {
  return { class: "review", reason };
}
