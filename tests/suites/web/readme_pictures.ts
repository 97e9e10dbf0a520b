// Renews the pictures in README, with pngquant:
//   deno run --config tests/suites/web/deno.json --allow-all tests/suites/web/readme_pictures.ts
import { join } from "@std/path";
import { DatabaseSync } from "node:sqlite";
import type { Page } from "playwright-core";
import { runCommand } from "../../support/child_process.ts";
import { Gate } from "../../support/fake_mirror.ts";
import { PROJECT } from "../../support/project.ts";
import { PublishedRepository } from "../../support/published_repository.ts";
import { changed } from "./changed_package.ts";
import { Site } from "./site.ts";

const WIDTH = 1280;
const MIB = 1024 ** 2;
const PERIOD_MS = 300_000;

async function take(page: Page, name: string, height: number): Promise<void> {
  const path = join(PROJECT, "docs/images", `${name}.png`);
  await page.setViewportSize({ width: WIDTH, height });
  // The path of an installed daemon, until the page is sent again.
  await page.evaluate(`document.querySelectorAll(".fact .path")
    .forEach((path) => path.textContent = "/var/cache/pkgstash")`);
  await page.screenshot({ path });
  await runCommand(["pngquant", "--force", "--strip", "--speed", "1", "--output", path, path]);
}

/** A day's traffic: most of it in the morning and in the evening, little of it fetched. */
function fillHistory(path: string): void {
  using database = new DatabaseSync(path);
  const add = database.prepare(`
    INSERT INTO traffic (subject, name, start_s, length_s, requests_hit, bytes_served, bytes_saved,
      bytes_fetched)
    VALUES ('all', '', ?, 60, ?, ?, ?, ?)`);
  const now = Date.now();
  for (let ago = 2; ago < 288; ago++) {
    const at = now - ago * PERIOD_MS;
    const hour = at / 3_600_000 % 24;
    const busy = Math.exp(-((hour - 8.5) ** 2) / 3) + 0.7 * Math.exp(-((hour - 19) ** 2) / 6);
    const wave = 0.6 + 0.4 * Math.sin(ago * 2.3) * Math.sin(ago * 0.7);
    const bytesServed = Math.round(busy * wave * 190 * MIB);
    const bytesFetched = Math.round(bytesServed * (hour < 9 ? 0.3 : 0.08) * wave);
    add.run(
      Math.floor(at / 60_000) * 60,
      Math.round(busy * 20),
      bytesServed,
      bytesServed - bytesFetched,
      bytesFetched,
    );
  }
}

async function takeOverview(): Promise<void> {
  await using site = await Site.start({
    settings: { max_cache_size: "64 MiB", stall_timeout: "5m" },
  });
  const core = new PublishedRepository(site.mirror)
    .set("glibc", 1, { size: 9_500_000 }).set("linux", 1, { size: 14_000_000 })
    .set("firefox", 145, { size: 12_000_000 });
  await core.publish();
  await site.fetch(core.path("core.db"));
  for (const name of ["glibc", "linux"]) {
    for (let count = 0; count < 20; count++) await site.fetch(core.package(name, 1));
  }
  await site.call("PUT", "clients/127.0.0.1/name", { name: "workstation" });
  await site.call("POST", "repositories", { name: "own" });
  await site.call("PUT", "pins/linux");
  fillHistory(site.pathOf("state", "history.sqlite"));
  const gate = new Gate();
  site.mirror.behave(core.package("firefox", 145), { kind: "gate", gate, bytes: 7_000_000 });
  const open = await fetch(site.origin + core.package("firefox", 145));
  const page = await site.open("/admin/");
  await page.getByText("firefox-145").waitFor();
  await page.getByText("Live", { exact: true }).waitFor();
  await take(page, "overview", 900);
  gate.release();
  await open.body?.cancel();
}

async function takeApproval(): Promise<void> {
  await using watched = await changed();
  const page = await watched.site.open("/admin/approvals/yay-bin");
  await page.getByText("somebody-new").first().waitFor();
  await take(page, "approval", 1540);
}

await takeOverview();
await takeApproval();
