import { type Srcinfo, type SrcinfoSection, valuesOf } from "../../formats/pacman/srcinfo.ts";
import {
  BASE_KEYS,
  baseValues,
  CHECKSUM_DIGITS,
  PACKAGE_KEYS,
  packageValues,
  plainKey,
} from "../../formats/pkgbuild/metadata.ts";
import { lineAt } from "../../formats/pkgbuild/syntax.ts";
import { kindOf } from "./assignment_changes.ts";
import { type Fact, type FactClass, type FactKind, PKGBUILD, SRCINFO } from "./fact.ts";
import { type Allowance, judgeMetadata } from "./metadata_changes.ts";
import type { ReadPkgbuild } from "./statement_changes.ts";
import { isSubstituted } from "./substitution.ts";
import { dependsOn, isSamePiecewise } from "./taint.ts";

/** One side of a comparison. */
export interface ReadSource extends ReadPkgbuild {
  /** Null if the tree has none. */
  readonly srcinfo: Srcinfo | null;
}

/**
 * Compares what makepkg would read from two PKGBUILDs, as far as that is known without running them,
 * and requires the new .SRCINFO to match. Where it is not known, the .SRCINFO must have changed
 * exactly in step.
 */
export function compareMetadata(
  before: ReadSource,
  after: ReadSource,
  changedNames: ReadonlySet<string>,
  allowance: Allowance,
): Fact[] {
  if (after.evaluation.isOpaque && after.srcinfo === null) {
    return [{
      kind: "statement",
      class: "review",
      file: PKGBUILD,
      line: null,
      before: null,
      after: null,
      reason: "Its values are known only by running the PKGBUILD, and there is no .SRCINFO.",
    }];
  }
  const facts: Fact[] = compareBase(before, after);
  for (const key of baseKeys(before, after)) {
    const computed = [
      baseValues(before.evaluation, key),
      baseValues(after.evaluation, key),
    ] as const;
    const written = [writtenBase(before, key), writtenBase(after, key)] as const;
    facts.push(
      ...compareKey(
        { key, section: null, computed, written },
        before,
        after,
        changedNames,
        allowance,
      ),
    );
  }
  return [...facts, ...comparePackages(before, after, changedNames, allowance)];
}

/** Requires that the name of the base stays the same, also in the .SRCINFO. */
function compareBase(before: ReadSource, after: ReadSource): Fact[] {
  if (after.srcinfo === null) return [];
  const { name } = after.srcinfo.base;
  const computed = baseValues(after.evaluation, "pkgbase");
  const expected = computed?.[0] ??
    (computed === null ? name : baseValues(after.evaluation, "pkgname")?.[0] ?? name);
  const former = before.srcinfo?.base.name ?? name;
  return name === expected && name === former ? [] : [{
    kind: "srcinfo",
    class: "review",
    file: SRCINFO,
    line: 1,
    before: name === former ? expected : former,
    after: name,
    reason: "The .SRCINFO belongs to another package base.",
  }];
}

/** The values of one key on both sides, as computed and as in the .SRCINFO. */
interface KeyComparison {
  readonly key: string;
  /** The package, or null for the base. */
  readonly section: string | null;
  readonly computed: readonly [string[] | null, string[] | null];
  /** Null where there is no .SRCINFO. */
  readonly written: readonly [string[] | null, string[] | null];
}

