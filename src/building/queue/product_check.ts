import { libraryOf } from "../../formats/pacman/library.ts";
import { parsePackageFileName } from "../../formats/pacman/package_file_name.ts";
import type { Srcinfo } from "../../formats/pacman/srcinfo.ts";
import { vercmp } from "../../formats/pacman/vercmp.ts";
import { singleOf, valuesFor, withoutOwnVersion } from "./approved_metadata.ts";
import type { ProductDifference, ProductFact, ProductFactKind } from "./build.ts";
import type { Product } from "./product.ts";
import { sensitivityOf } from "./sensitive_paths.ts";

/** What the packages of a build are compared with. */
export interface ProductExpectation {
  readonly packageBase: string;
  /** All packages that the build must produce. */
  readonly packageNames: readonly string[];
  /** `[epoch:]pkgver-pkgrel` as approved, with the pkgrel of a rebuild. */
  readonly version: string;
  readonly isVcs: boolean;
  readonly architecture: string;
  /** PACKAGER of makepkg.conf. */
  readonly packager: string;
  /** The approved metadata. */
  readonly srcinfo: Srcinfo;
  /** SHA-256 of every approved file in hexadecimal digits. */
  readonly approvedFiles: ReadonlySet<string>;
  /** The last published packages of the same base, by name: a person or these rules let them pass. */
  readonly previous: ReadonlyMap<string, Product>;
  /** Dependencies that the rebuild should have fixed and nothing satisfies yet. */
  readonly broken: ReadonlySet<string>;
  /** Differences between two builds of the same files that the published build did not have. */
  readonly differences: readonly ProductDifference[];
  /** Directories of mirrored repositories with a package of this name. */
  readonly official: (name: string) => readonly string[];
}

/** Further facts of one kind about one package are only counted. */
const MOST_OF_A_KIND = 20;
/** A change of size by this factor is unusual if it is also at least this many bytes. */
const UNUSUAL_FACTOR = 4;
const UNUSUAL_BYTES = 4 * 1024 ** 2;

/**
 * The findings that a person should know before these packages are published: what was neither
 * approved nor published before. Empty if there are none.
 */
export function checkProducts(
  products: readonly Product[],
  expected: ProductExpectation,
): ProductFact[] {
  const made = new Set(products.map(({ name }) => name));
  const missing = expected.packageNames.filter((name) => !made.has(name) && isFor(name, expected));
  return [
    ...missing.map((name): ProductFact => ({
      ...{ kind: "name", packageName: name, before: name, after: null },
      reason: `${name} is missing`,
    })),
    ...products.flatMap((product) => limited(factsOf(product, expected))),
    ...limited(expected.differences.map(({ file, path }) => ({
      ...{ kind: "not_reproducible", packageName: nameIn(file), before: null },
      after: path ?? file,
      reason: "two builds of the same files differ",
    }))),
  ];
}

function nameIn(file: string): string {
  return parsePackageFileName(file)?.name ?? file;
}

/** Whether a build may produce a package of this name. */
export function mayMake(
  name: string,
  { packageBase, packageNames }: Pick<ProductExpectation, "packageBase" | "packageNames">,
): boolean {
  return packageNames.includes(name) || name === `${packageBase}-debug`;
}

/** A package of the base may be for other architectures only. */
function isFor(packageName: string, { srcinfo, architecture }: ProductExpectation): boolean {
  const architectures = valuesFor(srcinfo, "arch", { packageName, architecture: "any" });
  return architectures.length === 0 || architecture === "any" || architectures.includes("any") ||
    architectures.includes(architecture);
}

function factsOf(product: Product, expected: ProductExpectation): ProductFact[] {
  const previous = expected.previous.get(product.name) ?? null;
  return [
    ...identityFacts(product, expected),
    ...relationFacts(product, expected, previous),
    ...contentFacts(product, expected, previous),
  ];
}

function identityFacts(product: Product, expected: ProductExpectation): ProductFact[] {
  const { name, version, architecture, packager } = product;
  const facts: ProductFact[] = [];
  const add = (kind: ProductFactKind, before: string | null, after: string | null, why: string) =>
    void facts.push({ kind, packageName: name, before, after, reason: why });
  if (!mayMake(name, expected)) add("name", null, name, `${name} is not a package of this build`);
  if (version !== expected.version && !(expected.isVcs && isFollowed(version, expected.version))) {
    add("version", expected.version, version, `its version differs from the approved one`);
  }
  if (architecture !== "any" && architecture !== expected.architecture) {
    add("architecture", expected.architecture, architecture, "it is for another architecture");
  }
  if (packager !== expected.packager) {
    add("packager", expected.packager, packager, "it names another packager");
  }
  const previous = expected.previous.get(name);
  if (previous !== undefined && vercmp(version, previous.version) <= 0) {
    add("version", previous.version, version, "it is not newer than the published one");
  }
  for (const directory of previous === undefined ? expected.official(name) : []) {
    add("official_name", directory, name, `${directory} has a package of this name`);
  }
  return facts;
}

/**
 * Whether pkgver() may have returned a version: it is later than the approved one, with the same
 * epoch, and with its pkgrel or with 1, which makepkg sets for a new pkgver.
 */
function isFollowed(version: string, approved: string): boolean {
  const [one, other] = [partsOf(version), partsOf(approved)];
  return one.epoch === other.epoch && [other.pkgrel, "1"].includes(one.pkgrel) &&
    vercmp(version, approved) >= 0;
}

/** The finding for each list of relations. */
const LISTS = [
  ["depends", "it depends on something that was not approved"],
  ["provides", "it provides something that was not approved"],
  ["conflicts", "it conflicts with something that was not approved"],
  ["backup", "it lists a backup file that was not approved"],
] as const;

