import { readKeyValueLines, refuseMetadata } from "./key_value_lines.ts";

/** What a package says about itself in its `.PKGINFO`. */
export interface PackageInfo {
  /** pkgname */
  readonly name: string;
  /** pkgbase: what it was built from, together with its siblings; null in old packages. */
  readonly base: string | null;
  /** pkgver: `[epoch:]pkgver-pkgrel` */
  readonly version: string;
  /** pkgdesc, or null. */
  readonly description: string | null;
  /** url, or null. */
  readonly url: string | null;
  /** builddate in milliseconds since the epoch, or null. */
  readonly buildDate: number | null;
  /** packager, or null. */
  readonly packager: string | null;
  /** size: installed size in bytes, or null. */
  readonly installedSize: number | null;
  /** arch */
  readonly architecture: string;
  /** license */
  readonly licenses: readonly string[];
  /** group */
  readonly groups: readonly string[];
  /** depend: each is `name` or `name<op>version`, like the other relations. */
  readonly depends: readonly string[];
  /** optdepend: each is a relation, or `relation: reason`. */
  readonly optdepends: readonly string[];
  /** makedepend */
  readonly makedepends: readonly string[];
  /** checkdepend */
  readonly checkdepends: readonly string[];
  /** conflict */
  readonly conflicts: readonly string[];
  /** replaces */
  readonly replaces: readonly string[];
  /** provides */
  readonly provides: readonly string[];
  /** backup: configuration files that an upgrade keeps. */
  readonly backup: readonly string[];
  /** xdata: `pkgtype=pkg` and the like, since pacman 6.1. */
  readonly xdata: readonly string[];
}

/**
 * Whether a package contains the debug symbols of another: it is named after that package or its
 * base, and its `xdata` says so if it was built by makepkg 6.1 or later.
 */
export function isDebugPackage(
  { name, base, xdata }: Pick<PackageInfo, "name" | "base" | "xdata">,
): boolean {
  if (!name.endsWith("-debug")) return false;
  const type = xdata.find((each) => each.startsWith("pkgtype="));
  return type === undefined ? name === `${base}-debug` : type === "pkgtype=debug";
}

const FILE = ".PKGINFO";

const LISTS = {
  license: "licenses",
  group: "groups",
  depend: "depends",
  optdepend: "optdepends",
  makedepend: "makedepends",
  checkdepend: "checkdepends",
  conflict: "conflicts",
  replaces: "replaces",
  provides: "provides",
  backup: "backup",
  xdata: "xdata",
} as const satisfies Record<string, keyof PackageInfo>;

/**
 * Reads a `.PKGINFO`, with the values that repo-add takes from it. If a key with a single value is
 * repeated, the last line counts, as in pacman. Unknown keys are skipped, and so are empty values
 * of lists: repo-add would end the list there, and pacman would never see the rest of it.
 *
 * Source: `parse_descfile` in pacman's lib/libalpm/be_package.c.
 * @throws {PkgstashError} of kind "content" if pacman or repo-add could not use it.
 */
export function parsePackageInfo(text: string): PackageInfo {
  const single = new Map<string, string>();
  const lists: Record<(typeof LISTS)[keyof typeof LISTS], string[]> = {
    licenses: [],
    groups: [],
    depends: [],
    optdepends: [],
    makedepends: [],
    checkdepends: [],
    conflicts: [],
    replaces: [],
    provides: [],
    backup: [],
    xdata: [],
  };
  readKeyValueLines(FILE, text, (key, value) => {
    if (!isList(key)) single.set(key, value);
    else if (value !== "") lists[LISTS[key]].push(value);
  });
  const optional = (key: string) => single.get(key) || null;
  const required = (key: string) => {
    const value = optional(key);
    return value ?? refuseMetadata(FILE, `it has no ${key}`);
  };
  const number = (key: string) => {
    const value = optional(key);
    if (value === null) return null;
    if (!WHOLE_NUMBER.test(value)) refuseMetadata(FILE, `its ${key} is not a whole number`);
    return Number(value);
  };
  const buildSeconds = number("builddate");
  if (buildSeconds !== null && buildSeconds > MAX_SECONDS) {
    refuseMetadata(FILE, "its builddate is out of range");
  }
  return {
    name: required("pkgname"),
    base: optional("pkgbase"),
    version: required("pkgver"),
    description: optional("pkgdesc"),
    url: optional("url"),
    buildDate: buildSeconds === null ? null : buildSeconds * 1000,
    packager: optional("packager"),
    installedSize: number("size"),
    architecture: required("arch"),
    ...lists,
  };
}

const WHOLE_NUMBER = /^(?:0|[1-9][0-9]{0,14})$/;
/** The last second that a `Date` can hold. */
const MAX_SECONDS = 8.64e12;

function isList(key: string): key is keyof typeof LISTS {
  return Object.hasOwn(LISTS, key);
}
