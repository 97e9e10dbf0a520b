import { PkgstashError } from "../../errors.ts";
import { parseSrcinfo, type Srcinfo, versionOf } from "../../formats/pacman/srcinfo.ts";
import { vercmp } from "../../formats/pacman/vercmp.ts";
import { evaluate } from "../../formats/pkgbuild/evaluation.ts";
import { parsePkgbuild } from "../../formats/pkgbuild/syntax.ts";
import { isSameFile, type SourceTree, textOf } from "../source_tree.ts";
import { changesBetween, scalarOf } from "./allowance.ts";
import { changedPart, compareStatements } from "./statement_changes.ts";
import { isSuspicious, suspiciousCharacters } from "../../formats/text/characters.ts";
import {
  type Fact,
  type FactKind,
  type Judgement,
  PKGBUILD,
  SRCINFO,
  type Verdict,
} from "./fact.ts";
import { compareFiles, isFile } from "./file_changes.ts";
import { checkLocalSources } from "./local_checksums.ts";
import { compareMetadata, type ReadSource } from "./metadata_comparison.ts";
import { ENVIRONMENT } from "./environment.ts";
import { dependsOn } from "./taint.ts";
import { isJump } from "./version_text.ts";

/**
 * Judges the change from an accepted package source to a candidate without running anything. The
 * verdict is
 *
 * - `bump` if only literal versions and checksums change, the version increases, and the .SRCINFO
 *   matches,
 * - `pin` if the same holds, but a commit, tag or hash changes, too,
 * - `harmless` if only comments, white space, licence, description and quotes change besides what a
 *   bump changes, or nothing at all,
 * - `review` for everything else: a person decides.
 *
 * Both trees may be hostile. Whatever cannot be interpreted is for review.
 */
export function judge(accepted: SourceTree, candidate: SourceTree): Judgement {
  const facts = compareFiles(accepted, candidate);
  if (
    facts.length === 0 &&
    [PKGBUILD, SRCINFO].every((path) => isUnchanged(path, accepted, candidate))
  ) {
    return { verdict: "harmless", facts };
  }
  const before = readSource(accepted);
  const after = readSource(candidate);
  if (isFaulty(before) || isFaulty(after)) {
    const faults = [before, after].flatMap((each) => isFaulty(each) ? each : []);
    return { verdict: "review", facts: [...facts, ...faults] };
  }
  facts.push(...compareSources(before, after, candidate));
  return { verdict: verdictOf(facts), facts };
}

function isUnchanged(path: string, accepted: SourceTree, candidate: SourceTree): boolean {
  const [before, after] = [accepted.get(path), candidate.get(path)];
  if (before === undefined || after === undefined) return before === after;
  return isSameFile(before, after);
}

function compareSources(before: TextSource, after: TextSource, candidate: SourceTree): Fact[] {
  const facts = before.pkgbuild.text === after.pkgbuild.text
    ? []
    : compareStatements(before, after);
  if (facts.length === 0 && before.srcinfoText === after.srcinfoText) return [];
  facts.push(...compareSrcinfoText(before, after));
  const { names, allowance } = changesBetween(before, after);
  const told = new Set(
    facts.map(({ kind, class: factClass, line }) => `${kind} ${factClass} ${line}`),
  );
  facts.push(
    ...compareMetadata(before, after, names, allowance).filter((fact) =>
      fact.file !== PKGBUILD || !told.has(`${fact.kind} ${fact.class} ${fact.line}`)
    ),
  );
  facts.push(...checkLocalSources(before, after, candidate));
  facts.push(...checkEnvironment(after, names));
  facts.push(...compareVersions(before, after, facts));
  return facts;
}

/** Variables that affect how programs work must not depend on a changed value. */
function checkEnvironment(after: ReadSource, changed: ReadonlySet<string>): Fact[] {
  return [...after.evaluation.variables.keys()]
    .filter((name) => ENVIRONMENT.has(name) && dependsOn(after, name, null, changed))
    .map((name) => ({
      kind: "environment",
      class: "review",
      file: PKGBUILD,
      line: null,
      before: null,
      after: name,
      reason: `${name} affects how programs work, and depends on a changed value.`,
    }));
}

function verdictOf(facts: readonly Fact[]): Verdict {
  const has = (factClass: Fact["class"]) => facts.some((fact) => fact.class === factClass);
  if (has("review") || (has("pin") && has("harmless"))) return "review";
  if (has("pin")) return "pin";
  return has("harmless") || facts.length === 0 ? "harmless" : "bump";
}

/** The AUR rejects larger files. */
const MAX_SRCINFO_BYTES = 256_000;

interface TextSource extends ReadSource {
  readonly srcinfoText: string | null;
}

function isFaulty(source: TextSource | Fact[]): source is Fact[] {
  return Array.isArray(source);
}

