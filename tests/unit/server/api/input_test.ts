import { assertEquals, assertMatch } from "@std/assert";
import { currentLogLevel } from "../../../../src/platform/observability/logging.ts";
import { TestApp } from "../../../support/test_app.ts";
import { TOKEN } from "../../../support/administration.ts";

const headers = { authorization: `Bearer ${TOKEN}` };

Deno.test("a wrong request is 400 with every fault and what to send instead", async (t) => {
  await using app = await TestApp.start({ token: TOKEN });
  const table: [method: string, target: string, body: string, detail: RegExp][] = [
    [
      "POST",
      "cleanup?dryrun=true",
      "",
      /^Cannot clean up the cache: unknown query parameter "dryrun"\. Send only the query parameters dry_run, plan\.$/,
    ],
    ["POST", "cleanup?dry_run=maybe", "", /: dry_run must be one of true, false, not "maybe"\./],
    [
      "POST",
      "cleanup?dry_run=true&dry_run=false",
      "",
      /: the query parameter dry_run is repeated\./,
    ],
    ["POST", "cleanup?a=1&dry_run=", "", /"a"; dry_run must be one of true, false, not ""\./],
    ["GET", "status?x", "", /^Cannot show the daemon's status: .* Send no query parameters\.$/],
    [
      "PUT",
      "pins/a%2Fb",
      "",
      /^Cannot pin packages: pattern must be a package name .*, not "a\/b"\.$/,
    ],
    [
      "PUT",
      "log-level",
      '{"level":"loud"}',
      /^Cannot set the log level: level must be one of debug, .*error, not "loud"\. Send a JSON object with level \(one of debug, .*error\)\.$/,
    ],
    ["PUT", "log-level", '{"level":7}', /: level must be one of debug, .*, not 7\./],
    ["PUT", "log-level", "{}", /: level is missing\./],
    ["PUT", "log-level", "[]", /: the body must be an object, not an array\./],
    ["PUT", "log-level", "level=debug", /: the body is not JSON\./],
    ["PUT", "log-level", "", /: the body is not JSON\./],
    [
      "PUT",
      "log-level",
      '{"level":"debug","levl":"info"}',
      /: the body has no member "levl"\./,
    ],
    [
      "PUT",
      "log-level",
      `{"level":"debug"${" ".repeat(2000)}}`,
      /: the body is longer than 1024 bytes\./,
    ],
  ];
  const level = currentLogLevel();
  for (const [method, target, body, expected] of table) {
    await t.step(`${method} ${target} ${body.slice(0, 40).trim()}`, async () => {
      const answer = await app.request(method, `/api/v1/${target}`, { headers, body });
      const { status, kind, detail } = JSON.parse(answer.text);
      assertEquals([answer.status, status, kind], [400, 400, "invalid_request"]);
      assertMatch(detail, expected);
      assertEquals(currentLogLevel(), level);
    });
  }
});
