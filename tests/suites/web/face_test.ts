import { checkPage } from "./page_check.ts";
import { Site, TOKEN } from "./site.ts";

Deno.test("the front page of the server is for everybody", async () => {
  await using site = await Site.start();
  await checkPage(site, "/", { name: "face", isSignedIn: false });
  const { body } = await fetch(`${site.origin}/api/v1/repositories`, {
    method: "POST",
    headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
    body: JSON.stringify({ name: "own" }),
  });
  await body?.cancel();
  await checkPage(site, "/", { name: "face-own-repository", isSignedIn: false });
  const page = await site.open("/", { isSignedIn: false });
  await page.getByRole("link", { name: "Administration" }).click();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
});
