import { reasonOf } from "../../errors.ts";
import { parseSrcinfo, type Srcinfo, type SrcinfoSection } from "../../formats/pacman/srcinfo.ts";
import { RELATIONS, singleOf, withoutOwnVersion } from "./approved_metadata.ts";

/** Maximum number of characters shown of a value. */
const MAX_SHOWN = 200;

/**
 * The differences between the metadata from makepkg in the sandbox and the approved ones, a sentence
 * each; empty if there are none. The order of keys does not matter, the order of a key's values does.
 * A rebuild has another pkgrel, and a package that follows a source may have another pkgver.
 */
export function metadataDifferences(
  approved: string,
  printed: string,
  { pkgrel, isVcs }: { pkgrel: string | null; isVcs: boolean },
): string[] {
  let expected: Srcinfo;
  try {
    expected = parseSrcinfo(approved);
  } catch (error) {
    return [`the approved .SRCINFO cannot be read (${reasonOf(error)})`];
  }
  let found: Srcinfo;
  try {
    found = parseSrcinfo(printed);
  } catch (error) {
    return [`the output of makepkg --printsrcinfo cannot be read (${reasonOf(error)})`];
  }
  const wanted = sectionsOf(expected, { pkgrel, isVcs });
  const given = sectionsOf(found, { pkgrel: null, isVcs });
  const differences: string[] = [];
  for (const title of new Set([...wanted.keys(), ...given.keys()])) {
    const [one, other] = [wanted.get(title), given.get(title)];
    if (one === undefined) differences.push(`${title} was added`);
    else if (other === undefined) differences.push(`${title} is missing`);
    else differences.push(...keyDifferences(title, one, other));
  }
  return differences;
}

/** Values by key, by the title of the section. */
type Sections = Map<string, Map<string, string[]>>;

function sectionsOf(
  srcinfo: Srcinfo,
  { pkgrel, isVcs }: { pkgrel: string | null; isVcs: boolean },
): Sections {
  const { base } = srcinfo;
  const own = {
    pkgver: singleOf(base, "pkgver"),
    pkgrel: singleOf(base, "pkgrel"),
    epoch: singleOf(base, "epoch"),
  };
  const valueOf = (key: string, value: string) => {
    if (key === "pkgrel" && pkgrel !== null) return pkgrel;
    if (key === "pkgver" && isVcs) return "(any)";
    return RELATIONS.has(key.replace(/_.*$/, "")) ? withoutOwnVersion(value, own) : value;
  };
  const valuesIn = (section: SrcinfoSection) => {
    const values = new Map<string, string[]>();
    for (const { key, value } of section.lines) {
      values.set(key, [...values.get(key) ?? [], valueOf(key, value)]);
    }
    return values;
  };
  return new Map([
    [`the base ${base.name}`, valuesIn(base)],
    ...srcinfo.packages.map((section): [string, Map<string, string[]>] => [
      `the package ${section.name}`,
      valuesIn(section),
    ]),
  ]);
}

function keyDifferences(
  title: string,
  wanted: ReadonlyMap<string, readonly string[]>,
  given: ReadonlyMap<string, readonly string[]>,
): string[] {
  return [...new Set([...wanted.keys(), ...given.keys()])].flatMap((key) => {
    const [one, other] = [wanted.get(key) ?? [], given.get(key) ?? []];
    if (one.length === other.length && one.every((value, at) => value === other[at])) return [];
    return [`${key} of ${title} is ${shown(other)} instead of ${shown(one)}`];
  });
}

function shown(values: readonly string[]): string {
  if (values.length === 0) return "nothing";
  const text = values.map((value) => JSON.stringify(value)).join(", ");
  return text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN)}...`;
}
