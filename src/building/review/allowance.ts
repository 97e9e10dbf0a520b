import type { Assignment } from "unbash";
import { expandParameter, type Value } from "../../formats/pkgbuild/expansion.ts";
import { baseValues, CHECKSUM_DIGITS, plainKey } from "../../formats/pkgbuild/metadata.ts";
import { visit } from "../../formats/pkgbuild/syntax.ts";
import { valuesOf } from "../../formats/pacman/srcinfo.ts";
import type { Allowance } from "./metadata_changes.ts";
import type { ReadSource } from "./metadata_comparison.ts";
import type { Substitution } from "./substitution.ts";

/** The variables that change between two PKGBUILDs, and the texts that change with them. */
export interface Changes {
  readonly names: ReadonlySet<string>;
  readonly allowance: Allowance;
}

/** Collects everything that changes with the values of two PKGBUILDs of the same form. */
export function changesBetween(before: ReadSource, after: ReadSource): Changes {
  const names = new Set<string>();
  const ownVersion = ownVersions(before, after);
  const values: Substitution[] = [...ownVersion];
  const add = (from: string, to: string) => {
    if (from !== to) values.push({ before: from, after: to });
  };
  const old = before.evaluation.variables;
  for (const [name, now] of after.evaluation.variables) {
    const was = old.get(name);
    if (now === null || was == null) continue;
    const [left, right] = [listOf(was), listOf(now)];
    if (JSON.stringify(left) === JSON.stringify(right)) continue;
    names.add(name);
    if (left.length !== right.length || isListed(name)) continue;
    right.forEach((each, index) => add(left[index]!, each));
  }
  for (const [one, other] of assignmentPairs(before, after)) {
    if (one.text !== other.text) names.add(other.name);
    if (isListed(other.name)) continue;
    for (const [from, to] of literalPairs(one, other)) add(from, to);
  }
  for (const [from, to] of expansionPairs(before, after)) add(from, to);
  return {
    names,
    allowance: {
      values,
      ownVersion,
      sources: sourcePairs(before, after),
    },
  };
}

/** Arrays whose elements are judged one by one. */
function isListed(name: string): boolean {
  const key = plainKey(name);
  return key === "source" || key in CHECKSUM_DIGITS;
}

function listOf(value: Value): readonly string[] {
  return typeof value === "string" ? [value] : value;
}

/** Pairs of assignments outside functions, in order; none if their number changes. */
function assignmentPairs(before: ReadSource, after: ReadSource): [Assignment, Assignment][] {
  const [old, now] = [before, after].map(({ pkgbuild }) => {
    const found: Assignment[] = [];
    for (const statement of pkgbuild.statements) {
      visit(statement, (node) => {
        if (node.type === "Assignment") found.push(node);
        return true;
      });
    }
    return found;
  });
  if (old!.length !== now!.length) return [];
  return now!.map((each, index) => [old![index]!, each]);
}

/** Literal words that differ, such as checksums. */
function literalPairs(one: Assignment, other: Assignment): [string, string][] {
  if (one.text === other.text) return [];
  const [left, right] = [one, other].map(({ value }) =>
    value.type === "Word" ? [value] : value.elements
  );
  if (left!.length !== right!.length) return [];
  return right!.map((word, index) => [left![index]!.value, word.value]);
}

/** The values of each `${...}` in the file, before and after. */
function expansionPairs(before: ReadSource, after: ReadSource): [string, string][] {
  const pairs: [string, string][] = [];
  const seen = new Set<string>();
  for (const statement of after.pkgbuild.statements) {
    visit(statement, (node) => {
      if (node.type !== "ParameterExpansion" || seen.has(node.text)) return true;
      seen.add(node.text);
      const from = expandParameter(node, before.evaluation.variables);
      const to = expandParameter(node, after.evaluation.variables);
      if (from !== null && to !== null && from !== to) pairs.push([from, to]);
      return true;
    });
  }
  return pairs;
}

function ownVersions(before: ReadSource, after: ReadSource): Substitution[] {
  const [old, now] = [before, after].map((source) => {
    const [epoch, pkgver, pkgrel] = ["epoch", "pkgver", "pkgrel"].map((key) =>
      scalarOf(source, key)
    );
    return { pkgver, pkgrel, withEpoch: pkgver && epoch ? `${epoch}:${pkgver}` : undefined };
  });
  const pairs: (readonly [string | null | undefined, string | null | undefined])[] = [
    [old!.pkgver, now!.pkgver],
    [old!.withEpoch, now!.withEpoch],
    [
      old!.pkgver && `${old!.pkgver}-${old!.pkgrel}`,
      now!.pkgver && `${now!.pkgver}-${now!.pkgrel}`,
    ],
  ];
  // The accepted .SRCINFO may have been older than its PKGBUILD.
  const written = [before, after].map(({ srcinfo }) =>
    srcinfo && valuesOf(srcinfo.base, "pkgver")?.[0]
  );
  if (written[1] === now!.pkgver) pairs.push([written[0], written[1]]);
  return pairs.flatMap(([from, to]) =>
    from && to && from !== to ? [{ before: from, after: to }] : []
  );
}

/** The value of pkgver and the like, from the PKGBUILD or else its .SRCINFO. */
export function scalarOf({ evaluation, srcinfo }: ReadSource, key: string): string | null {
  const computed = evaluation.variables.get(key);
  if (typeof computed === "string") return computed === "" ? null : computed;
  const written = srcinfo === null ? null : valuesOf(srcinfo.base, key);
  return written?.length === 1 ? written[0]! : null;
}

function sourcePairs(before: ReadSource, after: ReadSource): Substitution[] {
  const keys = ["source"];
  for (const name of after.evaluation.variables.keys()) {
    if (name.startsWith("source_")) keys.push(name);
  }
  for (const { key } of after.srcinfo?.base.lines ?? []) {
    if (plainKey(key) === "source") keys.push(key);
  }
  return [...new Set(keys)].flatMap((key) => {
    const [old, now] = [before, after].map((source) =>
      baseValues(source.evaluation, key) ??
        (source.srcinfo && valuesOf(source.srcinfo.base, key)) ?? []
    );
    if (old!.length !== now!.length) return [];
    return now!.map((each, index) => ({ before: old![index]!, after: each }));
  });
}
