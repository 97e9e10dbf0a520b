import { tokenizeWith } from "@speed-highlight/core/tokenize";
import bash from "@speed-highlight/core/languages/bash.js";

/** A part of a line, and what it is in the language of the shell: a class of our style sheet. */
export interface Token {
  readonly text: string;
  readonly kind: string | null;
}

/** What colours mean: the others of the library are as quiet as other text. */
const KINDS: Readonly<Record<string, string>> = {
  cmnt: "t-comment",
  str: "t-string",
  var: "t-variable",
  kwd: "t-keyword",
  func: "t-function",
  num: "t-number",
  bool: "t-number",
};

/** Beyond it, the time that the library takes grows with the square of the length. */
const MAX_LENGTH = 1_000;

/** Whether a file is highlighted as what the shell reads. */
export function isShell(path: string): boolean {
  return /(?:^|\/)PKGBUILD$|\.(?:install|sh|bash|hook)$/.test(path);
}

/** The tokens of one line. Its characters are all there, and nothing else. */
export function shellTokens(line: string): Token[] {
  if (line.length > MAX_LENGTH) return [{ text: line, kind: null }];
  const tokens: Token[] = [];
  tokenizeWith(line, bash, (text, type) => {
    if (text !== "") tokens.push({ text, kind: KINDS[type ?? ""] ?? null });
  });
  return tokens;
}
