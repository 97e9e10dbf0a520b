import { assertEquals } from "@std/assert";
import { PublishedRepository } from "../../support/published_repository.ts";
import { checkPage } from "./page_check.ts";
import { Site } from "./site.ts";

const NAMES = ["linux", "glibc", "systemd"];

/** A site with three packages that no database lists any more, of which none is kept. */
async function start(): Promise<{ site: Site; core: PublishedRepository }> {
  const site = await Site.start({
    settings: {
      keep_versions: 0,
      database_max_age: "0s",
      max_cache_size: "1MB",
      min_free_space: "1MB",
      refresh_interval: "6h",
    },
  });
  const core = new PublishedRepository(site.mirror);
  for (const name of NAMES) core.set(name, 1, { size: 120_000 });
  await core.publish();
  await site.fetch(core.path("core.db"));
  for (const name of NAMES) await site.fetch(core.package(name, 1));
  for (const name of NAMES) core.set(name, 2);
  // Otherwise, the answer would be that of a check which an earlier request began.
  await site.fetch(core.path("core.db"));
  await core.publish();
  await site.fetch(core.path("core.db"));
  return { site, core };
}

Deno.test("a plan is shown with its reasons, and exactly that is removed, with and without scripts", async () => {
  await using empty = await Site.start();
  await checkPage(empty, "/admin/cleanup", { name: "cleanup-empty" });
  for (const hasScripts of [true, false]) {
    const { site } = await start();
    await using _ = site;
    if (hasScripts) {
      await checkPage(site, "/admin/cleanup", {
        name: "cleanup",
        ready: (page) => page.getByRole("heading", { name: /^3 files can be removed/ }).waitFor(),
      });
    }
    const page = await site.open("/admin/cleanup", { hasScripts });
    await page.getByText(/3 × old version/).waitFor();
    await page.getByRole("button", { name: "Remove exactly these" }).click();
    await page.getByText("It removes exactly the files in the plan.").waitFor();
    await page.getByRole("button", { name: "Remove", exact: true }).click();
    await page.getByText(/3 files removed, .* freed\./).waitFor();
    await page.getByRole("heading", { name: /^Nothing to remove/ }).waitFor();
    await page.getByRole("link", { name: "1", exact: true }).click();
    await page.getByRole("heading", { name: "What cleanup 1 removed" }).waitFor();
    assertEquals(await page.locator("tbody tr").count(), 3);
    if (!hasScripts) continue;
    await checkPage(site, "/admin/cleanup", { name: "cleanup-done" });
    await checkPage(site, "/admin/cleanup/removed?q=glibc", {
      name: "cleanup-removed",
      ready: (page) => page.getByText("glibc-1-1-any.pkg.tar.zst").waitFor(),
    });
  }
});

Deno.test("a plan that has changed removes nothing and says so", async () => {
  const { site, core } = await start();
  await using _ = site;
  const page = await site.open("/admin/cleanup");
  await page.getByText(/3 × old version/).waitFor();
  await site.fetch(core.package("linux", 2));
  await site.fetch(core.path("core.db"));
  await core.set("linux", 3).publish();
  await site.fetch(core.path("core.db"));
  await page.getByRole("button", { name: "Remove exactly these" }).click();
  await page.getByText("The plan has changed since you opened it").waitFor();
  await page.getByRole("button", { name: "Remove", exact: true }).click();
  await page.getByText(/it would now remove other files/).waitFor();
  await page.getByText(/4 × old version/).waitFor();
});

Deno.test("a limit that cannot be met says what keeps the cache above it", async () => {
  const { site } = await start();
  await using _ = site;
  const page = await site.open("/admin/packages");
  for (const name of NAMES) {
    await page.getByRole("button", { name: `Pin ${name}` }).click();
    await page.getByText(`${name} is pinned`).first().waitFor();
  }
  const full = await site.open("/admin/cleanup");
  await full.getByRole("heading", { name: /^Nothing to remove/ }).waitFor();
  await full.getByText("3 pinned").waitFor();
});
