import type { Command, Function, SyntaxNode } from "unbash";
import { commandName, visit } from "./syntax.ts";

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

/** Commands that may give a variable attributes, which change what later assignments do. */
const DECLARING_COMMANDS = new Set(["declare", "local", "readonly", "typeset"]);
/** Variables that change how words are expanded. */
const EXPANSION_VARIABLES = new Set([
  "BASHOPTS",
  "GLOBIGNORE",
  "IFS",
  "LANG",
  "LC_ALL",
  "LC_CTYPE",
  "POSIXLY_CORRECT",
  "SHELLOPTS",
]);
/** Shell options that do not change expansion without files. */
const HARMLESS_OPTIONS = new Set([
  "dotglob",
  "extglob",
  "failglob",
  "globstar",
  "nocaseglob",
  "nullglob",
]);

/** What running a piece of code may change. */
export interface Effects {
  /** Variables to which it may assign. */
  readonly names: ReadonlySet<string>;
  /** Variables whose later assignments cannot be trusted either. */
  readonly attributed: ReadonlySet<string>;
  /** Whether it may change anything. */
  readonly isOpaque: boolean;
}

/** The effects of a piece of code by itself, and the commands whose functions add to them. */
interface OwnEffects {
  readonly names: Set<string>;
  readonly attributed: Set<string>;
  readonly calls: Set<string>;
  isOpaque: boolean;
}

const CACHE = new WeakMap<SyntaxNode, OwnEffects>();

/** The effects of a statement, including those of all functions that it calls. */
export function effectsOf(
  node: SyntaxNode,
  functionsOf: (name: string) => readonly Function[],
): Effects {
  const own = ownEffects(node);
  const names = new Set(own.names);
  const attributed = new Set(own.attributed);
  let isOpaque = own.isOpaque;
  const open = [...own.calls];
  const seen = new Set(open);
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    for (const { body } of functionsOf(name)) {
      const called = ownEffects(body);
      for (const each of called.names) names.add(each);
      for (const each of called.attributed) attributed.add(each);
      isOpaque ||= called.isOpaque;
      for (const each of called.calls) {
        if (seen.has(each)) continue;
        seen.add(each);
        open.push(each);
      }
    }
  }
  return { names, attributed, isOpaque };
}

/** Whether assigning to a variable changes how words are expanded, or bash itself sets it. */
function isSpecial(name: string): boolean {
  return EXPANSION_VARIABLES.has(name) ||
    /^(?:BASH_?\w*|COMP_\w+|DIRSTACK|EPOCH\w+|E?UID|FUNCNAME|GROUPS|HISTCMD|LINENO|OLDPWD|OPT\w+|PIPESTATUS|PPID|PWD|RANDOM|SECONDS|SHLVL|SRANDOM|_)$/
      .test(name);
}

function ownEffects(root: SyntaxNode): OwnEffects {
  const known = CACHE.get(root);
  if (known !== undefined) return known;
  const effects: OwnEffects = {
    names: new Set(),
    attributed: new Set(),
    calls: new Set(),
    isOpaque: false,
  };
  visit(root, (node) => {
    switch (node.type) {
      // These run in a shell of their own.
      case "CommandExpansion":
      case "ProcessSubstitution":
      case "Subshell":
        return false;
      // A definition runs nothing.
      case "Function":
        return node === root;
      case "Coproc":
        effects.isOpaque = true;
        return true;
      case "Assignment":
        effects.names.add(node.name);
        effects.isOpaque ||= isSpecial(node.name);
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
      case "Redirect":
        if (node.descriptor?.type === "FileDescriptorVariable") {
          effects.names.add(node.descriptor.name);
        }
        return true;
      case "ArithmeticBinary":
        if (ASSIGNING_OPERATORS.test(node.operator)) addNames(effects.names, node.left);
        return true;
      case "ArithmeticUnary":
        if (ASSIGNING_OPERATORS.test(node.operator)) addNames(effects.names, node.operand);
        return true;
      case "Command":
        addCommand(node, effects);
        return true;
      default:
        return true;
    }
  });
  CACHE.set(root, effects);
  return effects;
}

function addCommand(command: Command, effects: OwnEffects): void {
  if (command.name === undefined) return;
  const name = commandName(command);
  if (name === null || OPAQUE_COMMANDS.has(name)) {
    effects.isOpaque = true;
    return;
  }
  effects.calls.add(name);
  if (name === "shopt") {
    effects.isOpaque ||= command.args.some((argument) =>
      argument.type !== "Word" ||
      !/^-/.test(argument.value) && !HARMLESS_OPTIONS.has(argument.value)
    );
  }
  if (!ASSIGNING_COMMANDS.has(name)) return;
  const isDeclaring = DECLARING_COMMANDS.has(name);
  for (const argument of command.args) {
    if (argument.type === "Assignment") {
      if (isDeclaring) effects.attributed.add(argument.name);
      continue;
    }
    // A name reference writes to a variable that is not named here.
    if (isDeclaring && /^[-+]\w*n/.test(argument.value)) effects.isOpaque = true;
    addNames(effects.names, argument);
    if (isDeclaring) addNames(effects.attributed, argument);
    const isMade = argument.parts?.some(({ type }) =>
      type !== "Literal" && type !== "SingleQuoted" && type !== "DoubleQuoted"
    );
    if (isMade && name !== "printf" && name !== "export") effects.isOpaque = true;
  }
}

function addNames(names: Set<string>, node: SyntaxNode): void {
  const text = node.type === "Word" || node.type === "ArithmeticWord" ? node.value : "";
  for (const [name] of text.matchAll(/[A-Za-z_]\w*/g)) names.add(name);
}