/** Lists that affect other packages: they need a person once, even if approved. */
const TAKING_LISTS = [
  ["replaces", "it replaces another package"],
  ["groups", "it joins a group, whose members pacman installs together"],
] as const;

function relationFacts(
  product: Product,
  { srcinfo, version, broken }: ProductExpectation,
  previous: Product | null,
): ProductFact[] {
  const { name: packageName, architecture } = product;
  const facts: ProductFact[] = product.depends.filter((value) => broken.has(value))
    .map((value) => ({
      ...{ kind: "depends", packageName, before: value, after: value },
      reason: "the rebuild does not help: it still has a dependency that no repository has",
    }));
  for (const [list, reason] of LISTS) {
    const approved = valuesFor(srcinfo, list, { packageName, architecture });
    const known = new Set([
      ...approved.map((value) => withoutOwnVersion(value, ownOf(srcinfo))),
      // The value in .SRCINFO, before a rebuild or before pkgver() ran.
      ...approved.map((value) => withoutOwnVersion(value, partsOf(version))),
      ...(previous?.[list] ?? []).map((value) =>
        withoutOwnVersion(value, partsOf(previous!.version))
      ),
    ]);
    const libraries = new Set([
      // makepkg completes `libfoo.so` to `libfoo.so=5-64`.
      ...approved,
      ...[...approved, ...previous?.[list] ?? []].map(libraryOf),
    ]);
    for (const value of product[list]) {
      const plain = withoutOwnVersion(value, partsOf(product.version));
      const library = libraryOf(value);
      if (known.has(plain) || library !== null && libraries.has(library)) continue;
      facts.push({ kind: list, packageName, before: null, after: value, reason });
    }
  }
  for (const [list, reason] of TAKING_LISTS) {
    for (const value of product[list]) {
      if (previous?.[list].includes(value)) continue;
      facts.push({ kind: list, packageName, before: null, after: value, reason });
    }
  }
  return facts;
}

function contentFacts(
  product: Product,
  { approvedFiles }: ProductExpectation,
  previous: Product | null,
): ProductFact[] {
  const { name: packageName, files, privileged, script, size } = product;
  const facts: ProductFact[] = [];
  const add = (kind: ProductFactKind, before: string | null, after: string | null, why: string) =>
    void facts.push({ kind, packageName, before, after, reason: why });
  if (script !== null && !approvedFiles.has(script) && script !== previous?.script) {
    add(
      "script",
      previous?.script ?? null,
      script,
      "its .INSTALL, which runs as root, is not an approved file",
    );
  }
  for (const { path, mode, attributes } of privileged) {
    const described = describePrivilege(mode, attributes);
    const before = previous?.privileged.find((each) => each.path === path);
    const known = before === undefined ? null : describePrivilege(before.mode, before.attributes);
    if (described === known) continue;
    add("privileged", known, `${path}: ${described}`, "it runs with more privileges than its user");
  }
  const knownFiles = new Set(previous?.files ?? []);
  for (const path of files) {
    const sensitivity = knownFiles.has(path) ? null : sensitivityOf(path);
    if (sensitivity !== null) add("sensitive_path", null, path, `the file ${sensitivity}`);
  }
  if (previous !== null) {
    if (files.length * 2 < previous.files.length) {
      add("files", `${previous.files.length}`, `${files.length}`, "most of its files are gone");
    }
    if (isUnusual(previous.size, size)) {
      add("size", `${previous.size}`, `${size}`, "its size is very different");
    }
  } else if (files.length === 0 && product.depends.length === 0) {
    add("files", null, "0", "it is empty");
  }
  return facts;
}

/** `setuid (mode 4755)`, with the names of extended attributes. */
function describePrivilege(mode: number, attributes: readonly string[]): string {
  const bits = [
    ...(mode & 0o4000) === 0 ? [] : ["setuid"],
    ...(mode & 0o2000) === 0 ? [] : ["setgid"],
    ...attributes,
  ];
  return `${bits.join(", ")} (mode ${mode.toString(8)})`;
}

function isUnusual(before: number, after: number): boolean {
  const [small, large] = before < after ? [before, after] : [after, before];
  return large - small >= UNUSUAL_BYTES && large >= small * UNUSUAL_FACTOR;
}

function ownOf({ base }: Srcinfo) {
  return {
    pkgver: singleOf(base, "pkgver"),
    pkgrel: singleOf(base, "pkgrel"),
    epoch: singleOf(base, "epoch"),
  };
}

function partsOf(version: string) {
  const [, epoch = "", pkgver = "", pkgrel = ""] = /^(?:(\d+):)?(.*)-([^-]*)$/.exec(version) ?? [];
  return { epoch, pkgver, pkgrel };
}

/** The first facts of each kind, and how many more there are. */
function limited(facts: readonly ProductFact[]): ProductFact[] {
  const counts = new Map<ProductFactKind, number>();
  const kept: ProductFact[] = [];
  for (const fact of facts) {
    const count = (counts.get(fact.kind) ?? 0) + 1;
    counts.set(fact.kind, count);
    if (count <= MOST_OF_A_KIND) kept.push(fact);
  }
  for (const [kind, count] of counts) {
    const more = count - MOST_OF_A_KIND;
    const [first] = facts;
    if (more <= 0 || first === undefined) continue;
    const { packageName } = first;
    kept.push({
      kind,
      packageName,
      before: null,
      after: null,
      reason: `and ${more} more of this kind`,
    });
  }
  return kept;
}
