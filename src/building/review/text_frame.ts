import type { DoubleQuotedChild, Word, WordPart } from "unbash";

/** A piece of a word: literal text, or syntax for bash, including quotes. */
export interface FramePiece {
  readonly text: string;
  readonly isLiteral: boolean;
}

/** Literal text that differs between two words. */
export interface LiteralChange {
  readonly before: string;
  readonly after: string;
}

/**
 * The pieces of a word, alternating between literal text and syntax. Null if literal text is escaped
 * with a backslash or in `$'...'`.
 */
function frameOf(word: Word): FramePiece[] | null {
  const pieces: FramePiece[] = [];
  const add = (text: string, isLiteral: boolean) => {
    const last = pieces.at(-1);
    if (last?.isLiteral === isLiteral) {
      pieces[pieces.length - 1] = { text: last.text + text, isLiteral };
    } else pieces.push({ text, isLiteral });
  };
  const addPart = (part: WordPart | DoubleQuotedChild): boolean => {
    switch (part.type) {
      case "Literal":
        add(part.text, true);
        return part.text === part.value;
      case "SingleQuoted":
        add("'", false);
        add(part.value, true);
        add("'", false);
        return true;
      case "DoubleQuoted": {
        add('"', false);
        if (part.parts.length === 0) add("", true);
        const isPlain = part.parts.every(addPart);
        add('"', false);
        return isPlain;
      }
      case "AnsiCQuoted":
      case "LocaleString":
        return false;
      default:
        add(part.text, false);
        return true;
    }
  };
  if (word.parts === undefined) {
    add(word.text, true);
    return word.text === word.value ? pieces : null;
  }
  return word.parts.every(addPart) ? pieces : null;
}

/**
 * The literal texts in which two words differ, if their syntax is the same; null if they differ in
 * anything else.
 */
export function literalChanges(before: Word, after: Word): LiteralChange[] | null {
  const [one, other] = [frameOf(before), frameOf(after)];
  if (one === null || other === null || one.length !== other.length) return null;
  const changes: LiteralChange[] = [];
  for (const [index, { text, isLiteral }] of one.entries()) {
    const match = other[index]!;
    if (match.isLiteral !== isLiteral || (!isLiteral && match.text !== text)) return null;
    if (match.text !== text) changes.push({ before: text, after: match.text });
  }
  return changes;
}

/** The text of a word that consists of literal text, quoted or not; null for any other. */
export function literalText(word: Word): string | null {
  const pieces = frameOf(word);
  if (pieces === null) return null;
  const isLiteral = pieces.every(({ text, isLiteral }) => isLiteral || /^["']+$/.test(text));
  return isLiteral
    ? pieces.filter((piece) => piece.isLiteral).map(({ text }) => text).join("")
    : null;
}
