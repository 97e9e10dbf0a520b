import { assertEquals } from "@std/assert";
import { checkPage, checkView } from "./page_check.ts";
import { Site, VIEWS } from "./site.ts";

Deno.test("sessions are listed, and everybody can be signed out after a confirmation", async () => {
  await using site = await Site.start();
  await checkPage(site, "/admin/sessions", { name: "sessions" });
  for (const hasScripts of [true, false]) {
    const page = await site.open("/admin/sessions", { hasScripts });
    await page.getByRole("heading", { name: "Only you are signed in" }).waitFor();
    await page.getByRole("button", { name: "Sign everyone out" }).click();
    await page.getByRole("heading", { name: "Sign everyone out?" }).waitFor();
    if (hasScripts) await checkView(page, { name: "confirmation", view: VIEWS[2]! });
    await page.getByRole("link", { name: "Keep everything as it is" }).click();
    await page.getByRole("heading", { name: "Only you are signed in" }).waitFor();
    await page.getByRole("button", { name: "Sign everyone out" }).click();
    await page.getByRole("button", { name: "Sign everyone out" }).click();
    await page.getByLabel("Token").waitFor();
    await page.context().close();
    site.forgetSession();
  }
  assertEquals(site.complaints, []);
});

Deno.test("one session is ended, and the others go on", async () => {
  await using site = await Site.start();
  const other = await site.open("/admin/sessions");
  site.forgetSession();
  const page = await site.open("/admin/sessions");
  await page.getByRole("heading", { name: "You and 1 other browser are signed in" }).waitFor();
  const row = page.getByRole("row").filter({ hasNotText: "this session" }).filter({
    hasText: "End",
  });
  await row.getByRole("button", { name: "End the session of administrator" }).click();
  await page.getByText("The session has ended.").waitFor();
  await page.getByRole("heading", { name: "Only you are signed in" }).waitFor();
  await other.reload();
  await other.getByLabel("Token").waitFor();
  assertEquals(site.complaints, []);
});
