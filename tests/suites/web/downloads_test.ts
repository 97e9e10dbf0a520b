import { assertEquals } from "@std/assert";
import { Gate } from "../../support/fake_mirror.ts";
import { PublishedRepository } from "../../support/published_repository.ts";
import { checkPage, checkView } from "./page_check.ts";
import { Site, VIEWS } from "./site.ts";

Deno.test("downloads are shown live while they run, and with their outcome afterwards", async () => {
  await using site = await Site.start();
  await checkPage(site, "/admin/downloads", { name: "downloads-empty" });
  const core = new PublishedRepository(site.mirror)
    .set("linux", 1, { size: 800_000 }).set("broken", 1, { size: 400_000 });
  await core.publish();
  await site.fetch(core.path("core.db"));
  const page = await site.open("/admin/downloads");
  await page.getByText("No transfers in progress", { exact: true }).waitFor();
  const gate = new Gate();
  site.mirror.behave(core.package("linux", 1), { kind: "gate", gate, bytes: 300_000 });
  const fetching = site.fetch(core.package("linux", 1));
  await gate.reached;
  // No reload: the page itself brings the row.
  await page.getByRole("row", { name: /linux-1-1/ }).getByText(/^3\d(\.\d)? %$/).waitFor();
  await checkPage(site, "/admin/downloads", {
    name: "downloads",
    ready: (page) => page.getByRole("row", { name: /linux-1-1/ }).waitFor(),
  });
  gate.release();
  await fetching;
  await page.getByRole("region", { name: "Finished downloads" }).getByText("linux-1-1")
    .first().waitFor();
  site.mirror.behave(core.package("broken", 1), { kind: "cutAfter", bytes: 200_000 }, 1);
  site.mirror.behave(core.package("broken", 1), { kind: "status", code: 500 });
  await site.fetch(core.package("broken", 1)).catch(() => {});
  await page.getByText(/failed at 50 %/).waitFor();
  await checkPage(site, "/admin/downloads", {
    name: "downloads-trouble",
    ready: (page) => page.getByText(/failed at 50 %/).waitFor(),
  });
});

Deno.test("a client that takes a file much slower than it arrives is named, until it leaves", async () => {
  await using site = await Site.start({ settings: { stall_timeout: "5m" } });
  const core = new PublishedRepository(site.mirror).set("linux", 1, { size: 60_000_000 });
  await core.publish();
  await site.fetch(core.path("core.db"));
  const page = await site.open("/admin/downloads");
  await page.getByText("Live", { exact: true }).waitFor();
  const gate = new Gate();
  site.mirror.behave(core.package("linux", 1), { kind: "gate", gate, bytes: 50_000_000 });
  // It reads nothing, so only what fits into the buffers is sent.
  const client = await fetch(site.origin + core.package("linux", 1));
  await page.getByText("slow client").waitFor();
  await page.getByRole("link", { name: "127.0.0.1", exact: true }).waitFor();
  await checkView(page, { name: "downloads-slow-client", view: VIEWS[2]! });
  await client.body?.cancel();
  await page.getByText("slow client").waitFor({ state: "detached" });
  gate.release();
  assertEquals(site.complaints, []);
});
