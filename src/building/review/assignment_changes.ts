import type { ArrayValue, Assignment, Word } from "unbash";
import { assignedValue } from "../../formats/pkgbuild/evaluation.ts";
import type { Value, Variables } from "../../formats/pkgbuild/expansion.ts";
import { CHECKSUM_DIGITS, plainKey } from "../../formats/pkgbuild/metadata.ts";
import { isSuspicious } from "../../formats/text/characters.ts";
import type { FactClass, FactKind } from "./fact.ts";
import { literalChanges, literalText } from "./text_frame.ts";
import { classifyHelper, faultOfPkgver, faultOfVersionText, isPkgrel } from "./version_text.ts";

/** The judgement on the change of one assignment. */
export interface AssignmentChange {
  readonly kind: FactKind;
  readonly class: FactClass;
  readonly reason: string;
}

/** Two versions of one assignment, each with the variables of its PKGBUILD. */
export interface AssignmentPair {
  readonly before: Assignment;
  readonly after: Assignment;
  readonly variablesBefore: Variables;
  readonly variablesAfter: Variables;
}

const DEPENDENCIES = new Set(["depends", "makedepends", "checkdepends", "optdepends"]);
const RELATIONS = new Set(["provides", "conflicts", "replaces"]);

/** Judges an assignment whose text has changed for bash. */
export function judgeAssignment(pair: AssignmentPair): AssignmentChange[] {
  const { before, after } = pair;
  const { name } = after;
  if (before.name !== name || before.append !== after.append || before.index || after.index) {
    return [review(kindOf(name), "A different variable is assigned, or in a different way.")];
  }
  if (plainKey(name) in CHECKSUM_DIGITS) return judgeChecksums(before, after);
  const values = [
    assignedValue(before, pair.variablesBefore),
    assignedValue(after, pair.variablesAfter),
  ] as const;
  if (before.value.type === "Word" && after.value.type === "Word") {
    if (name === "pkgver" || name === "pkgrel" || name.startsWith("_")) {
      return judgeValue(name, before.value, after.value, values);
    }
  }
  if (plainKey(name) === "source") return [judgeSourcePins(before, after)];
  return [
    judgeText(name, values, isRequoted(before, after)) ??
      review(kindOf(name), `${name} is neither a version nor a checksum.`),
  ];
}

/** The kind of a variable, by what makepkg uses it for. */
export function kindOf(name: string): FactKind {
  const key = plainKey(name);
  if (key in CHECKSUM_DIGITS) return "checksum";
  if (key === "source" || key === "url" || key === "validpgpkeys" || key === "noextract") {
    return "source";
  }
  if (DEPENDENCIES.has(key)) return "dependency";
  if (RELATIONS.has(key)) return "relation";
  if (key === "install") return "install";
  if (key === "pkgver" || key === "epoch") return "version";
  if (key === "pkgrel") return "release";
  if (key === "license") return "license";
  return key === "pkgdesc" ? "description" : "metadata";
}

function review(kind: FactKind, reason: string): AssignmentChange {
  return { kind, class: "review", reason };
}

function judgeValue(
  name: string,
  before: Word,
  after: Word,
  [valueBefore, valueAfter]: readonly [Value | null, Value | null],
): AssignmentChange[] {
  const kind = name === "pkgver" ? "version" : name === "pkgrel" ? "release" : "metadata";
  if (typeof valueBefore !== "string" || typeof valueAfter !== "string") {
    return [review(kind, `The value of ${name} is known only by running the PKGBUILD.`)];
  }
  if (valueBefore === valueAfter) {
    return withoutQuotes(before) === withoutQuotes(after)
      ? [quoting(name)]
      : [review(kind, `${name} is composed differently.`)];
  }
  const changes = literalChanges(before, after);
  const areLiteral = literalText(before) !== null && literalText(after) !== null;
  if (changes === null && !areLiteral) {
    return [review(kind, `${name} is composed differently.`)];
  }
  const fault = (changes ?? []).map((change) => faultOfPart(change.after)).find((each) => each) ??
    null;
  if (fault !== null) return [review(kind, `${name} cannot be a version: ${fault}.`)];
  const judged = judgeVersionValue(name, valueBefore, valueAfter);
  return changes === null ? [judged, quoting(name)] : [judged];
}

/** A part may begin with a separator, as in `${_major}.13`; the whole is judged separately. */
function faultOfPart(text: string): string | null {
  return faultOfVersionText(text.replace(/^[-._+~]/, ""));
}

