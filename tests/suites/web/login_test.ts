import { assertEquals } from "@std/assert";
import { checkPage, checkView } from "./page_check.ts";
import { Site, TOKEN, VIEWS } from "./site.ts";

Deno.test("the sign-in page has no fault in any view, nor after a wrong token", async () => {
  await using site = await Site.start();
  await checkPage(site, "/admin/login", { name: "login", isSignedIn: false });
  const [view] = VIEWS;
  const page = await site.open("/admin/login", { isSignedIn: false, view: view! });
  await page.getByLabel("Token").fill("wrong");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("alert").waitFor();
  await checkView(page, { name: "login-wrong", view: view! });
});

Deno.test("without a token, a page says how to set one", async () => {
  await using site = await Site.start({ token: null });
  await checkPage(site, "/admin/", { name: "off", isSignedIn: false, answers: 403 });
});

Deno.test("signing in leads to the requested page, and signing out ends the session", async () => {
  await using site = await Site.start();
  for (const hasScripts of [true, false]) {
    const page = await site.open("/admin/?from=here", { isSignedIn: false, hasScripts });
    await page.getByLabel("Token").fill(TOKEN);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.waitForURL(`${site.origin}/admin/?from=here`);
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("Token").waitFor();
    await page.goto(`${site.origin}/admin/`);
    await page.getByLabel("Token").waitFor();
    await page.context().close();
  }
  assertEquals(site.complaints, []);
});
