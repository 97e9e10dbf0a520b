/**
 * Which of two versions is newer, by pacman's rules as one would say them: epoch, then pkgver, then pkgrel if both have one. Each is read as
 * pieces, a separator's length followed by a number or a word; the first pieces that differ decide.
 */
export function naiveOrder(a: string, b: string): number {
  if (a === b) return 0;
  const [left, right] = [partsOf(a), partsOf(b)];
  for (const [index, part] of left.entries()) {
    const other = right[index];
    if (part === null || other === null || other === undefined) continue;
    const order = orderOfPieces(part, other);
    if (order !== 0) return order;
  }
  return 0;
}

function partsOf(version: string): (string | null)[] {
  const match = /^(?:([0-9]*):)?(.*?)(?:-([^-]*))?$/s.exec(version)!;
  return [match[1] || "0", match[2]!, match[3] ?? null];
}

function orderOfPieces(a: string, b: string): number {
  const [left, right] = [piecesOf(a), piecesOf(b)];
  for (let index = 0;; index++) {
    const [one, other] = [left[index], right[index]];
    if (one === undefined || other === undefined) {
      return orderOfEnd(one?.separator || one?.word, other?.separator || other?.word);
    }
    if (one.word === "" || other.word === "") return orderOfEnd(one.word, other.word);
    const byLength = Math.sign(one.separator.length - other.separator.length);
    if (byLength !== 0) return byLength;
    const [isNumber, isOtherNumber] = [/^[0-9]/.test(one.word), /^[0-9]/.test(other.word)];
    if (isNumber !== isOtherNumber) return isNumber ? 1 : -1;
    const [value, otherValue] = isNumber
      ? [BigInt(one.word), BigInt(other.word)]
      : [one.word, other.word];
    if (value !== otherValue) return value < otherValue ? -1 : 1;
  }
}

function piecesOf(text: string): { separator: string; word: string }[] {
  return [...text.matchAll(/([^0-9a-zA-Z]*)([0-9]+|[a-zA-Z]+|$)/g)]
    .map(([, separator = "", word = ""]) => ({ separator, word }))
    .filter(({ separator, word }) => separator + word !== "");
}

/** What is left where one has ended: a word makes a version older, anything else newer. */
function orderOfEnd(left = "", right = ""): number {
  const weight = (rest: string) => rest === "" ? 0 : /^[a-zA-Z]/.test(rest) ? -1 : 1;
  return Math.sign(weight(left) - weight(right));
}
