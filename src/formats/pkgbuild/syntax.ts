import {
  type Assignment,
  type Command,
  forEachChild,
  parse,
  type Script,
  type Statement,
  type SyntaxNode,
} from "unbash";

/** A fault of the text, or a limit of this reader that it exceeds. */
export interface SyntaxFault {
  /** As a clause. */
  readonly message: string;
  /** From 1. */
  readonly line: number;
}

/** A PKGBUILD as bash reads it. */
export interface Pkgbuild {
  /** The whole file, to which all positions refer. */
  readonly text: string;
  /** In order, without those inside functions and other constructs. */
  readonly statements: readonly Statement[];
}

/** Maximum number of characters; the AUR refuses larger files. */
const MAX_LENGTH = 256_000;
/** Limits on what makes parsing slow; real PKGBUILDs have up to 400 expansions. */
const MAX_EXPANSIONS = 1500;
/** Opening brackets; real PKGBUILDs have up to 600. */
const MAX_BRACKETS = 6000;
/** Words and commands; real PKGBUILDs have up to 3000. */
const MAX_WORDS = 30_000;
const MAX_HERE_DOCUMENTS = 300;
const MAX_DEPTH = 200;
const MAX_STATEMENTS = 3000;

/**
 * Parses a PKGBUILD completely. Anything that bash would refuse is a fault, and so is anything too
 * large or too deeply nested for a package: nobody should judge half a file.
 */
export function parsePkgbuild(text: string): Pkgbuild | readonly SyntaxFault[] {
  const excess = excessOf(text);
  if (excess !== null) return [{ message: excess, line: 1 }];
  try {
    const script = parse(text);
    if (script.commands.length > MAX_STATEMENTS) {
      return [{ message: `it has more than ${MAX_STATEMENTS} statements`, line: 1 }];
    }
    const faults = faultsOf(script, text);
    return faults.length > 0 ? faults : { text, statements: script.commands };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return [{ message: "it is nested too deeply", line: 1 }];
  }
}

/** Number of the line of a position, from 1. */
export function lineAt(text: string, position: number): number {
  let line = 1;
  for (let at = text.indexOf("\n"); at >= 0 && at < position; at = text.indexOf("\n", at + 1)) {
    line++;
  }
  return line;
}

/** Calls `visitor` with a node, and with everything below it if it returns true. */
export function visit(node: SyntaxNode, visitor: (node: SyntaxNode) => boolean): void {
  if (visitor(node)) forEachChild(node, (child) => visit(child, visitor));
}

/**
 * The assignments of a statement that consists only of assignments, without a command, a
 * redirection or `&`. Null for all other statements.
 */
export function assignmentsOf({ command, background }: Statement): readonly Assignment[] | null {
  if (background || command.type !== "Command" || command.name !== undefined) return null;
  if (command.suffix.length > 0 || command.prefix.length === 0) return null;
  const assignments = command.prefix.filter((each) => each.type === "Assignment");
  return assignments.length === command.prefix.length ? assignments : null;
}

/** The name of a command if it is literal; null if it results from an expansion. */
export function commandName({ name }: Command): string | null {
  if (name === undefined) return null;
  const isLiteral = (name.parts ?? []).every(({ type }) =>
    type === "Literal" || type === "SingleQuoted" || type === "Glob"
  );
  return isLiteral ? name.value : null;
}

function excessOf(text: string): string | null {
  if (text.length > MAX_LENGTH) return `it is longer than ${MAX_LENGTH} characters`;
  if (count(text, /\$[({[]|`|\(\(|[<>]\(/g) > MAX_EXPANSIONS) return "it has too many expansions";
  if (count(text, /[\s|&;<>]+/g) > MAX_WORDS) return "it has too many words";
  if (count(text, /[([{]/g) > MAX_BRACKETS) return "it has too many brackets";
  if (count(text, /<</g) > MAX_HERE_DOCUMENTS) return "it has too many here-documents";
  return null;
}

function count(text: string, pattern: RegExp): number {
  let found = 0;
  while (pattern.test(text)) found++;
  return found;
}

/** The faults of a script and of all scripts inside it, which are parsed when they are visited. */
function faultsOf(script: Script, text: string): SyntaxFault[] {
  const faults: SyntaxFault[] = [];
  const add = (message: string, position: number) =>
    faults.push({ message, line: lineAt(text, position) });
  const walk = (node: SyntaxNode, depth: number): void => {
    if (depth > MAX_DEPTH) {
      if (faults.length === 0) add("it is nested too deeply", "pos" in node ? node.pos : 0);
      return;
    }
    if (node.type === "Script" && "errors" in node) {
      for (const { message, pos } of node.errors ?? []) add(message, pos);
    }
    if (
      (node.type === "ParameterExpansion" && node.operation?.type === "Unknown") ||
      (node.type === "CommandExpansion" && node.script === undefined)
    ) add("an expansion is not understood", node.pos);
    forEachChild(node, (child) => walk(child, depth + 1));
  };
  walk(script as SyntaxNode, 0);
  return faults;
}
