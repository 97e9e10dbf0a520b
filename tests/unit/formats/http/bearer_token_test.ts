import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  isBearerToken,
  isSameToken,
  parseBearerToken,
} from "../../../../src/formats/http/bearer_token.ts";

Deno.test("a token is read from bearer authorizations only", async (t) => {
  const cases: [string | null, string | null][] = [
    ["Bearer abc", "abc"],
    ["bearer abc", "abc"],
    ["Bearer   a.b-c_d~e+f/g==", "a.b-c_d~e+f/g=="],
    ["  Bearer abc ", "abc"],
    ["Bearer p@$$!", "p@$$!"],
    ["Bearer", null],
    ["Bearer ", null],
    ["Bearer a b", null],
    ["Bearerabc", null],
    ["Basic abc", null],
    ["abc", null],
    ["", null],
    [null, null],
  ];
  for (const [header, expected] of cases) {
    await t.step(String(header), () => assertEquals(parseBearerToken(header), expected));
  }
});

Deno.test("tokens are equal only if every byte is", async (t) => {
  const cases: [string, string, boolean][] = [
    ["secret", "secret", true],
    ["secreT", "secret", false],
    ["secre", "secret", false],
    ["secrets", "secret", false],
    ["secret\0", "secret", false],
    ["secret", "secret\0", false],
    ["", "secret", false],
    ["", "", false],
    ["x", "", false],
    ["schlüssel", "schlüssel", true],
  ];
  for (const [given, expected, same] of cases) {
    await t.step(JSON.stringify([given, expected]), () => {
      assertEquals(isSameToken(given, expected), same);
    });
  }
});

Deno.test("the comparison of tokens agrees with equality", () => {
  const token = fc.string({ unit: "grapheme", minLength: 1 });
  fc.assert(fc.property(token, token, (one, other) => {
    assertEquals(isSameToken(one, other), one === other);
    assertEquals(isSameToken(one, one), true);
  }));
});

Deno.test("any header is a valid token or none", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    const token = parseBearerToken(`Bearer ${text}`);
    if (token !== null) assertEquals([token, isBearerToken(token)], [text.trim(), true]);
  }));
});
