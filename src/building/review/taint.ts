import type { Assignment } from "unbash";
import { assignedValue } from "../../formats/pkgbuild/evaluation.ts";
import { assignmentsOf, type Pkgbuild, visit } from "../../formats/pkgbuild/syntax.ts";
import { type Allowance, judgeMetadata } from "./metadata_changes.ts";
import type { ReadPkgbuild } from "./statement_changes.ts";

/**
 * Whether a makepkg variable may depend on variables that change, judged by names: every statement
 * that assigns it, or assigns what it is composed of, counts with all names in it.
 */
export function dependsOn(
  { pkgbuild, evaluation }: ReadPkgbuild,
  key: string,
  section: string | null,
  changed: ReadonlySet<string>,
): boolean {
  if (evaluation.isOpaque) return changed.size > 0;
  const reads = cachedReads({ pkgbuild, evaluation }, section);
  const open = [key];
  const seen = new Set(open);
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (changed.has(name) && name !== key) return true;
    for (const next of reads.get(name) ?? []) {
      if (seen.has(next)) continue;
      seen.add(next);
      open.push(next);
    }
  }
  return false;
}

const CACHE = new WeakMap<Pkgbuild, Map<string | null, Map<string, Set<string>>>>();

function cachedReads(source: ReadPkgbuild, section: string | null): Map<string, Set<string>> {
  const known = CACHE.get(source.pkgbuild) ?? new Map<string | null, Map<string, Set<string>>>();
  CACHE.set(source.pkgbuild, known);
  const reads = known.get(section) ?? readsOf(source, section);
  known.set(section, reads);
  return reads;
}

/** All names in the statements that assign each variable; functions count only on request. */
function readsOf(
  { pkgbuild, evaluation }: ReadPkgbuild,
  section: string | null,
): Map<string, Set<string>> {
  const reads = new Map<string, Set<string>>();
  for (const statement of pkgbuild.statements) {
    const { command } = statement;
    const isOtherFunction = command.type === "Function" && (
      section === null
        ? /^package(?:_|$)|^(?:prepare|pkgver|build|check|verify)$/.test(command.name.value)
        : evaluation.functions.get(`package_${section}`) !== command
    );
    if (isOtherFunction) continue;
    const namesIn = (text: string) => new Set(text.match(/[A-Za-z_]\w*/g));
    const statementNames = namesIn(pkgbuild.text.slice(statement.pos, statement.end));
    visit(statement, (node) => {
      if (node.type === "Assignment") {
        // makepkg reads only the assignments of a function, whatever surrounds them.
        const names = command.type === "Function" ? namesIn(node.text) : statementNames;
        const known = reads.get(node.name);
        reads.set(node.name, known === undefined ? names : new Set([...known, ...names]));
      }
      return true;
    });
  }
  return reads;
}

/**
 * Whether each assignment to a variable changes only as a version bump may, and does not depend on a
 * changed condition. This covers arrays that are extended under conditions.
 */
export function isSamePiecewise(
  before: ReadPkgbuild,
  after: ReadPkgbuild,
  key: string,
  changed: ReadonlySet<string>,
  allowance: Allowance,
): boolean {
  const [old, now] = [piecesOf(before, key), piecesOf(after, key)];
  if (old.length !== now.length || now.length === 0) return false;
  return now.every(({ assignment, conditions }, index) => {
    const values = [old[index]!.assignment, assignment].map((each, side) => {
      // The assignment alone, not appended to earlier values.
      const variables = [before, after][side]!.evaluation.variables;
      const value = assignedValue(withoutAppend(each), variables);
      return value === null ? null : typeof value === "string" ? [value] : [...value];
    });
    const [was, is] = values;
    if (was == null || is == null) return false;
    const change = judgeMetadata(key, was, is, allowance);
    if (change !== null && change.class !== "value") return false;
    return [...conditions].every((name) =>
      !changed.has(name) && !dependsOn(after, name, null, changed)
    );
  });
}

interface Piece {
  readonly assignment: Assignment;
  /** Names around the assignment in its statement. */
  readonly conditions: ReadonlySet<string>;
}

function piecesOf({ pkgbuild }: ReadPkgbuild, key: string): Piece[] {
  const pieces: Piece[] = [];
  for (const statement of pkgbuild.statements) {
    if (statement.command.type === "Function") continue;
    const found: Assignment[] = [];
    visit(statement, (node) => {
      if (node.type === "Assignment" && node.name === key) found.push(node);
      return true;
    });
    let around = pkgbuild.text.slice(statement.pos, statement.end);
    for (const { text } of found) around = around.replace(text, () => "");
    const conditions = assignmentsOf(statement) !== null
      ? new Set<string>()
      : new Set(around.match(/[A-Za-z_]\w*/g));
    pieces.push(...found.map((assignment) => ({ assignment, conditions })));
  }
  return pieces;
}

function withoutAppend({ name, value, index, type, pos, end, text }: Assignment): Assignment {
  return { name, value, index, type, pos, end, text, append: undefined };
}
