import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { vercmp } from "../../../../src/formats/pacman/vercmp.ts";
import { REAL_DATA, REAL_DATA_MISSING, REAL_DATA_NOTE } from "../../../support/real_data.ts";

const VERSION = fc.oneof(
  fc.stringMatching(/^([0-9]:)?[0-9a-z.+_~]{0,8}(-[0-9.]{1,3})?$/),
  fc.string({ maxLength: 12 }),
);

Deno.test({
  name: `vercmp agrees with pacman's own vercmp on 5,249 pairs${REAL_DATA_NOTE}`,
  ignore: REAL_DATA_MISSING,
  async fn() {
    const table = await Deno.readTextFile(`${REAL_DATA}/vercmp.tsv`);
    const rows = table.split("\n").filter((row) => row !== "" && !row.startsWith("#"));
    assertEquals(rows.length, 5249);
    const wrong = rows.filter((row) => {
      const [a = "", b = "", expected] = row.split("\t");
      return vercmp(a, b) !== Number(expected) || vercmp(b, a) !== -Number(expected) + 0;
    });
    assertEquals(wrong, []);
  },
});

Deno.test("vercmp orders epochs, words, separators and lengths as pacman does", async (t) => {
  for (
    const [older, newer] of [
      ["9-1", "1:1-1"],
      ["1.0rc1-1", "1.0-1"],
      ["1.0a", "1.0.1"],
      ["1.0", "1..0"],
      ["1.9", "1.10"],
      ["1.0-1", "1.0-1.1"],
      ["1.0", "1.0.r5"],
      ["99999999999999999998", "99999999999999999999"],
    ] as const
  ) {
    await t.step(`${older} < ${newer}`, () => {
      assertEquals([vercmp(older, newer), vercmp(newer, older)], [-1, 1]);
    });
  }
});

Deno.test("vercmp ignores a pkgrel on one side only, and leading zeros", async (t) => {
  for (
    const [a, b] of [["1.0", "1.0-3"], ["0:1-1", "1-1"], ["1.01", "1.1"], [":1", "1"]] as const
  ) {
    await t.step(`${a} = ${b}`, () => assertEquals(vercmp(a, b), 0));
  }
});

Deno.test("vercmp is antisymmetric, and every version equals itself", () => {
  fc.assert(
    fc.property(VERSION, VERSION, (a, b) => {
      assertEquals(vercmp(b, a) + vercmp(a, b), 0);
      assertEquals(vercmp(a, a), 0);
    }),
    { numRuns: 2000 },
  );
});

Deno.test("vercmp agrees with a naive reading of its rules", () => {
  fc.assert(
    fc.property(VERSION, VERSION, (a, b) => assertEquals(vercmp(a, b), naiveOrder(a, b))),
    { numRuns: 5000 },
  );
});

/**
 * The rules as one would say them: epoch, then pkgver, then pkgrel if both have one. Each is read as
 * pieces, a separator's length followed by a number or a word; the first pieces that differ decide.
 */
function naiveOrder(a: string, b: string): number {
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
