import { assertEquals } from "@std/assert";
import { administer, TOKEN } from "../../support/administration.ts";
import { PublishedRepository } from "../../support/published_repository.ts";
import { TestApp } from "../../support/test_app.ts";
import { until } from "../../support/until.ts";

/** An application with two packages and their signatures in its cache. */
async function start(settings: Record<string, string> = {}) {
  const app = await TestApp.start({
    token: TOKEN,
    settings: { refresh_interval: "0", min_free_space: "0", ...settings },
    tables: () => `mirrored_repos = ["core"]\n`,
  });
  const core = new PublishedRepository(app.mirror).set("a", 1).set("b", 1, { size: 200_000 });
  await core.publish();
  await app.warm(core.path("core.db"));
  await app.log.waitFor(/snapshot published/);
  for (const name of ["a", "b"]) {
    await app.warm(core.package(name, 1));
    await app.warm(`${core.package(name, 1)}.sig`);
  }
  return { app, core };
}

async function verify(app: TestApp, query = ""): Promise<Record<string, unknown>[]> {
  const { status, text } = await administer(app.origin, `/api/v1/verify${query}`);
  assertEquals(status, 200, text);
  return text.trimEnd().split("\n").map((line) => JSON.parse(line));
}

Deno.test("one rotten byte and a signature of another file are found, and repaired on request", async () => {
  const { app, core } = await start();
  await using _ = app;
  const [a, b] = [core.package("a", 1), core.package("b", 1)];
  const rotten = core.bytesOf("b").slice();
  rotten[100_000]! ^= 1;
  await Deno.writeFile(app.pathOf(b), rotten);
  await Deno.copyFile(app.pathOf(`${b}.sig`), app.pathOf(`${a}.sig`));
  const found = (await verify(app)).filter(({ event }) => event === "file");
  assertEquals(found.map(({ file, status }) => [`/${file}`, status]), [
    [`${a}.sig`, "wrong"],
    [b, "wrong"],
  ]);
  assertEquals((await app.get(b)).body, rotten, "reported only");

  const repaired = await verify(app, "?repair=true");
  assertEquals(repaired.at(-1)?.["repaired"], 2, JSON.stringify(repaired));
  for (const path of [a, b]) {
    assertEquals((await app.get(path)).body, core.bytesOf(path === a ? "a" : "b"));
    assertEquals((await app.get(path)).headers.get("x-cache"), "HIT");
  }
  assertEquals((await verify(app)).at(-1)?.["wrong"], 0);
  assertEquals([app.count(a), app.count(b)], [1, 2], "only what was wrong is fetched");
});

Deno.test("a verification stops when its client leaves, and only one runs at a time", async () => {
  const { app } = await start({ verify_bandwidth: "1KB" });
  await using _ = app;
  const begin = () =>
    app.open("/api/v1/verify", {
      method: "POST",
      headers: { authorization: `Bearer ${TOKEN}` },
    });
  const first = await begin();
  assertEquals((await first.head()).status, 200);
  assertEquals((await administer(app.origin, "/api/v1/verify")).status, 409);
  first.close();
  await until("another verification may begin", async () => {
    using next = await begin();
    return (await next.head()).status === 200;
  });
});

Deno.test("an unknown repository fails the verification with its reason", async () => {
  const { app } = await start();
  await using _ = app;
  const [event] = await verify(app, "?repository=nope");
  assertEquals([event?.["event"], event?.["kind"]], ["failed", "not_found"]);
});
