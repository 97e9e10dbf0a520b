import type { DoubleQuotedChild, Word, WordPart } from "unbash";

/** A piece of a word: text that stands for itself, or what bash reads, quotes included. */
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
 * The pieces of a word, literal text and syntax in turn. Null if some literal text is not written as
 * it is read, with a backslash or in `$'...'`.
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
 * The literal texts in which two words differ, where all that bash reads in them is the same; null if
 * they differ in anything else.
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

/** The text of a word that is nothing but literal text, in quotes or not; null for another one. */
export function literalText(word: Word): string | null {
  const pieces = frameOf(word);
  if (pieces === null) return null;
  const isLiteral = pieces.every(({ text, isLiteral }) => isLiteral || /^["']+$/.test(text));
  return isLiteral
    ? pieces.filter((piece) => piece.isLiteral).map(({ text }) => text).join("")
    : null;
}
