import { tokenizeWith } from "@speed-highlight/core/tokenize";
import bash from "@speed-highlight/core/languages/bash.js";

/** A part of a line of shell code. `kind` is a class of the style sheet; null for plain text. */
export interface Token {
  readonly text: string;
  readonly kind: string | null;
}

/** Style sheet classes by the library's token types. Other types stay plain. */
const KINDS: Readonly<Record<string, string>> = {
  cmnt: "t-comment",
  str: "t-string",
  var: "t-variable",
  kwd: "t-keyword",
  func: "t-function",
  num: "t-number",
  bool: "t-number",
};

/** The library takes quadratic time, so longer lines stay plain. In characters. */
const MAX_LENGTH = 1_000;

/** Whether a file is highlighted as shell code. */
export function isShell(path: string): boolean {
  return /(?:^|\/)PKGBUILD$|\.(?:install|sh|bash|hook)$/.test(path);
}

/** Splits one line into tokens, which together are exactly the line. */
export function shellTokens(line: string): Token[] {
  if (line.length > MAX_LENGTH) return [{ text: line, kind: null }];
  const tokens: Token[] = [];
  tokenizeWith(line, bash, (text, type) => {
    if (text !== "") tokens.push({ text, kind: KINDS[type ?? ""] ?? null });
  });
  return tokens;
}
