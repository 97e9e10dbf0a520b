/** A piece of a bash pattern: literal text, or text in which `*`, `?`, `[` match. */
export interface PatternPiece {
  /** Without its quotes. */
  readonly text: string;
  /** Whether it is literal. */
  readonly isQuoted: boolean;
}

/**
 * The regular expression of a bash pattern, without anchors; null if it contains an extended
 * pattern such as `+(a|b)`, a class such as `[[:alpha:]]`, or a backslash.
 *
 * Source: "Pattern Matching" in bash(1).
 */
export function patternSource(pieces: readonly PatternPiece[]): string | null {
  let source = "";
  for (const { text, isQuoted } of pieces) {
    const piece = isQuoted ? literal(text) : globSource(text);
    if (piece === null) return null;
    source += piece;
  }
  return source;
}

function globSource(text: string): string | null {
  if (/[?*+@!]\(|\\/.test(text)) return null;
  let source = "";
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!;
    if (character === "*") source += "[^]*";
    else if (character === "?") source += "[^]";
    else if (character === "[") {
      // A class that contains only characters and ranges.
      const [whole, not, members] = /^\[([!^]?)(\]?[^\][\\]*)\]/.exec(text.slice(at)) ?? [];
      if (whole === undefined || members === undefined || members === "") return null;
      source += `[${not ? "^" : ""}${members.replace(/[\]^]/g, "\\$&")}]`;
      at += whole.length - 1;
    } else source += literal(character);
  }
  return source;
}

function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}