/** Reads PKGBUILD and .SRCINFO of a tree, or explains why that fails. */
function readSource(tree: SourceTree): TextSource | Fact[] {
  const text = readText(tree, PKGBUILD);
  if (typeof text !== "string") return [text ?? unreadable(PKGBUILD, "There is no PKGBUILD.")];
  const pkgbuild = parsePkgbuild(text);
  if (!("statements" in pkgbuild)) {
    return pkgbuild.map(({ message, line }) => ({
      ...unreadable(PKGBUILD, `The PKGBUILD cannot be parsed: ${message}.`),
      line,
    }));
  }
  const srcinfoText = readText(tree, SRCINFO);
  if ((tree.get(SRCINFO)?.size ?? 0) > MAX_SRCINFO_BYTES) {
    return [unreadable(SRCINFO, "The .SRCINFO is too large.")];
  }
  if (srcinfoText !== null && typeof srcinfoText !== "string") return [srcinfoText];
  let srcinfo: Srcinfo | null = null;
  try {
    srcinfo = srcinfoText === null ? null : parseSrcinfo(srcinfoText);
  } catch (error) {
    if (!(error instanceof PkgstashError)) throw error;
    return [unreadable(SRCINFO, error.message)];
  }
  if (srcinfo !== null && versionOf(srcinfo) === null) {
    return [unreadable(SRCINFO, "The .SRCINFO does not have exactly one version.")];
  }
  return { pkgbuild, evaluation: evaluate(pkgbuild), srcinfo, srcinfoText };
}

/** The text of a file, null if the file does not exist, or why it is not text. */
function readText(tree: SourceTree, path: string): string | Fact | null {
  const file = tree.get(path);
  if (file === undefined) return null;
  if (!isFile(file) || file.content === null) {
    return unreadable(path, `${path} is not an ordinary file.`);
  }
  return textOf(file) ?? unreadable(path, `${path} is not UTF-8, or contains a NUL.`);
}

function unreadable(file: string, reason: string): Fact {
  return { kind: "syntax", class: "review", file, line: null, before: null, after: null, reason };
}

/** Judges the text of the .SRCINFO apart from its values: characters, comments and form. */
function compareSrcinfoText(before: TextSource, after: TextSource): Fact[] {
  const [old, now] = [before.srcinfoText, after.srcinfoText];
  if (old === null || now === null || old === now) return [];
  const fact = (kind: FactKind, factClass: Fact["class"], reason: string): Fact => ({
    kind,
    class: factClass,
    file: SRCINFO,
    line: null,
    before: null,
    after: suspiciousCharacters(changedPart(old, now)).join(" ") || null,
    reason,
  });
  const known = new Set(old.split("\n"));
  const changed = now.split("\n").filter((line) => !known.has(line)).join("\n");
  if (isSuspicious(changed)) {
    return [
      fact("characters", "review", "The change contains a character outside printable ASCII."),
    ];
  }
  if (before.pkgbuild.text !== after.pkgbuild.text) {
    return formOf(old) === formOf(now)
      ? []
      : [fact("white-space", "harmless", "The form or order of lines in the .SRCINFO changes.")];
  }
  return JSON.stringify(valuesIn(before)) === JSON.stringify(valuesIn(after))
    ? [fact("white-space", "harmless", "Only comments and white space in the .SRCINFO change.")]
    : [fact("srcinfo", "review", "The .SRCINFO changes, but the PKGBUILD does not.")];
}

/** A .SRCINFO without its values and comments. */
function formOf(text: string): string {
  return text.replace(/^[ \t]*#.*\n/gm, "").replace(/=[ \t]*\S.*$/gm, "=");
}

/** All values of a .SRCINFO, without line numbers. */
function valuesIn({ srcinfo }: ReadSource): unknown {
  return srcinfo && [srcinfo.base, ...srcinfo.packages].map(({ name, lines }) => [
    name,
    lines.map(({ key, value }) => [key, value]),
  ]);
}

/** Requires a higher version if anything but harmless things changes. */
function compareVersions(before: ReadSource, after: ReadSource, facts: readonly Fact[]): Fact[] {
  const [old, now] = [before, after].map(versionText);
  const fact = (factClass: Fact["class"], reason: string): Fact => ({
    kind: "version",
    class: factClass,
    file: PKGBUILD,
    line: null,
    before: old ?? null,
    after: now ?? null,
    reason,
  });
  const needsVersion = facts.some((each) => each.class === "value" && each.kind !== "srcinfo");
  const isPin = facts.some((each) => each.class === "pin");
  if (old == null || now == null) {
    return needsVersion
      ? [fact("review", "The version is known only by running the PKGBUILD.")]
      : [];
  }
  const order = vercmp(now, old);
  if (order < 0) return [fact("review", "The version decreases.")];
  if (order === 0 && needsVersion && !isPin && !hasRisingHelper(facts)) {
    return [fact("review", "Values change, but no version increases.")];
  }
  if (
    order > 0 &&
    !facts.some(({ kind }) => kind === "version" || kind === "release" || kind === "pin")
  ) {
    return [fact("review", "The version increases, but no version in the PKGBUILD changes.")];
  }
  if (isJump(old, now)) {
    return [fact("review", "The version jumps so far that no later one may replace it.")];
  }
  return [];
}

/** Whether a literal version in a helper variable increases. */
function hasRisingHelper(facts: readonly Fact[]): boolean {
  const valueOf = (text: string | null) => text?.replace(/^[^=]*=/, "").replace(/["']/g, "") ?? "";
  return facts.some(({ kind, class: factClass, before, after }) =>
    kind === "version" && factClass === "value" && vercmp(valueOf(after), valueOf(before)) > 0
  );
}

function versionText(source: ReadSource): string | null {
  const [epoch, pkgver, pkgrel] = ["epoch", "pkgver", "pkgrel"].map((key) => scalarOf(source, key));
  if (pkgver === null || pkgrel === null) return null;
  return `${epoch === null ? "" : `${epoch}:`}${pkgver}-${pkgrel}`;
}
