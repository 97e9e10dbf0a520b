import { assertEquals } from "@std/assert";
import { PublishedRepository } from "../../support/published_repository.ts";
import { Site } from "./site.ts";

Deno.test("a page is live from a cold cache, every time, and keeps the focus", async () => {
  await using site = await Site.start();
  const core = new PublishedRepository(site.mirror);
  for (let version = 1; version <= 5; version++) core.set(`glibc${version}`, version);
  await core.publish();
  await site.fetch(core.path("core.db"));
  for (let version = 1; version <= 5; version++) {
    const page = await site.open("/admin/");
    await page.getByText("Live", { exact: true }).waitFor();
    const link = page.getByRole("link", { name: "Overview" });
    await link.focus();
    await site.fetch(core.package(`glibc${version}`, version));
    await page.getByText(`${version} package`, { exact: false }).first().waitFor();
    assertEquals(await page.evaluate("document.activeElement.textContent"), "Overview");
    await page.context().close();
  }
  assertEquals(site.complaints, []);
});

Deno.test("a page whose daemon is gone says since when it has not been live", async () => {
  await using site = await Site.start();
  const page = await site.open("/admin/");
  await page.getByText("Live", { exact: true }).waitFor();
  const startedAt = performance.now();
  site.daemon.signal("SIGTERM");
  const { code } = await site.daemon.ended();
  assertEquals(code, 0);
  assertEquals(performance.now() - startedAt < 5_000, true, "an open page delays a stop");
  await page.getByText(/^Not live since \d/).waitFor();
});
