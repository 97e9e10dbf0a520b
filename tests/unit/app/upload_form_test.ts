import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { TOKEN } from "../../support/administration.ts";
import { type OwnPackage, ownPackage } from "../../support/own_package.ts";
import { ScriptlessBrowser } from "../../support/scriptless_browser.ts";
import { TestApp } from "../../support/test_app.ts";

const PAGE = "/admin/repositories/mine";

async function start() {
  const app = await TestApp.start({ token: TOKEN, settings: { refresh_interval: "0" } });
  await call(app, "POST", "/api/v1/repositories", { name: "mine" });
  const browser = new ScriptlessBrowser(app);
  await browser.signIn();
  const send = async (
    files: readonly OwnPackage[],
    headers: Record<string, string> = { origin: app.origin },
  ) => {
    const form = new FormData();
    for (const { fileName, bytes } of files) form.append("files", new Blob([bytes]), fileName);
    const body = new Response(form);
    const response = await fetch(app.origin + PAGE, {
      method: "POST",
      redirect: "manual",
      headers: {
        "cookie": browser.cookie,
        "content-type": body.headers.get("content-type")!,
        ...headers,
      },
      body: await body.arrayBuffer(),
    });
    await response.body?.cancel();
    const to = response.headers.get("location");
    return { status: response.status, to, page: to === null ? "" : (await browser.get(to)).text };
  };
  return { app, browser, send };
}

async function call(app: TestApp, method: string, path: string, body?: object) {
  const { text } = await app.request(method, path, {
    headers: { authorization: `Bearer ${TOKEN}` },
    ...body === undefined ? {} : { body: JSON.stringify(body) },
  });
  return text === "" ? null : JSON.parse(text);
}

async function published(app: TestApp): Promise<string[]> {
  const { packages } = await call(app, "GET", "/api/v1/repositories/mine");
  return packages.map(({ name, version }: Record<string, string>) => `${name} ${version}`);
}

async function staged(app: TestApp): Promise<string[]> {
  const folder = join(app.app.config.stateRoot, "repositories/mine/staging");
  return await Array.fromAsync(Deno.readDir(folder), ({ name }) => name).catch(() => []);
}

Deno.test("a form without scripts publishes its files together, in one publication", async () => {
  const { app, send } = await start();
  await using _ = app;
  const { status, page } = await send([await ownPackage("foo"), await ownPackage("bar", "2.0-1")]);
  assertEquals(status, 303);
  assertMatch(page, /The packages are published, with publication 2/);
  assertEquals(await published(app), ["bar 2.0-1", "foo 1.0-1"]);
  const { generations } = await call(app, "GET", "/api/v1/repositories/mine/history");
  assertEquals([generations.length, generations[0].changes.length], [2, 2]);
});

Deno.test("nothing of a form is kept if one of its files is refused, and the page says why", async () => {
  const { app, send } = await start();
  await using _ = app;
  const foo = await ownPackage("foo");
  for (
    const wrong of [
      { ...foo, fileName: "bar-1-1-any.pkg.tar.gz" },
      { ...foo, fileName: "notes.txt" },
      { fileName: "baz-1-1-any.pkg.tar.gz", bytes: new Uint8Array(100_000) },
    ]
  ) {
    const { status, page } = await send([foo, wrong, await ownPackage("after")]);
    assertEquals(status, 303);
    assertStringIncludes(page, wrong.fileName);
    assertMatch(page, /class="flash bad"/);
    assertEquals([await published(app), await staged(app)], [[], []]);
  }
  assertMatch((await send([])).page, /No file selected/);
});

Deno.test("an upload that needs consent waits for the next form to give it", async () => {
  const { app, browser, send } = await start();
  await using _ = app;
  await send([await ownPackage("foo", "2.0-1")]);
  const { to, page } = await send([await ownPackage("foo", "1.0-1")]);
  assertMatch(page, /Uploaded, not yet published/);
  const upload = new URL(to!, app.origin).searchParams.get("upload")!;
  await browser.post(to!, { action: "publish", upload, downgrade: "yes" });
  assertEquals(await published(app), ["foo 1.0-1"]);
});

Deno.test("files that no page of this server sent, or that a viewer sends, are refused", async () => {
  const { app, browser, send } = await start();
  await using _ = app;
  const foo = await ownPackage("foo");
  assertEquals((await send([foo], { origin: "http://evil.example" })).status, 403);
  assertEquals((await send([foo], {})).status, 403);
  const { token } = await call(app, "POST", "/api/v1/tokens", { name: "tv", purpose: "viewer" });
  browser.cookie = "";
  await browser.signIn(token);
  assertMatch((await send([foo])).page, /Cannot open an upload/);
  assertEquals([await published(app), await staged(app)], [[], []]);
});
