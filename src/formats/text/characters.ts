/** Everything but printable ASCII, tab and line feed. */
const SUSPICIOUS = /[^\t\n\x20-\x7e]/;
const ALL_SUSPICIOUS = new RegExp(SUSPICIOUS, "gu");
/**
 * Characters that move the cursor, are invisible, or change the direction of the text around them.
 */
const UNSEEN =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0]|(?! )\p{Zs}|\p{Variation_Selector}/gu;

/** Whether a text has a character other than printable ASCII, tab and line feed. */
export function isSuspicious(text: string): boolean {
  return SUSPICIOUS.test(text);
}

/** The characters of a text that are neither printable ASCII, tab nor line feed, as `U+202E`, each once. */
export function suspiciousCharacters(text: string): string[] {
  return [...new Set(text.match(ALL_SUSPICIOUS))].map(codePoint);
}

/**
 * A text in which characters that are invisible or control a terminal are replaced with `<U+202E>`
 * and the like. Tabs stay.
 */
export function madeVisible(text: string): string {
  return text.replace(
    UNSEEN,
    (character) => character === "\t" ? character : `<${codePoint(character)}>`,
  );
}

function codePoint(character: string): string {
  return `U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}`;
}
