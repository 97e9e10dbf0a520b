import { Gate } from "../../support/fake_mirror.ts";
import { PublishedRepository } from "../../support/published_repository.ts";
import { checkPage } from "./page_check.ts";
import { Site } from "./site.ts";

Deno.test("downloads show live while they run, and what became of them", async () => {
  await using site = await Site.start();
  await checkPage(site, "/admin/downloads", { name: "downloads-empty" });
  const core = new PublishedRepository(site.mirror)
    .set("linux", 1, { size: 800_000 }).set("broken", 1, { size: 400_000 });
  await core.publish();
  await site.fetch(core.path("core.db"));
  const page = await site.open("/admin/downloads");
  await page.getByText("Nothing is on its way", { exact: true }).waitFor();
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
  await page.getByRole("region", { name: "Downloads that have ended" }).getByText("linux-1-1")
    .first().waitFor();
  site.mirror.behave(core.package("broken", 1), { kind: "cutAfter", bytes: 200_000 }, 1);
  site.mirror.behave(core.package("broken", 1), { kind: "status", code: 500 });
  await site.fetch(core.package("broken", 1)).catch(() => {});
  await page.getByText(/broke off at 50 %/).waitFor();
  await checkPage(site, "/admin/downloads", {
    name: "downloads-trouble",
    ready: (page) => page.getByText(/broke off at 50 %/).waitFor(),
  });
});
