import { PublishedRepository } from "../../support/published_repository.ts";
import { checkPage } from "./page_check.ts";
import { Site } from "./site.ts";

Deno.test("the page of mirrors refreshes and tests them, with scripts and without", async () => {
  await using site = await Site.start();
  await checkPage(site, "/admin/mirrors", { name: "mirrors-empty" });
  const core = new PublishedRepository(site.mirror).set("glibc", 1);
  await core.publish();
  await site.fetch(core.path("core.db"));
  for (const hasScripts of [true, false]) {
    const page = await site.open("/admin/mirrors", { hasScripts });
    await page.getByText("core/os/x86_64").waitFor();
    await page.getByRole("button", { name: "Refresh now" }).click();
    await page.getByText("The refresh has started.").waitFor();
    await page.getByRole("button", { name: "Test all now" }).click();
    await page.getByText(/^1 of 1 mirror answered/).waitFor();
  }
  await checkPage(site, "/admin/mirrors", { name: "mirrors" });
});

Deno.test("a mirror that failed shows why and for how long it rests", async () => {
  await using site = await Site.start();
  const core = new PublishedRepository(site.mirror).set("glibc", 1);
  await core.publish();
  await site.fetch(core.path("core.db"));
  site.mirror.behave("*", { kind: "status", code: 503 });
  await site.fetch(core.package("glibc", 1));
  await checkPage(site, "/admin/mirrors", {
    name: "mirrors-trouble",
    ready: (page) => page.getByText(/failed in a row; last error: .*503/).waitFor(),
  });
});
