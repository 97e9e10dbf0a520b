import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { vercmp } from "../../../../src/formats/pacman/vercmp.ts";
import { naiveOrder } from "../../../support/naive_order.ts";
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