function compareKey(
  { key, section, computed: [was, is], written: [said, says] }: KeyComparison,
  before: ReadSource,
  after: ReadSource,
  changedNames: ReadonlySet<string>,
  allowance: Allowance,
): Fact[] {
  const fact = (
    file: string,
    kind: FactKind,
    factClass: FactClass,
    reason: string,
    [old, now]: readonly [string[] | null, string[] | null],
  ): Fact => ({
    kind,
    class: factClass,
    file,
    line: file === SRCINFO ? lineOfKey(after.srcinfo, section, key) : lineOfName(after, key),
    before: old === null ? null : differing(old, now).join("\n"),
    after: now === null ? null : differing(now, old).join("\n"),
    reason: section === null ? reason : `${section}: ${reason}`,
  });
  const facts: Fact[] = [];
  if (said !== null && says !== null) {
    const change = judgeMetadata(key, said, says, allowance);
    if (change !== null && change.class !== "value") {
      facts.push(fact(SRCINFO, kindOf(key), change.class, change.reason, [said, says]));
    }
  }
  const isKnown = was !== null && is !== null;
  if (isKnown) {
    const change = judgeMetadata(key, was, is, allowance);
    if (change !== null && (change.class !== "value" || SHOWN.has(plainKey(key)))) {
      facts.push(fact(PKGBUILD, kindOf(key), change.class, change.reason, [was, is]));
    }
  }
  if (says === null || said === null) {
    const isTold = isKnown || !dependsOn(after, key, section, changedNames) ||
      (section === null && isSamePiecewise(before, after, key, changedNames, allowance));
    return isTold ? facts : [
      ...facts,
      fact(
        PKGBUILD,
        kindOf(key),
        "review",
        `${key} may depend on a changed value, which is known only by running the PKGBUILD.`,
        [null, null],
      ),
    ];
  }
  if (is !== null) {
    if (isEqual(is, says)) return facts;
    const isKept = (was !== null && isEqual(was, is)) || FOLLOWED.has(plainKey(key));
    const isOld = was !== null && !isEqual(was, said) && isKept && isEqual(said, says);
    return isOld
      ? [
        ...facts,
        fact(SRCINFO, "srcinfo", "value", `${key} did not match in the accepted tree, either.`, [
          is,
          says,
        ]),
      ]
      : [
        ...facts,
        fact(SRCINFO, "srcinfo", "review", `${key} differs from the PKGBUILD.`, [is, says]),
      ];
  }
  if (isEqual(said, says)) return facts;
  const isInStep = said.length === says.length &&
    said.every((each, index) =>
      plainKey(key) in CHECKSUM_DIGITS
        ? isChecksumInStep(each, says[index]!, before, after)
        : isInStepWith(each, says[index]!, key, allowance)
    );
  return isInStep ? facts : [
    ...facts,
    fact(SRCINFO, "srcinfo", "review", `${key} does not change in step with the PKGBUILD.`, [
      said,
      says,
    ]),
  ];
}

/** Changes that are shown even if a version bump explains them. */
const SHOWN = new Set([
  "source",
  "depends",
  "makedepends",
  "checkdepends",
  "optdepends",
  "provides",
]);
/** Keys that the build reads from the PKGBUILD; known values are judged on their own. */
const FOLLOWED = new Set(["source", "noextract", ...Object.keys(CHECKSUM_DIGITS)]);
/** A date, which some PKGBUILDs add to the name of a download. */
const DATE = /20\d{6}/g;

/**
 * Whether one checksum written in the PKGBUILD becomes another. A checksum that the PKGBUILD computes
 * comes from the same code as before; only the build can check it.
 */
function isChecksumInStep(
  said: string,
  says: string,
  before: ReadSource,
  after: ReadSource,
): boolean {
  if (said === says) return true;
  return !before.pkgbuild.text.includes(said) || after.pkgbuild.text.includes(says);
}

function isInStepWith(before: string, after: string, key: string, { values }: Allowance): boolean {
  if (isSubstituted(before, after, values)) return true;
  if (plainKey(key) !== "source") return false;
  return isSubstituted(before.replace(DATE, "date"), after.replace(DATE, "date"), values);
}

/** The values that differ, if both sides have the same number of values. */
function differing(values: string[], others: string[] | null): string[] {
  if (others?.length !== values.length) return values;
  return values.filter((each, index) => each !== others[index]);
}

