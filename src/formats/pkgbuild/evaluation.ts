import type { Assignment, Command, Function, Statement, SyntaxNode } from "unbash";
import { expandFields, expandScalar, type Value, type Variables } from "./expansion.ts";
import { assignmentsOf, commandName, type Pkgbuild, visit } from "./syntax.ts";

/** What can be told of a PKGBUILD's variables without running it. */
export interface Evaluation {
  /** After the whole file was read; only presumed if `isOpaque`. */
  readonly variables: Variables;
  /** Functions by their names; of two with one name the last counts, as in bash. */
  readonly functions: ReadonlyMap<string, Function>;
  /** Whether a statement may have changed anything, such as `eval` or `source`. */
  readonly isOpaque: boolean;
}

/** Commands that can run text as code, end the file early, or change how it is read. `exit` is none of
 * them: nothing is built after it. */
const OPAQUE_COMMANDS = new Set([
  ".",
  "alias",
  "builtin",
  "command",
  "enable",
  "eval",
  "exec",
  "return",
  "set",
  "source",
  "trap",
]);
/** Commands whose words name the variables that they set. */
const ASSIGNING_COMMANDS = new Set([
  "declare",
  "export",
  "getopts",
  "let",
  "local",
  "mapfile",
  "printf",
  "read",
  "readarray",
  "readonly",
  "typeset",
  "unset",
]);
const ASSIGNING_OPERATORS = /^(?:[-+*/%&|^]|<<|>>)?=$|^(?:\+\+|--)$/;

/** Names that a piece of code may assign to. */
interface Effects {
  readonly names: Set<string>;
  isOpaque: boolean;
}

/**
 * Follows the statements of a PKGBUILD in their order. A plain assignment whose words are made of
 * literals and of variables that are known makes another one; whatever else a statement may assign to
 * is not known afterwards.
 */
export function evaluate({ statements }: Pkgbuild): Evaluation {
  const variables = new Map<string, Value | null>();
  const functions = new Map<string, Function>();
  let isOpaque = false;
  for (const statement of statements) {
    const assignments = assignmentsOf(statement);
    if (assignments !== null) {
      for (const each of assignments) variables.set(each.name, assignedValue(each, variables));
    }
    if (statement.command.type === "Function") {
      functions.set(statement.command.name.value, statement.command);
      continue;
    }
    const effects = effectsOf(statement, functions, assignments !== null);
    for (const name of effects.names) variables.set(name, null);
    isOpaque ||= effects.isOpaque;
  }
  return { variables, functions, isOpaque };
}

/** The value of a variable after an assignment; null if it is not known. */
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
    if (fields === null) return null;
    elements.push(...fields);
  }
  return elements;
}

function effectsOf(
  statement: Statement,
  functions: ReadonlyMap<string, Function>,
  isPlainAssignment: boolean,
): Effects {
  const effects: Effects = { names: new Set(), isOpaque: false };
  const called = new Set<string>();
  const look = (node: SyntaxNode): boolean => {
    switch (node.type) {
      // These run in a shell of their own.
      case "CommandExpansion":
      case "ProcessSubstitution":
      case "Subshell":
      case "Function":
        return false;
      case "Assignment":
        if (!isPlainAssignment) effects.names.add(node.name);
        return true;
      case "For":
      case "Select":
        effects.names.add(node.name.value);
        return true;
      case "ParameterExpansion":
        if (node.operation?.type === "Default" && node.operation.operator.endsWith("=")) {
          effects.names.add(node.parameter);
        }
        return true;
      case "ArithmeticBinary":
        if (ASSIGNING_OPERATORS.test(node.operator)) addNames(effects.names, node.left);
        return true;
      case "ArithmeticUnary":
        if (ASSIGNING_OPERATORS.test(node.operator)) addNames(effects.names, node.operand);
        return true;
      case "Coproc":
        effects.isOpaque = true;
        return true;
      case "Command":
        lookAtCommand(node, effects, (name) => {
          const body = functions.get(name)?.body;
          if (body === undefined || called.has(name)) return;
          called.add(name);
          visit(body, look);
        });
        return true;
      default:
        return true;
    }
  };
  visit(statement, look);
  return effects;
}

function lookAtCommand(command: Command, effects: Effects, call: (name: string) => void): void {
  if (command.name === undefined) return;
  const name = commandName(command);
  if (name === null || OPAQUE_COMMANDS.has(name)) {
    effects.isOpaque = true;
    return;
  }
  call(name);
  if (!ASSIGNING_COMMANDS.has(name)) return;
  for (const argument of command.args) {
    if (argument.type === "Assignment") continue;
    // A name reference writes to a variable that is not named here.
    if (/^[-+]\w*n/.test(argument.value) && name !== "read" && name !== "export") {
      effects.isOpaque = true;
    }
    addNames(effects.names, argument);
    if (
      argument.parts?.some(({ type }) =>
        type === "SimpleExpansion" || type === "ParameterExpansion"
      )
    ) {
      effects.isOpaque ||= name !== "printf" && name !== "export";
    }
  }
}

function addNames(names: Set<string>, node: SyntaxNode): void {
  const text = node.type === "Word" || node.type === "ArithmeticWord" ? node.value : "";
  for (const [name] of text.matchAll(/[A-Za-z_]\w*/g)) names.add(name);
}
