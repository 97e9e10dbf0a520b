import { assertEquals, assertMatch } from "@std/assert";
import { PublishedRepository } from "../../support/published_repository.ts";
import { checkPage } from "./page_check.ts";
import { Site } from "./site.ts";

/** A site that has cached `linux` in two versions, and some more. */
async function start(): Promise<{ site: Site; core: PublishedRepository }> {
  const site = await Site.start({ settings: { keep_versions: 1, database_max_age: "0s" } });
  const core = new PublishedRepository(site.mirror)
    .set("linux", 1, { size: 140_000 }).set("glibc", 1, { size: 9_000 })
    .set("linux-firmware", 1, { size: 260_000 }).set("zlib", 3);
  await core.publish();
  await site.fetch(core.path("core.db"));
  for (const name of ["linux", "glibc", "linux-firmware"]) {
    await site.fetch(core.package(name, 1));
    await site.fetch(`${core.package(name, 1)}.sig`);
  }
  await core.set("linux", 2, { size: 150_000 }).publish();
  await site.fetch(core.path("core.db"));
  await site.fetch(core.package("linux", 2));
  return { site, core };
}

Deno.test("packages are searched as you type, sorted and filtered by links, with and without scripts", async () => {
  await using site = await Site.start();
  await checkPage(site, "/admin/packages", { name: "packages-empty" });
  await using filled = (await start()).site;
  await checkPage(filled, "/admin/packages", {
    name: "packages",
    ready: (page) => page.getByRole("heading", { name: /^4 packages in / }).waitFor(),
  });
  const page = await filled.open("/admin/packages");
  await page.getByLabel("Search").pressSequentially("firm");
  await page.getByRole("heading", { name: /1 package matches “firm”/ }).waitFor();
  assertMatch(page.url(), /q=firm/);
  await page.getByLabel("Search").fill("lnux");
  await page.getByRole("link", { name: "linux", exact: true }).click();
  await page.getByRole("heading", { name: /3 packages match “linux”/ }).waitFor();
  await page.getByLabel("Search").fill("zlib");
  await page.getByText("zlib is not cached: core/os/x86_64 has 3-1").waitFor();
  const plain = await filled.open("/admin/packages", { hasScripts: false });
  await plain.getByLabel("Kept because").selectOption("version");
  await plain.getByRole("button", { name: "Search" }).click();
  await plain.getByText("1-1 · core/os/x86_64").waitFor();
  assertEquals(await plain.locator("tbody tr").count(), 1);
  await plain.goto(`${filled.origin}/admin/packages?sort=size`);
  assertMatch(await plain.locator("tbody tr").first().innerText(), /^glibc/);
  await checkPage(filled, "/admin/packages?q=lnux", {
    name: "packages-nothing",
    ready: (page) => page.getByText("Did you mean").waitFor(),
  });
});

Deno.test("a package is pinned and removed, after a confirmation", async () => {
  const { site, core } = await start();
  await using _ = site;
  const directory = encodeURIComponent(core.directory);
  const path = `/admin/packages/${directory}/linux-1-1-any.pkg.tar.zst`;
  await checkPage(site, path, {
    name: "package",
    ready: (page) => page.getByText("The database lists 2-1").waitFor(),
  });
  for (const hasScripts of [true, false]) {
    const page = await site.open(path, { hasScripts });
    await page.getByRole("button", { name: "Pin linux" }).click();
    await page.getByText("linux is pinned: cleanup keeps every version of it.").waitFor();
    await page.getByRole("button", { name: "Unpin linux" }).click();
    await page.getByText("linux is no longer pinned.").waitFor();
  }
  const page = await site.open(path, { hasScripts: false });
  await page.getByRole("button", { name: "Remove this file" }).click();
  await page.getByRole("heading", { name: "Remove linux 1-1 from the cache?" }).waitFor();
  await page.getByRole("button", { name: "Remove", exact: true }).click();
  await page.getByText(/linux-1-1-any\.pkg\.tar\.zst is removed/).waitFor();
  await page.getByRole("heading", { name: /^3 packages in / }).waitFor();
  assertEquals(site.complaints, []);
});
