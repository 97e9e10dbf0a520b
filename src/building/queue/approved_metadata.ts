import type { Dependency } from "../../formats/pacman/dependency.ts";
import { parseDependency } from "../../formats/pacman/dependency.ts";
import { type FollowedSource, followedSourceOf } from "../../formats/pacman/vcs_source.ts";
import { type Srcinfo, type SrcinfoSection, valuesOf } from "../../formats/pacman/srcinfo.ts";

/** Keys whose values are relations, which may have the package's own version in them. */
export const RELATIONS: ReadonlySet<string> = new Set([
  "depends",
  "makedepends",
  "checkdepends",
  "optdepends",
  "provides",
  "conflicts",
  "replaces",
]);

/**
 * The values of a key for one package and one architecture: its own in place of those of the base,
 * and those for the architecture beside them.
 */
export function valuesFor(
  srcinfo: Srcinfo,
  key: string,
  { packageName, architecture }: { packageName: string; architecture: string },
): string[] {
  const own = srcinfo.packages.find(({ name }) => name === packageName);
  const of = (name: string) => {
    const values = (own === undefined ? null : valuesOf(own, name)) ?? valuesOf(srcinfo.base, name);
    return (values ?? []).filter((value) => value !== "");
  };
  return [...of(key), ...architecture === "any" ? [] : of(`${key}_${architecture}`)];
}

/** The one value of a key of the base; "" if it has none. */
export function singleOf(base: SrcinfoSection, key: string): string {
  return valuesOf(base, key)?.at(-1) ?? "";
}

/**
 * Whether a package follows the newest state of a source, so that pkgver() gives it another version
 * without any change of its files: one of its sources is a repository and no fixed place in it.
 */
export function followsSource(srcinfo: Srcinfo): boolean {
  return followedSources(srcinfo).length > 0;
}

/** What the sources of a package follow, for all architectures. */
export function followedSources({ base }: Srcinfo): FollowedSource[] {
  return base.lines.filter(({ key }) => /^source(?:_|$)/.test(key))
    .flatMap(({ value }) => followedSourceOf(value) ?? []);
}

/** A relation with the package's own version replaced, so that two versions of it can be compared. */
export function withoutOwnVersion(
  value: string,
  { pkgver, pkgrel, epoch }: { pkgver: string; pkgrel: string; epoch: string },
): string {
  const prefix = epoch === "" ? "" : `${epoch}:`;
  const own = [pkgver, `${prefix}${pkgver}`, `${pkgver}-${pkgrel}`, `${prefix}${pkgver}-${pkgrel}`];
  const { name, constraint }: Dependency = parseDependency(value);
  if (constraint === null || !own.includes(constraint.version)) return value;
  return `${name}${constraint.operator}(its own version)`;
}
