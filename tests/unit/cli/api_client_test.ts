import { assertEquals, assertMatch } from "@std/assert";
import { EXIT_CODE } from "../../../src/cli/errors.ts";
import { pkgstash } from "./administration_child.ts";

const PIN = { pattern: "a", source: "api", since: "2026-11-01T12:00:00.000Z" };

/** What `args` prints when the daemon answers everything with `body`. */
async function answeredWith(body: string, args: string[], type = "application/json") {
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response(body, { headers: { "content-type": type } }),
  );
  const url = `http://127.0.0.1:${server.addr.port}`;
  return await pkgstash([...args, "--url", url], { env: { PKGSTASH_TOKEN: "x" } });
}

function lines(...events: unknown[]): string {
  return events.map((event) => `${JSON.stringify(event)}\n`).join("");
}

const DONE = { event: "done", databases: 1, failed: 0, prefetched: 0 };

Deno.test("a member that only newer daemons know is tolerated, and printed with --json", async () => {
  const answer = { pins: [{ ...PIN, note: "new" }], more: { of: ["this"] } };
  const { code, out, err } = await answeredWith(JSON.stringify(answer), [
    "packages",
    "pins",
    "--json",
  ]);
  assertEquals([code, err], [EXIT_CODE.ok, ""]);
  assertEquals(out, `${JSON.stringify(answer, null, 2)}\n`);
  const table = await answeredWith(JSON.stringify(answer), ["packages", "pins"]);
  assertMatch(table.out, /^a +api /m);
});

Deno.test("an answer of another shape exits with 5 and names the member", async (t) => {
  const table: [string, unknown, RegExp][] = [
    [
      "a missing member",
      { pins: [{ pattern: "a", source: "api" }] },
      /pins\[0\]\.since is missing/,
    ],
    ["a wrong type", { pins: [{ ...PIN, pattern: 7 }] }, /pattern must be a string, not 7/],
    ["a wrong value", { pins: [{ ...PIN, source: "x" }] }, /source must be one of .*, not "x"/],
    ["another answer", [], /the response must be an object, not an array/],
  ];
  for (const [name, answer, expected] of table) {
    await t.step(name, async () => {
      for (const args of [["packages", "pins"], ["packages", "pins", "--json"]]) {
        const { code, out, err } = await answeredWith(JSON.stringify(answer), args);
        assertEquals([code, out], [EXIT_CODE.unsupported, ""], err);
        assertMatch(err, /^pkgstash: Cannot understand the response of http/);
        assertMatch(err, expected);
      }
    });
  }
  await t.step("no JSON", async () => {
    const { code, err } = await answeredWith("{", ["packages", "pins"]);
    assertEquals(code, EXIT_CODE.unsupported);
    assertMatch(err, /Cannot understand the response/);
  });
});

Deno.test("an event that only newer daemons know is skipped, and printed with --json", async () => {
  const text = lines(
    { event: "verify", file: "a" },
    { event: "database", repository: "core", status: "verified", by: "key" },
    { ...DONE, verified: 1 },
  );
  const json = await answeredWith(text, ["refresh", "--json"], "application/x-ndjson");
  assertEquals(json, { code: EXIT_CODE.ok, out: text, err: "" });
  const { code, out } = await answeredWith(text, ["refresh"], "application/x-ndjson");
  assertEquals([code, out], [EXIT_CODE.ok, "done: 1 database, 0 packages prefetched\n"]);
});

Deno.test("a refresh whose events are invalid or end too early fails", async (t) => {
  const plan = { event: "plan", files: 1, bytes: 2 };
  const table: [string, string, string, number, RegExp][] = [
    ["a wrong member", lines({ ...plan, files: "1" }), "", 5, /files must be .*number, not "1"/],
    ["no event", lines({}), "", 5, /Cannot understand the response/],
    ["no JSON", "<p>\n", "", 5, /Cannot understand the response/],
    [
      "another type",
      lines(DONE),
      "text/html",
      5,
      /status 200, Content-Type text\/html/,
    ],
    ["no last event", lines(plan), "", 3, /the response ended too early/],
    ["half a last event", lines(plan, DONE).slice(0, -9), "", 3, /the response ended too early/],
  ];
  for (const [name, text, type, expectedCode, expected] of table) {
    await t.step(name, async () => {
      const { code, err } = await answeredWith(text, ["refresh"], type || "application/x-ndjson");
      assertEquals(code, expectedCode, err);
      assertMatch(err, expected);
    });
  }
});
