import { assertEquals } from "@std/assert";
import { TOKEN } from "../../support/administration.ts";
import { TestApp } from "../../support/test_app.ts";

Deno.test("a verification is no event; a creation and a rollback are events with the repository's name", async () => {
  await using app = await TestApp.start({
    token: TOKEN,
    settings: { refresh_interval: "0", min_free_space: "0" },
    tables: () => `mirrored_repos = ["core"]\n`,
  });
  const ask = async (method: string, path: string, body?: string) => {
    const response = await fetch(`${app.origin}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${TOKEN}` },
      ...(body === undefined ? {} : { body }),
    });
    return { status: response.status, answer: await response.json() };
  };
  assertEquals((await ask("POST", "/repositories", '{"name":"mine"}')).status, 201);
  assertEquals((await ask("POST", "/repositories/mine/verify")).status, 200);
  const { answer } = await ask("GET", "/events?kind=change");
  assertEquals(
    answer.events.map(({ action, details }: Record<string, unknown>) => ({ action, details })),
    [{ action: "Create a repository", details: { repository: "mine" } }],
  );
  assertEquals((await ask("POST", "/repositories/mine/rollback", '{"generation":1}')).status, 200);
  const [last] = (await ask("GET", "/events?kind=change")).answer.events;
  assertEquals(last.details.repository, "mine");
});
