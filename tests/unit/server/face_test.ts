// The root of the server: a page for people, and a plain listing for programs.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { administer, TOKEN } from "../../support/administration.ts";
import { TestApp } from "../../support/test_app.ts";

const BROWSER = { accept: "text/html,application/xhtml+xml,*/*;q=0.8" };

Deno.test("a browser at the root gets the lines for pacman and what there is, without a token", async () => {
  await using app = await TestApp.start({ token: TOKEN });
  const made = await administer(app.origin, "/api/v1/repositories", {
    body: JSON.stringify({ name: "own" }),
    headers: { "content-type": "application/json" },
  });
  assertEquals(made.status, 201);
  const { status, headers, text } = await app.get("/", BROWSER);
  assertEquals(status, 200);
  assertMatch(headers.get("content-security-policy")!, /^default-src 'none'; script-src 'self';/);
  assertStringIncludes(text, `value="Server = ${app.origin}/$repo/os/$arch"`);
  assertStringIncludes(text, `[own]\nSigLevel = Required\nServer = ${app.origin}/$repo/os/$arch`);
  assertMatch(text, /pacman-key --lsign-key [0-9A-F]{40}"/);
  for (const name of ["core", "extra", "own"]) assertStringIncludes(text, `href="/${name}/"`);
});

Deno.test("a program at the root gets the listing, as in every other directory", async () => {
  await using app = await TestApp.start();
  for (const headers of [{}, { accept: "*/*" }]) {
    const { text } = await app.get("/", headers);
    assertStringIncludes(text, "<title>/</title>");
  }
  const { text } = await app.get("/core/", BROWSER);
  assertStringIncludes(text, "<title>/core/</title>");
});

Deno.test("a name invented by a client is plain text on the first page", async () => {
  await using app = await TestApp.start();
  const { status, text } = await app.get("/", { ...BROWSER, host: 'a"><script>alert(1)</script>' });
  assert(status === 400 || !text.includes("<script>alert"), text);
});
