import type { Assignment, Function, Statement } from "unbash";
import { effectsOf } from "./effects.ts";
import { expandFields, expandScalar, type Value, type Variables } from "./expansion.ts";
import { assignmentsOf, type Pkgbuild, visit } from "./syntax.ts";

/** What is known about a PKGBUILD's variables without running it. */
export interface Evaluation {
  /** After reading the whole file; only presumed if `isOpaque`. */
  readonly variables: Variables;
  /** Functions by name; of two with one name the last counts, as in bash. */
  readonly functions: ReadonlyMap<string, Function>;
  /** Names of functions defined inside other statements, so perhaps not at all. */
  readonly conditionalFunctions: ReadonlySet<string>;
  /** Whether a statement may have changed anything, such as `eval` or `source`. */
  readonly isOpaque: boolean;
}

/** Maximum number of elements of an array; longer ones count as unknown. */
const MAX_ELEMENTS = 20_000;

/**
 * Follows the statements of a PKGBUILD in order. A plain assignment whose words consist of literals
 * and known variables yields a known value; anything else to which a statement may assign becomes
 * unknown.
 */
export function evaluate({ statements }: Pkgbuild): Evaluation {
  const variables = new Map<string, Value | null>();
  const functions = new Map<string, Function>();
  const nested = nestedFunctions(statements);
  const functionsOf = (name: string) => {
    const last = functions.get(name);
    const others = nested.get(name) ?? [];
    return last === undefined ? others : [last, ...others];
  };
  const distrusted = new Set<string>();
  let isOpaque = false;
  for (const statement of statements) {
    if (statement.command.type === "Function") {
      functions.set(statement.command.name.value, statement.command);
      continue;
    }
    const assignments = assignmentsOf(statement);
    const effects = effectsOf(statement, functionsOf);
    for (const name of effects.attributed) distrusted.add(name);
    isOpaque ||= effects.isOpaque;
    if (assignments === null) {
      for (const name of effects.names) variables.set(name, null);
      continue;
    }
    const assigned = new Set(assignments.map(({ name }) => name));
    for (const each of assignments) {
      const value = distrusted.has(each.name) ? null : assignedValue(each, variables);
      variables.set(each.name, value);
    }
    // A word may assign as well, as `${x:=1}` does.
    for (const name of effects.names) if (!assigned.has(name)) variables.set(name, null);
  }
  return { variables, functions, conditionalFunctions: new Set(nested.keys()), isOpaque };
}

function nestedFunctions(statements: readonly Statement[]): Map<string, Function[]> {
  const found = new Map<string, Function[]>();
  for (const { command } of statements) {
    visit(command, (node) => {
      if (node.type === "Function" && node !== command) {
        found.set(node.name.value, [...found.get(node.name.value) ?? [], node]);
      }
      return true;
    });
  }
  return found;
}

/** The value of a variable after an assignment; null if unknown. */
export function assignedValue(
  { name, value, append, index }: Assignment,
  variables: Variables,
): Value | null {
  if (index !== undefined) return null;
  const before = variables.get(name);
  if (append && before == null) return null;
  if (value.type === "Word") {
    const text = expandScalar(value, variables);
    if (text === null || !append) return text;
    if (typeof before === "string") return before + text;
    return before!.length === 0 ? [text] : [before![0]! + text, ...before!.slice(1)];
  }
  const elements: string[] = append ? (typeof before === "string" ? [before] : [...before!]) : [];
  for (const word of value.elements) {
    // An element with a subscript of its own.
    if (/^\[[^\]]*\]\+?=/.test(word.text)) return null;
    const fields = expandFields(word, variables);
    if (fields === null || elements.length + fields.length > MAX_ELEMENTS) return null;
    elements.push(...fields);
  }
  return elements;
}
