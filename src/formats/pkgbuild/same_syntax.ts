import type { ArrayValue, SyntaxNode } from "unbash";

/** A piece of syntax with the text to which its positions refer. */
export interface Located {
  /** Any node. */
  readonly node: SyntaxNode;
  /** The whole file. */
  readonly text: string;
}

/**
 * Properties of the nodes that are compared piece by piece. All other nodes, such as words, must
 * have the same text.
 */
const STRUCTURE: Readonly<Record<string, readonly string[]>> = {
  Statement: ["command", "background"],
  Command: ["name", "prefix", "suffix"],
  Assignment: ["name", "append", "index", "value"],
  ArrayValue: ["elements"],
  CompoundList: ["commands"],
  BraceGroup: ["body"],
  Subshell: ["body"],
  Function: ["name", "body"],
  If: ["clause", "then", "elif", "else"],
  Elif: ["clause", "then"],
  For: ["name", "wordlist", "body"],
  While: ["kind", "clause", "body"],
  Case: ["word", "items"],
  CaseItem: ["pattern", "body", "terminator"],
  AndOr: ["commands", "operators"],
  Pipeline: ["prefixes", "commands", "operators"],
  Redirected: ["command", "redirects"],
};

/**
 * Whether bash reads two pieces of syntax alike: they differ only in white space, comments and line
 * ends between words. Words are compared with their quotes.
 */
export function isSameSyntax(one: Located, other: Located): boolean {
  return isSame(one.node, other.node, one.text, other.text);
}

function isSame(one: unknown, other: unknown, left: string, right: string): boolean {
  if (Array.isArray(one) && Array.isArray(other)) {
    return one.length === other.length &&
      one.every((each, index) => isSame(each, other[index], left, right));
  }
  if (!isNode(one) || !isNode(other)) return one === other;
  if (one.type !== other.type) return false;
  if (one.type === "HereDoc" && other.type === "HereDoc") {
    return one.operator === other.operator && one.delimiter?.text === other.delimiter?.text &&
      one.body.text === other.body.text &&
      isSame(one.descriptor, other.descriptor, left, right);
  }
  const properties = STRUCTURE[one.type];
  if (properties === undefined) {
    return left.slice(one.pos, one.end) === right.slice(other.pos, other.end);
  }
  const [a, b] = [one, other] as unknown as Record<string, unknown>[];
  return properties.every((property) => isSame(a![property], b![property], left, right));
}

function isNode(value: unknown): value is SyntaxNode | ArrayValue {
  return typeof value === "object" && value !== null && "type" in value && "pos" in value;
}
