import { assertEquals } from "@std/assert";
import { checkPage } from "./page_check.ts";
import { Site } from "./site.ts";

Deno.test("the settings show what is in force, are searched, and change the log level", async () => {
  await using site = await Site.start({ settings: { keep_versions: 7 } });
  await checkPage(site, "/admin/settings", { name: "settings" });
  const page = await site.open("/admin/settings");
  await page.getByLabel("Search the keys").fill("keep_versions");
  await page.waitForURL(/q=keep_versions/);
  const row = page.getByRole("row", { name: /^keep_versions/ });
  assertEquals(await row.getByRole("cell").first().innerText(), "7");
  await page.getByLabel("Least severe level").selectOption("warning");
  await page.getByRole("button", { name: "Set" }).click();
  await page.getByRole("status").getByText("The log level is now warning").waitFor();
});

Deno.test("settings that could not be loaded are reported, with the reason", async () => {
  await using site = await Site.start();
  await Deno.writeTextFile(site.pathOf("pkgstash.toml"), "nonsense = true\n");
  site.daemon.signal("SIGHUP");
  await site.daemon.printed(/cannot reload the configuration/);
  await checkPage(site, "/admin/settings", {
    name: "settings-trouble",
    ready: (page) => page.getByText("The last reload failed").waitFor(),
  });
});
