import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  type ConditionOutcome,
  evaluateConditions,
  rangeStillApplies,
  type Validators,
} from "../../../../src/formats/http/conditional.ts";

const DATE = "Sun, 06 Nov 1994 08:49:37 GMT";
const EARLIER = "Sun, 06 Nov 1994 08:49:36 GMT";
const LATER = "Sun, 06 Nov 1994 08:49:38 GMT";
const FILE: Validators = { etag: '"a"', lastModified: new Date("1994-11-06T08:49:37.900Z") };
const UNKNOWN: Validators = { etag: null, lastModified: null };
const WEAK: Validators = { ...FILE, etag: 'W/"a"' };

Deno.test("conditions are evaluated in the order of RFC 9110", async (t) => {
  const cases: [Record<string, string>, ConditionOutcome, Validators?, string?][] = [
    [{}, "proceed"],
    [{ "if-none-match": '"a"' }, "not_modified"],
    [{ "if-none-match": 'W/"a"' }, "not_modified"],
    [{ "if-none-match": '"a"' }, "not_modified", WEAK],
    [{ "if-none-match": '"b"' }, "proceed"],
    [{ "if-none-match": "a" }, "proceed"],
    [{ "if-none-match": '"b", "a" , "c"' }, "not_modified"],
    [{ "if-none-match": '"b,""c"' }, "proceed"],
    [{ "if-none-match": "*" }, "not_modified"],
    [{ "if-none-match": "*" }, "not_modified", UNKNOWN],
    [{ "if-none-match": '"a"' }, "proceed", UNKNOWN],
    [{ "if-none-match": '"a"' }, "not_modified", FILE, "HEAD"],
    [{ "if-none-match": '"a"' }, "precondition_failed", FILE, "PUT"],
    [{ "if-none-match": '"b"', "if-modified-since": DATE }, "proceed"],
    [{ "if-none-match": '"a"', "if-modified-since": EARLIER }, "not_modified"],
    [{ "if-modified-since": DATE }, "not_modified"],
    [{ "if-modified-since": LATER }, "not_modified"],
    [{ "if-modified-since": EARLIER }, "proceed"],
    [{ "if-modified-since": "yesterday" }, "proceed"],
    [{ "if-modified-since": DATE }, "proceed", UNKNOWN],
    [{ "if-modified-since": DATE }, "proceed", FILE, "POST"],
    [{ "if-match": '"a"' }, "proceed"],
    [{ "if-match": '"b"' }, "precondition_failed"],
    [{ "if-match": '"b", "a"' }, "proceed"],
    [{ "if-match": "*" }, "proceed"],
    [{ "if-match": 'W/"a"' }, "precondition_failed"],
    [{ "if-match": 'W/"a"' }, "precondition_failed", WEAK],
    [{ "if-match": '"a"', "if-unmodified-since": EARLIER }, "proceed"],
    [{ "if-match": '"a"', "if-none-match": '"a"' }, "not_modified"],
    [{ "if-match": '"b"', "if-none-match": '"a"' }, "precondition_failed"],
    [{ "if-unmodified-since": DATE }, "proceed"],
    [{ "if-unmodified-since": LATER }, "proceed"],
    [{ "if-unmodified-since": EARLIER }, "precondition_failed"],
    [{ "if-unmodified-since": "tomorrow" }, "proceed"],
    [{ "if-unmodified-since": EARLIER }, "proceed", UNKNOWN],
  ];
  for (const [headers, expected, validators = FILE, method = "GET"] of cases) {
    await t.step(`${method} ${JSON.stringify(headers)} for ${validators.etag}`, () => {
      assertEquals(evaluateConditions(new Headers(headers), validators, method), expected);
    });
  }
});

Deno.test("a range is honoured only if If-Range proves that the file is the same", async (t) => {
  const cases: [string | null, Validators, boolean][] = [
    [null, FILE, true],
    [null, UNKNOWN, true],
    ['"a"', FILE, true],
    ['"b"', FILE, false],
    ['W/"a"', FILE, false],
    ['W/"a"', WEAK, false],
    ['"a"', WEAK, false],
    ['"a"', UNKNOWN, false],
    ["*", FILE, false],
    [DATE, FILE, true],
    [EARLIER, FILE, false],
    [LATER, FILE, false],
    [DATE, UNKNOWN, false],
    ["yesterday", FILE, false],
    ["", FILE, false],
  ];
  for (const [header, validators, expected] of cases) {
    await t.step(`${header} for ${validators.etag}`, () => {
      assertEquals(rangeStillApplies(header, validators), expected);
    });
  }
});

Deno.test("any headers have an outcome", () => {
  const header = fc.constantFrom(
    "if-match",
    "if-none-match",
    "if-modified-since",
    "if-unmodified-since",
  );
  const value = fc.string({ unit: "binary-ascii" }).map((text) => text.replace(/[\0\r\n]/g, ""));
  fc.assert(fc.property(fc.dictionary(header, value), value, (conditions, ifRange) => {
    assert(typeof evaluateConditions(new Headers(conditions), FILE, "GET") === "string");
    assert(typeof rangeStillApplies(ifRange, FILE) === "boolean");
  }));
});
