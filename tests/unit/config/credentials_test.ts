import { assert, assertEquals, assertMatch } from "@std/assert";
import { parseCredentials, secretsIn } from "../../../src/config/credentials.ts";
import { configOf, problemsOf } from "../../support/configuration.ts";

Deno.test("a credential file holds a user with a password, or headers", async (t) => {
  const table: [text: string, headers: Record<string, string>][] = [
    ["me:secret\n", { "authorization": `Basic ${btoa("me:secret")}` }],
    ["\ufeffme:a:b c \r\n", { "authorization": `Basic ${btoa("me:a:b c")}` }],
    ["# mine\n\nX-Api-Key: k1\n", { "x-api-key": "k1" }],
    ["Authorization: Bearer t\nX-A:\tb c", { "authorization": "Bearer t", "x-a": "b c" }],
  ];
  for (const [text, headers] of table) {
    await t.step(text, () => assertEquals(parseCredentials(text), { headers, faults: [] }));
  }
});

Deno.test("a fault of a credential file names its line, never its content", async (t) => {
  const table: [text: string, found: RegExp][] = [
    ["X-A: b\nsecret", /something else in line 2/],
    ["Range: secret", /a header that pkgstash sets in line 1/],
    ["Via: secret", /a header that pkgstash sets/],
    ["X-A: secret\nx-a: secret", /the same header again in line 2/],
    ["me:secret\nAuthorization: secret", /the same header again in line 2/],
    ["X A: secret\x01", /something else in line 1/],
    ["\n#\n", /nothing/],
  ];
  for (const [text, expected] of table) {
    await t.step(JSON.stringify(text), () => {
      const { faults } = parseCredentials(text);
      assertEquals(faults.length, 1);
      assertMatch(faults[0]!.found, expected);
      assert(!JSON.stringify(faults).includes("secret"));
    });
  }
});

Deno.test("a Basic header is also secret without its scheme", () => {
  const encoded = btoa("me:secret");
  assertEquals(secretsIn({ "authorization": `Basic ${encoded}`, "x-a": "k" }), [
    `Basic ${encoded}`,
    encoded,
    "k",
  ]);
});

Deno.test("credentials are read only from a file that others cannot read", () => {
  const table = `[upstreams.own]
    mirror_urls = ["https://own.example/"]
    mirrored_repos = ["own"]
    credentials = "/run/credentials/own"`;
  const file = (mode: number, text = "me:secret") => ({
    "/run/credentials/own": { text, mode },
  });
  const [main, own] = configOf(table, {}, file(0o100400)).upstreams;
  assertEquals(main!.secretHeaders, {});
  assertEquals(own!.secretHeaders, { "authorization": `Basic ${btoa("me:secret")}` });
  assertMatch(problemsOf(table)[0]!, /upstreams\.own\.credentials: found .*: no such file/);
  assertMatch(problemsOf(table, {}, file(0o100444))[0]!, /credentials\/own: found mode 0444/);
  const [problem] = problemsOf(table, {}, file(0o100400, "secret"));
  assertMatch(problem!, /credentials\/own: found something else in line 1/);
  assert(!problem!.includes("secret"));
});
