import { Gate } from "../../support/fake_mirror.ts";
import { PublishedRepository } from "../../support/published_repository.ts";
import { checkPage } from "./page_check.ts";
import { Site } from "./site.ts";

Deno.test("the overview of an unused daemon is a guide, and turns live with the first request", async () => {
  await using site = await Site.start();
  const core = new PublishedRepository(site.mirror).set("glibc", 1, { size: 4_500_000 });
  await core.publish();
  await checkPage(site, "/admin/", { name: "overview-first-start" });
  const page = await site.open("/admin/");
  await page.getByText("Waiting for the first request").waitFor();
  await site.fetch(core.path("core.db"));
  await site.fetch(core.package("glibc", 1));
  await page.getByRole("heading", { name: "All is well" }).waitFor();
  await page.getByText("Not downloaded again").waitFor();
});

Deno.test("the overview shows numbers, downloads in flight and recent changes", async () => {
  await using site = await Site.start({
    settings: { max_cache_size: "64 MiB", stall_timeout: "5m" },
  });
  const core = new PublishedRepository(site.mirror)
    .set("glibc", 1, { size: 9_500_000 })
    .set("linux-firmware-with-a-long-name", 20261101, { size: 18_000_000 })
    .set("firefox", 145, { size: 12_000_000 });
  await core.publish();
  await site.fetch(core.path("core.db"));
  for (let count = 0; count < 5; count++) await site.fetch(core.package("glibc", 1));
  const gate = new Gate();
  site.mirror.behave(core.package("firefox", 145), { kind: "gate", gate, bytes: 7_000_000 });
  const open = await fetch(site.origin + core.package("firefox", 145));
  await checkPage(site, "/admin/", {
    name: "overview",
    ready: (page) => page.getByText("firefox-145").waitFor(),
  });
  gate.release();
  await open.body?.cancel();
});

Deno.test("the overview says first what is wrong, and what to do about it", async () => {
  await using site = await Site.start();
  const core = new PublishedRepository(site.mirror).set("glibc", 1);
  await core.publish();
  await site.fetch(core.path("core.db"));
  await site.fetch(core.package("glibc", 1));
  site.mirror.behave("*", { kind: "status", code: 503 });
  await checkPage(site, "/admin/", {
    name: "overview-trouble",
    ready: async (page) => {
      // A mirror rests for a few seconds only; the page is live.
      await site.fetch(core.package("absent", 1));
      await page.getByRole("heading", { name: /^No mirror is ready/ }).waitFor();
    },
  });
});
