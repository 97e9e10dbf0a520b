/** A part of a line with one style. */
export interface StyledText {
  readonly text: string;
  /** Style sheet classes, separated by spaces; "" for none. */
  readonly classes: string;
}

/**
 * Matches SGR sequences, whose parameters it captures, and all other control sequences, which are
 * dropped.
 */
const SEQUENCE =
  // deno-lint-ignore no-control-regex
  /\u001b\[([0-9;:]*)m|\u001b\[[0-?]*[ -/]*[@-~]|\u001b[\]PX^_][^\u0007\u001b]*(?:\u0007|\u001b\\)?|\u001b[ -/]*[0-~]?/g;

interface Style {
  color: number | null;
  isBold: boolean;
  isFaint: boolean;
  isItalic: boolean;
  isUnderlined: boolean;
}

/** Splits a line at its terminal colours (SGR). Styles do not carry over from earlier lines. */
export function styledTexts(line: string): StyledText[] {
  const parts: StyledText[] = [];
  let style = plain();
  let at = 0;
  const add = (text: string) => {
    if (text !== "") parts.push({ text, classes: classesOf(style) });
  };
  for (const match of line.matchAll(SEQUENCE)) {
    add(line.slice(at, match.index));
    if (match[1] !== undefined) style = applied(style, match[1]);
    at = match.index + match[0].length;
  }
  add(line.slice(at));
  return parts;
}

function plain(): Style {
  return { color: null, isBold: false, isFaint: false, isItalic: false, isUnderlined: false };
}

function applied(before: Style, parameters: string): Style {
  const codes = parameters.split(/[;:]/).map((each) => Number(each === "" ? 0 : each));
  let style = { ...before };
  for (let index = 0; index < codes.length; index++) {
    const code = codes[index]!;
    if (code === 0) style = plain();
    else if (code === 1) style.isBold = true;
    else if (code === 2) style.isFaint = true;
    else if (code === 3) style.isItalic = true;
    else if (code === 4) style.isUnderlined = true;
    else if (code === 22) style.isBold = style.isFaint = false;
    else if (code === 23) style.isItalic = false;
    else if (code === 24) style.isUnderlined = false;
    else if (code === 39) style.color = null;
    else if (code >= 30 && code <= 37) style.color = code - 30;
    else if (code >= 90 && code <= 97) style.color = code - 90 + 8;
    else if (code === 38 || code === 48) {
      // Keep only the 16 named colours, and no backgrounds: text might become unreadable on them.
      const isIndexed = codes[index + 1] === 5;
      const color = codes[index + 2] ?? 256;
      if (code === 38 && isIndexed) style.color = color < 16 ? color : null;
      index += isIndexed ? 2 : 4;
    }
  }
  return style;
}

function classesOf({ color, isBold, isFaint, isItalic, isUnderlined }: Style): string {
  return [
    // Black and white are the page's own text colour.
    color === null || color % 8 === 0 || color % 8 === 7 ? "" : `a-${color % 8}`,
    isBold ? "a-bold" : "",
    isFaint || color === 8 ? "a-faint" : "",
    isItalic ? "a-italic" : "",
    isUnderlined ? "a-underlined" : "",
  ].filter((each) => each !== "").join(" ");
}
