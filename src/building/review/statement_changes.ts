import type { Statement } from "unbash";
import type { Evaluation } from "../../formats/pkgbuild/evaluation.ts";
import { isSameSyntax } from "../../formats/pkgbuild/same_syntax.ts";
import { assignmentsOf, lineAt, type Pkgbuild } from "../../formats/pkgbuild/syntax.ts";
import { judgeAssignment, kindOf } from "./assignment_changes.ts";
import { isSuspicious } from "../../formats/text/characters.ts";
import { type Fact, type FactClass, type FactKind, PKGBUILD } from "./fact.ts";

/** A PKGBUILD with the known values of its variables. */
export interface ReadPkgbuild {
  readonly pkgbuild: Pkgbuild;
  readonly evaluation: Evaluation;
}

/** A statement of one PKGBUILD and its counterpart in the other; null if there is none. */
interface StatementPair {
  readonly before: Statement | null;
  readonly after: Statement | null;
}

/**
 * Compares two PKGBUILDs statement by statement, including everything between the statements. Every
 * difference in the text becomes a fact, for review unless it has a known harmless form.
 */
export function compareStatements(before: ReadPkgbuild, after: ReadPkgbuild): Fact[] {
  const pairs = alignStatements(before.pkgbuild, after.pkgbuild);
  const facts = pairs.flatMap((pair) => compareStatement(pair, before, after));
  return [...facts, ...compareGaps(pairs, before.pkgbuild, after.pkgbuild)];
}

/** Pairs statements in order, by a longest common subsequence of their keys. */
function alignStatements(before: Pkgbuild, after: Pkgbuild): StatementPair[] {
  const old = before.statements.map(keyOf);
  const now = after.statements.map(keyOf);
  if (old.length === now.length && old.every((key, index) => key === now[index])) {
    return before.statements.map((statement, index) => ({
      before: statement,
      after: after.statements[index]!,
    }));
  }
  const pairs: StatementPair[] = [];
  let [i, j] = [0, 0];
  for (const [nextI, nextJ] of commonSubsequence(old, now)) {
    while (i < nextI) pairs.push({ before: before.statements[i++]!, after: null });
    while (j < nextJ) pairs.push({ before: null, after: after.statements[j++]! });
    pairs.push({ before: before.statements[i++]!, after: after.statements[j++]! });
  }
  while (i < old.length) pairs.push({ before: before.statements[i++]!, after: null });
  while (j < now.length) pairs.push({ before: null, after: after.statements[j++]! });
  return pairs;
}

/** Files with more statements are not aligned, but shown as removed and added. */
const MAX_ALIGNED = 2000;

function commonSubsequence(one: string[], other: string[]): [number, number][] {
  if (one.length > MAX_ALIGNED || other.length > MAX_ALIGNED) return [];
  const width = other.length + 1;
  const lengths = new Uint16Array((one.length + 1) * width);
  for (let i = one.length - 1; i >= 0; i--) {
    for (let j = other.length - 1; j >= 0; j--) {
      lengths[i * width + j] = one[i] === other[j]
        ? lengths[(i + 1) * width + j + 1]! + 1
        : Math.max(lengths[(i + 1) * width + j]!, lengths[i * width + j + 1]!);
    }
  }
  const found: [number, number][] = [];
  let [i, j] = [0, 0];
  while (i < one.length && j < other.length) {
    if (one[i] === other[j]) found.push([i++, j++]);
    else if (lengths[(i + 1) * width + j]! >= lengths[i * width + j + 1]!) i++;
    else j++;
  }
  return found;
}

/** The kind and name of a statement, without its content. */
function keyOf(statement: Statement): string {
  const assignments = assignmentsOf(statement);
  if (assignments !== null) {
    return assignments.map(({ name, append }) => `${name}${append ? "+" : ""}=`).join(" ");
  }
  const { command } = statement;
  return command.type === "Function" ? `${command.name.value}()` : command.type;
}

function compareStatement(
  { before, after }: StatementPair,
  old: ReadPkgbuild,
  now: ReadPkgbuild,
): Fact[] {
  const textBefore = before && old.pkgbuild.text.slice(before.pos, before.end);
  const textAfter = after && now.pkgbuild.text.slice(after.pos, after.end);
  if (textBefore === textAfter) return [];
  const line = after !== null
    ? lineAt(now.pkgbuild.text, after.pos)
    : lineAt(old.pkgbuild.text, before!.pos);
  const fact = (kind: FactKind, factClass: FactClass, reason: string): Fact => ({
    kind,
    class: factClass,
    file: PKGBUILD,
    line,
    before: textBefore,
    after: textAfter,
    reason,
  });
  const kind = kindOfStatement((after ?? before)!);
  if (before === null) return [fact(kind, "review", "A statement is added.")];
  if (after === null) return [fact(kind, "review", "A statement is removed.")];
  if (textAfter !== null && isSuspicious(changedPart(textBefore!, textAfter))) {
    return [
      fact("characters", "review", "The change contains a character outside printable ASCII."),
    ];
  }
  if (
    isSameSyntax(
      { node: before, text: old.pkgbuild.text },
      { node: after, text: now.pkgbuild.text },
    )
  ) {
    return [fact("white-space", "harmless", "Only comments and white space between words change.")];
  }
  const assignmentsBefore = assignmentsOf(before);
  const assignmentsAfter = assignmentsOf(after);
  if (assignmentsBefore === null || assignmentsAfter === null) {
    return [fact(kind, "review", describeCode(kind))];
  }
  const facts = assignmentsAfter.flatMap((assignment, index) => {
    const previous = assignmentsBefore[index]!;
    if (previous.text === assignment.text) return [];
    return judgeAssignment({
      before: previous,
      after: assignment,
      variablesBefore: old.evaluation.variables,
      variablesAfter: now.evaluation.variables,
    }).map((change) => ({
      ...fact(change.kind, change.class, change.reason),
      before: previous.text,
      after: assignment.text,
      line: lineAt(now.pkgbuild.text, assignment.pos),
    }));
  });
  const isWhiteSpaceChanged = frame(before, old) !== frame(after, now);
  return isWhiteSpaceChanged
    ? [...facts, fact("white-space", "harmless", "White space or comments between words change.")]
    : facts;
}

