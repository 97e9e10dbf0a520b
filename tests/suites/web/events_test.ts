import { assertEquals } from "@std/assert";
import { PublishedRepository } from "../../support/published_repository.ts";
import { checkPage } from "./page_check.ts";
import { Site } from "./site.ts";

/** Markup that a browser must not interpret. */
const HOSTILE = "<img src=x onerror=alert(1)>";

Deno.test("events appear by themselves, and are filtered by links that can be shared", async () => {
  await using site = await Site.start();
  const core = new PublishedRepository(site.mirror).set("linux", 1, { size: 300_000 });
  await core.publish();
  await site.fetch(core.path("core.db"));
  const page = await site.open("/admin/events");
  await page.getByRole("row", { name: /^Start/ }).waitFor();
  await page.getByRole("row", { name: /^Sign in/ }).waitFor();
  const mirrors = await site.open("/admin/mirrors");
  site.mirror.behave(core.path("core.db"), { kind: "status", code: 500 });
  await mirrors.getByRole("button", { name: "Refresh now" }).click();
  // No reload: the page itself brings the row.
  await page.getByRole("row", { name: /^Fail to refresh the databases/ }).waitFor();
  await page.getByRole("link", { name: "login" }).first().click();
  await page.waitForURL(/kind=login/);
  await page.getByRole("row", { name: /^Sign in/ }).waitFor();
  assertEquals(await page.getByRole("row", { name: /^Start/ }).count(), 0);
  await checkPage(site, "/admin/events", {
    name: "events",
    ready: (page) => page.getByRole("row", { name: /^Fail to refresh/ }).waitFor(),
  });
  await checkPage(site, "/admin/events?q=nothing-like-this", {
    name: "events-nothing",
    ready: (page) => page.getByRole("heading", { name: "No event matches" }).waitFor(),
  });
});

Deno.test("new entries of a list are held back and offered while somebody reads further down", async () => {
  await using site = await Site.start();
  const rename = (name: string) => site.call("PUT", "clients/192.0.2.1/name", { name });
  for (let count = 0; count < 30; count++) await rename(`client ${count}`);
  const page = await site.open("/admin/events");
  await page.getByText("Live", { exact: true }).waitFor();
  await page.getByText("client 29").waitFor();
  await page.mouse.wheel(0, 800);
  await page.waitForFunction("scrollY > 400");
  const row = page.getByRole("row", { name: /client 10/ });
  const before = await row.boundingBox();
  await rename("the newest");
  const button = page.getByRole("button", { name: "Show newer events" });
  await button.waitFor();
  assertEquals(await page.getByText("the newest").count(), 0);
  assertEquals((await row.boundingBox())?.y, before?.y);
  await button.click();
  await page.getByText("the newest").waitFor();
  await button.waitFor({ state: "hidden" });
  await rename("newer still");
  await page.getByText("newer still").waitFor();
  assertEquals(site.complaints, []);
});

Deno.test("text that a link brings into a page is shown literally", async () => {
  await using site = await Site.start();
  for (const path of ["packages", "events", "cleanup/removed"]) {
    const page = await site.open(`/admin/${path}?q=${encodeURIComponent(HOSTILE)}`);
    assertEquals(await page.getByLabel("Search").inputValue(), HOSTILE);
    assertEquals(await page.locator("img[src=x]").count(), 0);
  }
  assertEquals(site.complaints, []);
});