function comparePackages(
  before: ReadSource,
  after: ReadSource,
  changedNames: ReadonlySet<string>,
  allowance: Allowance,
): Fact[] {
  const names = packageNames(after) ?? namesOfFunctions(after, changedNames);
  if (
    names === null || names.length > MAX_PACKAGES ||
    JSON.stringify(names) !==
      JSON.stringify(packageNames(before) ?? namesOfFunctions(before, changedNames))
  ) {
    return [{
      kind: "metadata",
      class: "review",
      file: after.srcinfo === null ? PKGBUILD : SRCINFO,
      line: null,
      before: packageNames(before)?.join("\n") ?? null,
      after: names?.join("\n") ?? null,
      reason: "The package names change, or are known only by running the PKGBUILD.",
    }];
  }
  return names.flatMap((name, index) => {
    const sections = [before.srcinfo?.packages[index], after.srcinfo?.packages[index]] as const;
    const keys = new Set([
      ...sections.flatMap((section) => section?.lines.map(({ key }) => key) ?? []),
      ...withArchitectures(PACKAGE_KEYS, after),
    ]);
    return [...keys].flatMap((key) => {
      const computed = [
        packageValues(before.evaluation, name, key),
        packageValues(after.evaluation, name, key),
      ] as const;
      const written = sections.map((section) =>
        section === undefined ? null : withoutEmpty(valuesOf(section, key) ?? [])
      ) as [string[] | null, string[] | null];
      const known = computed.map((values) => values === undefined ? [] : values) as [
        string[] | null,
        string[] | null,
      ];
      return compareKey(
        { key, section: name, computed: known, written },
        before,
        after,
        changedNames,
        allowance,
      );
    });
  });
}

/** The package names, from the PKGBUILD if known, else from the .SRCINFO. */
function packageNames({ evaluation, srcinfo }: ReadSource): string[] | null {
  const written = srcinfo?.packages.map(({ name }) => name) ?? null;
  const computed = baseValues(evaluation, "pkgname");
  if (computed === null) return written;
  return written === null || isEqual(computed, written) ? computed : null;
}

/** The packages with functions, if their names do not depend on a changed value. */
function namesOfFunctions(source: ReadSource, changedNames: ReadonlySet<string>): string[] | null {
  if (source.srcinfo !== null || dependsOn(source, "pkgname", null, changedNames)) return null;
  return [...source.evaluation.functions.keys()].filter((name) => name.startsWith("package_"))
    .map((name) => name.slice("package_".length));
}

function baseKeys(before: ReadSource, after: ReadSource): Set<string> {
  const written = [before, after].flatMap(({ srcinfo }) => srcinfo?.base.lines ?? []);
  return new Set([...written.map(({ key }) => key), ...withArchitectures(BASE_KEYS, after)]);
}

/** makepkg knows a dozen. */
const MAX_ARCHITECTURES = 30;
/** The largest package bases have about a hundred. */
const MAX_PACKAGES = 200;

/** Keys, plain and with each architecture for which the PKGBUILD or .SRCINFO has one. */
function withArchitectures(
  keys: ReadonlySet<string>,
  { evaluation, srcinfo }: ReadSource,
): string[] {
  const architectures = new Set([
    ...baseValues(evaluation, "arch") ?? [],
    ...(srcinfo === null ? [] : valuesOf(srcinfo.base, "arch") ?? []),
  ]);
  for (const each of architectures) {
    if (each === "any" || !/^\w+$/.test(each)) architectures.delete(each);
  }
  return [...keys].flatMap((key) => [
    key,
    ...[...architectures].slice(0, MAX_ARCHITECTURES).map((architecture) =>
      `${key}_${architecture}`
    ).filter((each) => plainKey(each) === key),
  ]);
}

function writtenBase({ srcinfo }: ReadSource, key: string): string[] | null {
  return srcinfo === null ? null : withoutEmpty(valuesOf(srcinfo.base, key) ?? []);
}

function withoutEmpty(values: string[]): string[] {
  return values.filter((each) => each !== "");
}

function isEqual(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((each, index) => each === other[index]);
}

function lineOfKey(srcinfo: Srcinfo | null, section: string | null, key: string): number | null {
  const found: SrcinfoSection | undefined = section === null
    ? srcinfo?.base
    : srcinfo?.packages.find(({ name }) => name === section);
  return found?.lines.find((line) => line.key === key)?.line ?? null;
}

/** The line of the last assignment to a name outside functions. */
function lineOfName({ pkgbuild: { text } }: ReadPkgbuild, name: string): number | null {
  const at = [...text.matchAll(new RegExp(`^${name}\\+?=`, "gm"))].at(-1)?.index;
  return at === undefined ? null : lineAt(text, at);
}
