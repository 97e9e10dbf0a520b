import { packageBytes } from "../../support/package_bytes.ts";
import { PublishedRepository } from "../../support/published_repository.ts";
import { checkPage } from "./page_check.ts";
import { Site } from "./site.ts";

const FOO = "/core/os/x86_64/foo-1-1-any.pkg.tar.zst";
/** A client chooses its user agent, which the page shows. */
const HOSTILE_AGENT = "<img src=x onerror=alert(1)>pacman/7.1.0";

/** Asks for a file as the client of this address. */
async function ask(
  site: Site,
  path: string,
  address: string,
  agent = "pacman/7.1.0 (Linux x86_64)",
) {
  const response = await fetch(site.origin + path, {
    headers: { "x-forwarded-for": address, "user-agent": agent },
  });
  await response.arrayBuffer();
}

Deno.test("clients are listed, searched, sorted and named, with scripts and without", async () => {
  await using site = await Site.start({ settings: { trusted_proxies: ["127.0.0.1"] } });
  await checkPage(site, "/admin/clients", { name: "clients-empty" });
  const core = new PublishedRepository(site.mirror).set("glibc", 1);
  await core.publish();
  site.mirror.put(FOO, packageBytes(3_000_000, 1));
  for (let last = 1; last <= 12; last++) {
    await ask(site, core.path("core.db"), `192.0.2.${last}`);
    for (let turn = 0; turn < last; turn++) await ask(site, FOO, `192.0.2.${last}`);
  }
  await ask(site, FOO, "2001:db8::77", HOSTILE_AGENT);
  for (const hasScripts of [true, false]) {
    const page = await site.open("/admin/clients", { hasScripts });
    await page.getByText("13 clients, all up to date").waitFor();
    await page.getByRole("link", { name: hasScripts ? "2001:db8::77" : "laptop" }).click();
    await page.getByText("has synced no database").first().waitFor();
    await page.getByLabel("Name").fill(hasScripts ? "laptop" : "Büro (Tür)");
    await page.getByRole("button", { name: "Save the name" }).click();
    await page.getByText(hasScripts ? /is laptop\./ : /is Büro \(Tür\)\./).waitFor();
  }
  const found = await site.open("/admin/clients?q=b%C3%BCro", { hasScripts: false });
  await found.getByText("1 client of 13").waitFor();
  await checkPage(site, "/admin/clients?sort=-bytes_served", { name: "clients" });
  await checkPage(site, "/admin/clients/192.0.2.7?numbers=1", { name: "client" });
  await checkPage(site, "/admin/clients/2001%3Adb8%3A%3A77", { name: "client-hostile" });
  await checkPage(site, "/admin/?range=month", { name: "overview-month" });
  await checkPage(site, "/admin/", { name: "overview-history" });
});