/** The text of a statement of assignments without the assigned words. */
function frame(statement: Statement, { pkgbuild: { text } }: ReadPkgbuild): string {
  let result = "";
  let at = statement.pos;
  for (const { value } of assignmentsOf(statement) ?? []) {
    for (const word of value.type === "Word" ? [value] : value.elements) {
      result += `${text.slice(at, word.pos)}\0`;
      at = word.end;
    }
  }
  return result + text.slice(at, statement.end);
}

function kindOfStatement(statement: Statement): FactKind {
  const assignments = assignmentsOf(statement);
  if (assignments !== null) return kindOf(assignments[0]!.name);
  return statement.command.type === "Function" ? "function" : "statement";
}

function describeCode(kind: FactKind): string {
  return kind === "function"
    ? "The code of a function changes."
    : "Code that runs whenever the PKGBUILD is read changes.";
}

/** What remains of two texts without their common beginning and end. */
export function changedPart(before: string, after: string): string {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start++;
  let end = 0;
  const room = Math.min(before.length, after.length) - start;
  while (end < room && before.at(-1 - end) === after.at(-1 - end)) end++;
  return before.slice(start, before.length - end) + after.slice(start, after.length - end);
}

/** Compares the text between statements: comments, white space, or something else. */
function compareGaps(pairs: readonly StatementPair[], before: Pkgbuild, after: Pkgbuild): Fact[] {
  if (pairs.some((pair) => pair.before === null || pair.after === null)) return [];
  const old = gapsOf(before);
  const now = gapsOf(after);
  return now.flatMap((gap, index) => {
    const previous = old[index]!;
    return gap.text === previous.text ? [] : [compareGap(previous, gap, after)];
  });
}

interface Gap {
  readonly text: string;
  readonly start: number;
  /** Whether it may contain the body of a here-document. */
  readonly hasHereDocument: boolean;
}

function gapsOf({ text, statements }: Pkgbuild): Gap[] {
  const gaps: Gap[] = [];
  let start = 0;
  let hasHereDocument = false;
  for (const { pos, end } of statements) {
    gaps.push({ text: text.slice(start, pos), start, hasHereDocument });
    // The body begins on the next line, which may come after further statements.
    const isOpen: boolean = hasHereDocument && !gaps.at(-1)!.text.includes("\n");
    hasHereDocument = isOpen || text.slice(pos, end).includes("<<");
    start = end;
  }
  gaps.push({ text: text.slice(start), start, hasHereDocument });
  return gaps;
}

const COMMENT = /(^|[ \t\n])#[^\n]*/g;

function compareGap(before: Gap, after: Gap, { text }: Pkgbuild): Fact {
  const at = after.start + firstDifference(before.text, after.text);
  const fact = (kind: FactKind, factClass: FactClass, reason: string): Fact => ({
    kind,
    class: factClass,
    file: PKGBUILD,
    line: lineAt(text, at),
    before: before.text.trim(),
    after: after.text.trim(),
    reason,
  });
  if (isSuspicious(changedPart(before.text, after.text))) {
    return fact("characters", "review", "The change contains a character outside printable ASCII.");
  }
  const [old, now] = [before.text, after.text].map((each) =>
    each.replace(COMMENT, "$1").replace(/[ \t\n]/g, "")
  );
  if (old !== now || before.hasHereDocument || after.hasHereDocument) {
    return fact("statement", "review", "Text between the statements cannot be interpreted.");
  }
  const commentsOf = (each: string) => (each.match(COMMENT) ?? []).map((comment) => comment.trim());
  const isComment = commentsOf(before.text).join("\n") !== commentsOf(after.text).join("\n");
  return isComment
    ? fact("comment", "harmless", "Only a comment changes.")
    : fact("white-space", "harmless", "Only white space between statements changes.");
}

function firstDifference(one: string, other: string): number {
  let at = 0;
  while (at < one.length && one[at] === other[at]) at++;
  return at;
}
