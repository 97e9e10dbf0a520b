// Whatever is sent to the API, the answer is one that its document knows, and never an internal error.
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { TOKEN } from "../../../support/administration.ts";
import { TestApp } from "../../../support/test_app.ts";

const PATHS = [
  "status",
  "cleanup",
  "packages",
  "pins",
  "mirrors",
  "downloads",
  "log-level",
  "repositories",
];

const PIECE = fc.oneof(
  fc.constantFrom(...PATHS, "core", "os", "x86_64", "a-1-1-any.pkg.tar.zst", "*", "a*", ""),
  fc.constantFrom("..", "%2e%2e", "%2F", "%00", "%", "%ff", "a".repeat(300), "%0d%0a"),
  fc.stringMatching(/^[\x21-\x7e]{0,12}$/),
);
const TARGET = fc.tuple(
  fc.constantFrom("/api/v1/", "/api/v1/", "/api/", "/api"),
  fc.array(PIECE, { maxLength: 5 }).map((pieces) => pieces.join("/")),
  fc.oneof(fc.constant(""), fc.stringMatching(/^\?[\x21-\x7e]{0,20}$/)),
).map((parts) => parts.join("").replaceAll(/[\s#]/g, ""));
const BODY = fc.oneof(
  fc.constant(""),
  fc.json(),
  fc.string({ maxLength: 80 }),
  fc.constantFrom(
    '{"level":',
    '{"__proto__":{"level":"debug"}}',
    "[".repeat(900),
    "9".repeat(3000),
  ),
);
const METHOD = fc.constantFrom("GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS");

Deno.test("any request to the API is answered, and none is an internal error", async () => {
  await using app = await TestApp.start({
    token: TOKEN,
    settings: { refresh_interval: "0" },
    tables: () => `mirrored_repos = ["core"]\n`,
  });
  await fc.assert(
    fc.asyncProperty(METHOD, TARGET, BODY, async (method, target, body) => {
      const headers = {
        "authorization": `Bearer ${TOKEN}`,
        "content-length": String(new TextEncoder().encode(body).length),
      };
      const { status, text } = await app.request(method, target, { body, headers });
      assert(status >= 200 && status < 500, `${method} ${target} -> ${status} ${text}`);
      assert(!/\bat .+:\d+:\d+/.test(text), text);
    }),
    { numRuns: 300 },
  );
  assertEquals(app.log.matching(/stack=| ERROR /), []);
});

Deno.test("without the token, any request to the API is refused or unknown", async () => {
  await using app = await TestApp.start({ token: TOKEN });
  const authorization = fc.oneof(
    fc.constantFrom("", "Bearer", `Basic ${TOKEN}`, `Bearer ${TOKEN}x`, TOKEN, "Bearer null"),
    fc.stringMatching(/^Bearer [\x21-\x7e]{0,20}$/),
  );
  await fc.assert(
    fc.asyncProperty(METHOD, TARGET, authorization, async (method, target, value) => {
      const { status } = await app.request(method, target, { headers: { authorization: value } });
      // Only the document of the API is open, and browsers' questions about methods.
      assert([400, 401, 403, 404, 405].includes(status), `${method} ${target} -> ${status}`);
    }),
    { numRuns: 200 },
  );
});
