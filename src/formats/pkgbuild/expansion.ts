import type { DoubleQuotedChild, ParameterExpansionPart, Word, WordPart } from "unbash";
import { type PatternPiece, patternSource } from "./glob_pattern.ts";

/** A variable's value: text, or the elements of an indexed array. */
export type Value = string | readonly string[];

/**
 * Variables by name. Null stands for a value that cannot be determined without running the file; a
 * missing name was never assigned, so its value would come from the environment.
 */
export type Variables = ReadonlyMap<string, Value | null>;

/** Maximum number of characters of a value; longer ones count as unknown. */
const MAX_VALUE = 16_384;
const MAX_FIELDS = 4096;
/**
 * Maximum number of characters of a value to match with a pattern, by the pattern's number of
 * stars: matching takes powers of it.
 */
const MAX_MATCHED = [4096, 512, 64];
/** Unquoted, these split a value or match file names. */
const SPLITTING = /[\s*?[\\]/;

/**
 * The value of the right side of `name=word`, where bash neither splits words nor matches file
 * names; null if it cannot be determined without running the file.
 *
 * Source: "PARAMETERS" and "EXPANSION" in bash(1).
 */
export function expandScalar(word: Word, variables: Variables): string | null {
  if (word.parts === undefined) return startsWithTilde(word.text) ? null : word.value;
  if (startsWithTilde(word.text)) return null;
  let result = "";
  for (const part of word.parts) {
    const text = isFieldless(part) ? part.text : scalarPart(part, variables);
    if (text === null || result.length + text.length > MAX_VALUE) return null;
    result += text;
  }
  return result;
}

/** The elements that a word of an array becomes: none, one or several; null if unknown. */
export function expandFields(word: Word, variables: Variables): string[] | null {
  if (startsWithTilde(word.text)) return null;
  if (word.parts === undefined) {
    return SPLITTING.test(word.text) && word.text === word.value ? null : [word.value];
  }
  const whole = wholeArray(word.parts, variables);
  if (whole !== undefined) return whole;
  let fields = [""];
  let isEmptyKept = false;
  for (const part of word.parts) {
    const alternatives = alternativesOf(part, variables);
    if (alternatives === null) return null;
    if (part.type !== "SimpleExpansion" && part.type !== "ParameterExpansion") isEmptyKept = true;
    if (fields.length * alternatives.length > MAX_FIELDS) return null;
    fields = fields.flatMap((field) => alternatives.map((text) => field + text));
    if (fields.some(({ length }) => length > MAX_VALUE)) return null;
  }
  return isEmptyKept ? fields : fields.filter((field) => field !== "");
}

/** The elements of a word that consists of `"${name[@]}"`. Undefined if it is another word. */
function wholeArray(parts: readonly WordPart[], variables: Variables): string[] | null | undefined {
  const [only, more] = parts;
  if (only === undefined || more !== undefined) return undefined;
  const isQuoted = only.type === "DoubleQuoted";
  const [inner, innerMore] = isQuoted ? only.parts : [only];
  if (inner?.type !== "ParameterExpansion" || innerMore !== undefined) return undefined;
  if (inner.index?.value !== "@" || inner.prefix !== undefined) return undefined;
  const value = variables.get(inner.parameter);
  if (value == null) return null;
  if (isOfWholeList(inner)) return null;
  const elements = typeof value === "string" ? [value] : value;
  const changed = elements.map((element) => operate(inner, element, variables));
  if (changed.some((element) => element === null)) return null;
  const known = changed as string[];
  if (isQuoted) return known;
  return known.some((element) => SPLITTING.test(element))
    ? null
    : known.filter((each) => each !== "");
}

function alternativesOf(part: WordPart, variables: Variables): string[] | null {
  switch (part.type) {
    case "BraceExpansion":
      return braceAlternatives(part.text, variables);
    case "Glob":
    case "ExtendedGlob":
      return null;
    case "SimpleExpansion":
    case "ParameterExpansion": {
      const value = scalarPart(part, variables);
      return value === null || SPLITTING.test(value) ? null : [value];
    }
    default: {
      const value = scalarPart(part, variables);
      return value === null ? null : [value];
    }
  }
}

/** `{a,b}` whose alternatives are plain text and plain variables; null for other forms. */
function braceAlternatives(text: string, variables: Variables): string[] | null {
  const inside = /^\{((?:[^{}"'`\\$*?[]|\$\{[A-Za-z_]\w*\}|\$[A-Za-z_]\w*)*)\}$/.exec(text)?.[1];
  if (inside === undefined || !inside.includes(",")) return null;
  let isKnown = true;
  const alternatives = inside.split(",").map((each) =>
    each.replace(/\$\{(\w+)\}|\$(\w+)/g, (_, braced?: string, bare?: string) => {
      const value = asScalar(variables.get((braced ?? bare)!));
      if (value === null || SPLITTING.test(value)) isKnown = false;
      return value ?? "";
    })
  );
  return isKnown ? alternatives : null;
}

/** Parts that stand for their own text where words are not split. */
function isFieldless(part: WordPart): part is WordPart & { type: "Glob" | "BraceExpansion" } {
  return part.type === "BraceExpansion" || part.type === "Glob" && part.kind !== "bracket";
}

function scalarPart(part: WordPart | DoubleQuotedChild, variables: Variables): string | null {
  switch (part.type) {
    case "Literal":
    case "SingleQuoted":
    case "AnsiCQuoted":
      return part.value;
    case "DoubleQuoted": {
      let result = "";
      for (const child of part.parts) {
        const text = scalarPart(child, variables);
        if (text === null) return null;
        result += text;
      }
      return result;
    }
    case "SimpleExpansion":
      return asScalar(variables.get(part.text.slice(1)));
    case "ParameterExpansion":
      return expandParameter(part, variables);
    default:
      return null;
  }
}

/** The value of `${...}` as one text; null if unknown. */
export function expandParameter(part: ParameterExpansionPart, variables: Variables): string | null {
  if (part.prefix !== undefined) return null;
  const value = variables.get(part.parameter);
  if (value == null) return null;
  const index = part.index?.value;
  if (index === "@" || index === "*") {
    if (isOfWholeList(part)) return null;
    const elements = (typeof value === "string" ? [value] : value)
      .map((element) => operate(part, element, variables));
    return elements.includes(null) ? null : elements.join(" ");
  }
  if (index === undefined) return operate(part, asScalar(value), variables);
  if (!/^\d{1,4}$/.test(index)) return null;
  const element = typeof value === "string" ? [value][Number(index)] : value[Number(index)];
  return element === undefined ? null : operate(part, element, variables);
}

/** Whether an operation on all elements looks at the list rather than at each element. */
function isOfWholeList({ operation }: ParameterExpansionPart): boolean {
  return operation?.type === "Default" || operation?.type === "Slice";
}

function operate(
  { operation }: ParameterExpansionPart,
  value: string | null,
  variables: Variables,
): string | null {
  if (value === null || value.length > MAX_VALUE) return null;
  switch (operation?.type) {
    case undefined:
      return value;
    case "Default": {
      const isMissing = operation.operator.startsWith(":") && value === "";
      const isAlternative = operation.operator.endsWith("+");
      if (isMissing !== isAlternative) return expandScalar(operation.operand, variables);
      return isAlternative ? "" : value;
    }
    case "Remove":
      return remove(value, operation.operator, piecesOf(operation.operand, variables));
    case "Replace": {
      const replacement = expandScalar(operation.replacement, variables);
      // Unquoted `&` in a replacement means what matched.
      if (replacement === null || /[&\\]/.test(replacement)) return null;
      return replace(
        value,
        operation.operator,
        piecesOf(operation.pattern, variables),
        replacement,
      );
    }
    case "Slice":
      return slice(
        value,
        expandScalar(operation.offset, variables),
        operation.length === undefined ? undefined : expandScalar(operation.length, variables),
      );
    case "CaseModification":
      return operation.operand === undefined && isAscii(value)
        ? changeCase(value, operation.operator)
        : null;
    default:
      return null;
  }
}

function remove(value: string, operator: string, pieces: PatternPiece[] | null): string | null {
  const matches = matcherOf(value, pieces, (source) => `^(?:${source})$`);
  if (matches === null) return null;
  const isPrefix = operator.startsWith("#");
  const isLongest = operator.length === 2;
  for (let step = 0; step <= value.length; step++) {
    const length = isLongest ? value.length - step : step;
    const piece = isPrefix ? value.slice(0, length) : value.slice(value.length - length);
    if (matches.test(piece)) {
      return isPrefix ? value.slice(length) : value.slice(0, value.length - length);
    }
  }
  return value;
}

function replace(
  value: string,
  operator: string,
  pieces: PatternPiece[] | null,
  replacement: string,
): string | null {
  const isAll = operator === "//";
  const matches = matcherOf(value, pieces, (source) => {
    if (operator === "/#") return `^(?:${source})`;
    return operator === "/%" ? `(?:${source})$` : `(?:${source})`;
  }, isAll ? "g" : "");
  // Bash does not replace what is empty.
  if (matches === null || "".match(matches) !== null) return null;
  return value.replace(matches, () => replacement);
}

function matcherOf(
  value: string,
  pieces: PatternPiece[] | null,
  wrap: (source: string) => string,
  flags = "",
): RegExp | null {
  const source = pieces && patternSource(pieces);
  if (source === null) return null;
  const stars = source.split("[^]*").length - 1;
  if (value.length > (MAX_MATCHED[stars] ?? -1)) return null;
  try {
    return new RegExp(wrap(source), flags);
  } catch {
    return null;
  }
}

/** A pattern's pieces; an unquoted expansion is a pattern, too. */
function piecesOf(word: Word, variables: Variables): PatternPiece[] | null {
  if (word.parts === undefined) {
    return word.text === word.value
      ? [{ text: word.value, isQuoted: false }]
      : [{ text: word.value, isQuoted: true }];
  }
  const pieces: PatternPiece[] = [];
  for (const part of word.parts) {
    if (part.type === "ExtendedGlob" || part.type === "BraceExpansion") return null;
    const isGlob = part.type === "Glob";
    const text = isGlob ? part.text : scalarPart(part, variables);
    if (text === null) return null;
    const isExpansion = part.type === "SimpleExpansion" || part.type === "ParameterExpansion";
    pieces.push({ text, isQuoted: !isGlob && !isExpansion });
  }
  return pieces;
}

function slice(
  value: string,
  offset: string | null,
  length: string | null | undefined,
): string | null {
  const from = wholeNumber(offset);
  if (from === null || !isAscii(value)) return null;
  const start = from < 0 ? value.length + from : from;
  if (start < 0 || start > value.length) return "";
  if (length === undefined) return value.slice(start);
  const count = wholeNumber(length);
  if (count === null) return null;
  const end = count < 0 ? value.length + count : start + count;
  return end < start ? null : value.slice(start, end);
}

function wholeNumber(text: string | null): number | null {
  const trimmed = text?.trim() ?? null;
  // Without leading zeros, which would make it octal.
  if (trimmed === "") return 0;
  return trimmed !== null && /^-?(?:0|[1-9]\d{0,5})$/.test(trimmed) ? Number(trimmed) : null;
}

function changeCase(value: string, operator: "^" | "^^" | "," | ",,"): string {
  const change = (text: string) =>
    operator.startsWith("^") ? text.toUpperCase() : text.toLowerCase();
  return operator.length === 2 ? change(value) : change(value.slice(0, 1)) + value.slice(1);
}

/** An array without an index stands for its first element; an empty one counts as unset. */
function asScalar(value: Value | null | undefined): string | null {
  if (value == null) return null;
  return typeof value === "string" ? value : value[0] ?? null;
}

/** In an assignment, a tilde after a colon is expanded too. */
function startsWithTilde(text: string): boolean {
  return text.startsWith("~") || /[:=]~/.test(text);
}

function isAscii(text: string): boolean {
  return /^[ -~]*$/.test(text);
}