function judgeVersionValue(name: string, before: string, after: string): AssignmentChange {
  if (name === "pkgver") {
    const fault = faultOfPkgver(after);
    if (fault !== null) return review("version", `pkgver cannot be a version: ${fault}.`);
    return { kind: "version", class: "value", reason: "A literal version changes." };
  }
  if (name === "pkgrel") {
    return isPkgrel(after)
      ? { kind: "release", class: "value", reason: "The release number of the package changes." }
      : review("release", "pkgrel is not a number.");
  }
  switch (classifyHelper(name, before, after)) {
    case "version":
      return { kind: "version", class: "value", reason: `${name} holds a literal version.` };
    case "pin":
      return { kind: "pin", class: "pin", reason: `${name} selects another commit, tag or hash.` };
    case null:
      return review("metadata", `${name} holds neither a version nor a commit.`);
  }
}

function judgeChecksums(before: Assignment, after: Assignment): AssignmentChange[] {
  const [old, now] = [wordsOf(before.value), wordsOf(after.value)];
  if (before.value.type !== after.value.type || old.length !== now.length) {
    return [review("checksum", "The number of checksums changes.")];
  }
  const digits = CHECKSUM_DIGITS[plainKey(after.name)]!;
  let isQuotingChanged = false;
  for (const [index, word] of now.entries()) {
    if (word.text === old[index]!.text) continue;
    const [from, to] = [literalText(old[index]!), literalText(word)];
    if (from === null || to === null) return [review("checksum", "A checksum is not literal.")];
    if (literalChanges(old[index]!, word) === null) isQuotingChanged = true;
    if (from === to) continue;
    if (to === "SKIP") return [review("checksum", "A checksum becomes SKIP.")];
    if (from === "SKIP") return [review("checksum", "SKIP becomes a checksum.")];
    if (!isChecksum(from, digits) || !isChecksum(to, digits)) {
      return [review("checksum", `A value is not a valid checksum for ${plainKey(after.name)}.`)];
    }
  }
  const change: AssignmentChange = {
    kind: "checksum",
    class: "value",
    reason: "Same number and kind of checksums; none becomes SKIP.",
  };
  return isQuotingChanged ? [change, quoting(after.name)] : [change];
}

/** Whether a text is a checksum with that many hexadecimal digits; 0 stands for a decimal CRC. */
export function isChecksum(text: string, digits: number): boolean {
  return digits === 0
    ? /^\d{1,10}$/.test(text)
    : text.length === digits && /^[0-9a-f]+$/i.test(text);
}

const PINNED = /^(.*#(?:commit|tag|revision)=)([^#?&=/]+)(.*)$/s;

function judgeSourcePins(before: Assignment, after: Assignment): AssignmentChange {
  const other = review("source", "A source is written differently.");
  const [old, now] = [wordsOf(before.value), wordsOf(after.value)];
  if (before.value.type !== after.value.type || old.length !== now.length) {
    return review("source", "The number of sources changes.");
  }
  for (const [index, word] of now.entries()) {
    if (word.text === old[index]!.text) continue;
    const changes = literalChanges(old[index]!, word);
    if (changes?.length !== 1) return other;
    const [, beforeUrl, beforePin, beforeRest] = PINNED.exec(changes[0]!.before) ?? [];
    const [, afterUrl, afterPin, afterRest] = PINNED.exec(changes[0]!.after) ?? [];
    if (beforeUrl === undefined || beforeUrl !== afterUrl || beforeRest !== afterRest) return other;
    if ([beforePin, afterPin].some((pin) => pin === "" || faultOfVersionText(pin!) !== null)) {
      return review("source", "A pin is not a valid name of a commit or tag.");
    }
  }
  return { kind: "pin", class: "pin", reason: "A source names another commit or tag." };
}

/** Judges licence, description, and assignments whose value stays the same. */
function judgeText(
  name: string,
  [before, after]: readonly [Value | null, Value | null],
  isRequoted: boolean,
): AssignmentChange | null {
  if (before === null || after === null || typeof before !== typeof after) return null;
  const [old, now] = [before, after].map((value) => typeof value === "string" ? [value] : value);
  if (JSON.stringify(old) === JSON.stringify(now)) return isRequoted ? quoting(name) : null;
  if (name !== "license" && name !== "pkgdesc") return null;
  if ([...old!, ...now!].some((text) => isSuspicious(text) || text.includes("\n"))) return null;
  return name === "license"
    ? { kind: "license", class: "harmless", reason: "Only the licence's name changes." }
    : { kind: "description", class: "harmless", reason: "Only the description changes." };
}

/** Whether two assignments differ only in quotes. */
function isRequoted(before: Assignment, after: Assignment): boolean {
  const [old, now] = [wordsOf(before.value), wordsOf(after.value)];
  return old.length === now.length &&
    now.every((word, index) => withoutQuotes(word) === withoutQuotes(old[index]!));
}

function withoutQuotes({ text }: Word): string {
  return text.replace(/["']/g, "");
}

function quoting(name: string): AssignmentChange {
  return {
    kind: "quoting",
    class: "harmless",
    reason: `${name} has different quotes but the same value.`,
  };
}

function wordsOf(value: Word | ArrayValue): readonly Word[] {
  return value.type === "Word" ? [value] : value.elements;
}
