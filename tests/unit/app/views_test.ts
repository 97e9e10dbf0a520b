// Views of repositories at a time, as clients get them by HTTP.
import { assertEquals, assertMatch } from "@std/assert";
import { TOKEN } from "../../support/administration.ts";
import { TestApp } from "../../support/test_app.ts";

const SETTINGS = { refresh_interval: "0", min_free_space: "0" };

async function create(app: TestApp, name: string): Promise<void> {
  const answer = await app.request("POST", "/api/v1/repositories", {
    headers: { authorization: `Bearer ${TOKEN}` },
    body: JSON.stringify({ name }),
  });
  assertEquals(answer.status, 201, answer.text);
}

Deno.test("a view of an own repository is served by its path, and a 404 says why there is none", async () => {
  await using app = await TestApp.start({ token: TOKEN, settings: SETTINGS });
  await create(app, "mine");
  const today = await app.request("GET", "/mine@1/os/x86_64/mine.db");
  assertEquals(today.status, 200);
  assertEquals(today.body, (await app.request("GET", "/mine/os/x86_64/mine.db")).body);
  for (
    const [path, reason] of [
      ["/mine@2020-01-01/os/x86_64/mine.db", /nothing is kept of that time.*keep_generations/],
      ["/mine@2999-01-01/os/x86_64/mine.db", /has not come yet/],
      ["/mine@yesterday/os/x86_64/mine.db", /no view\. Name a day such as 2026-11-20/],
      ["/mine@99/os/x86_64/mine.db", /no such generation/],
    ] as const
  ) {
    const answer = await app.request("GET", path);
    assertEquals(answer.status, 404, path);
    assertMatch(answer.text, reason);
  }
});
