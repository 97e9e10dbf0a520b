import { assert, assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { FakeBuilder } from "../../support/fake_builder.ts";
import { ownPackage } from "../../support/own_package.ts";
import { checkPage } from "./page_check.ts";
import { WatchedSite } from "./watched_site.ts";

const PACKAGER = "Builds <builds@example.invalid>";

function files(base: string, version: string) {
  return {
    PKGBUILD: `pkgname=${base}\npkgver=${version}\npkgrel=1\narch=(x86_64)\npackage() { :; }\n`,
    ".SRCINFO":
      `pkgbase = ${base}\n\tpkgver = ${version}\n\tpkgrel = 1\n\tarch = x86_64\n\npkgname = ${base}\n`,
  };
}

/** A site that builds packages of these names. */
async function start(...names: string[]): Promise<{ site: WatchedSite; builder: FakeBuilder }> {
  const watched = await WatchedSite.start({ builds: { packager: PACKAGER } });
  const { token } = await watched.call("POST", "tokens", {
    name: "builder-1",
    purpose: "builder",
  }) as { token: string };
  for (const name of names) {
    watched.aur.put(name, { files: files(name, "1.0") });
    await watched.add(name);
    await watched.approveAll();
  }
  return { site: watched, builder: new FakeBuilder(watched.site.origin, token) };
}

/** A log as compilers write it. */
function logText(lines: number): string {
  return Array.from(
    { length: lines },
    (_, index) => `[${index + 1}/${lines}] CC src/file_${index + 1}.c\n`,
  )
    .join("");
}

Deno.test("the builds page of a new daemon says how to begin", async () => {
  const { site } = await start();
  await using watched = site;
  await checkPage(watched.site, "/admin/builds", { name: "builds-empty" });
});

Deno.test("the builds page shows running builds with their last line, waiting ones and failed ones", async () => {
  const { site, builder } = await start("yay-bin", "paru-bin", "brave-bin", "zoom");
  await using watched = site;
  const failed = await builder.lease();
  await builder.log(
    failed!.id,
    0,
    `${logText(60)}main.c:3:5: \u001b[01;31merror: \u001b[0mexpected ';'\n`,
  );
  await builder.failed(failed!.id, "build_error", "makepkg ended with 4");
  const held = await builder.lease();
  await builder.log(held!.id, 0, "==> Making package\n");
  await builder.finish(held!.id, [
    await ownPackage(held!.package_base, "1.0-1", { packager: "Somebody else <x@example.org>" }),
  ]);
  const running = await builder.lease();
  await builder.log(running!.id, 0, `${logText(3)}\u001b[1m==>\u001b[0m Compiling <b>this</b>\n`);
  const page = await watched.site.open("/admin/builds");
  await page.getByText("Compiling <b>this</b>").waitFor();
  await builder.log(
    running!.id,
    (logText(3) + "\u001b[1m==>\u001b[0m Compiling <b>this</b>\n").length,
    "Linking it\n",
  );
  await page.getByText("Linking it").waitFor();
  await checkPage(watched.site, "/admin/builds", {
    name: "builds",
    ready: (page) => page.getByText("Linking it").waitFor(),
  });
  await checkPage(watched.site, `/admin/builds/${failed!.build}`, {
    name: "build-failed",
    ready: (page) => page.getByText("error: expected ';'").first().waitFor(),
  });
  await checkPage(watched.site, `/admin/builds/${held!.build}`, {
    name: "build-held",
    ready: (page) => page.getByText("It needs your decision").waitFor(),
  });
  await checkPage(watched.site, `/admin/builds/${running!.build}`, { name: "build-running" });
  await checkPage(watched.site, "/admin/approvals", {
    name: "approvals-builds",
    ready: (page) => page.getByText("Builds that need a decision").waitFor(),
  });
  // Without scripts, by its buttons.
  const plain = await watched.site.open(`/admin/builds/${failed!.build}`, { hasScripts: false });
  await plain.getByRole("button", { name: "Retry this version" }).click();
  await plain.getByText("It is queued again.").waitFor();
  await plain.goto(`${watched.site.origin}/admin/builds/${held!.build}`);
  await plain.getByRole("button", { name: "Approve and publish" }).click();
  await plain.getByText("The build continues.").waitFor();
  await plain.goto(`${watched.site.origin}/admin/builds/${running!.build}`);
  await plain.getByRole("button", { name: "Cancel" }).click();
  await plain.getByRole("button", { name: "Cancel it" }).click();
  await plain.getByText("The build has been cancelled.").waitFor();
  assertEquals(watched.site.complaints, []);
});

/** The numbers of the lines that a log view shows within its box. */
async function shownLines(page: Page): Promise<number[]> {
  return await page.evaluate(`(() => {
    const box = document.querySelector(".log-lines").getBoundingClientRect();
    return [...document.querySelectorAll(".log-lines [data-line]")].filter((line) => {
      const { top, bottom } = line.getBoundingClientRect();
      return top >= box.top - 1 && bottom <= box.bottom + 1;
    }).map((line) => Number(line.dataset.line));
  })()`) as number[];
}

Deno.test("a long log shows its end first, links to every line, can be searched, and grows", async () => {
  const { site, builder } = await start("yay-bin");
  await using watched = site;
  const job = await builder.lease();
  const text = logText(20_000);
  const bytes = new TextEncoder().encode(text);
  let sent = 0;
  while (sent < bytes.length) {
    await builder.log(job!.id, sent, bytes.slice(sent, sent + 200_000));
    sent += 200_000;
  }
  const page = await watched.site.open(`/admin/builds/${job!.build}`);
  await page.locator("#L20000").waitFor();
  assert((await shownLines(page)).includes(20_000), "does not begin at the end");
  await builder.log(job!.id, bytes.length, "a line that came later\n");
  await page.getByText("a line that came later").waitFor();
  assert((await shownLines(page)).includes(20_001), "does not follow the end");

  await page.goto(`${watched.site.origin}/admin/builds/${job!.build}/log#L7777`);
  await page.getByText("CC src/file_7777.c").waitFor();
  assert((await shownLines(page)).includes(7777));
  assertEquals(await page.locator(".is-target").getAttribute("data-line"), "7777");

  await page.getByLabel("Search the log").fill("FILE_123.c");
  await page.getByRole("button", { name: "Search" }).click();
  await page.getByText("Line 123, 1 of 1").waitFor();
  await page.getByText("CC src/file_123.c").waitFor();
  assert((await shownLines(page)).includes(123));

  const plain = await watched.site.open(`/admin/builds/${job!.build}/log`, { hasScripts: false });
  assertEquals(await plain.locator("[data-line]").count(), 200);
  await plain.getByRole("link", { name: "Older lines" }).click();
  await plain.locator("#L19600").waitFor();
  await plain.getByLabel("Search the log").fill("file_55.c");
  await plain.getByRole("button", { name: "Search" }).click();
  await plain.getByRole("link", { name: "55" }).click();
  await plain.getByText("CC src/file_55.c").waitFor();
  const raw = await plain.context().request.get(
    `${watched.site.origin}/admin/builds/${job!.build}/log?raw=1`,
  );
  assertEquals(raw.headers()["content-type"], "text/plain; charset=utf-8");
  assertEquals(raw.headers()["x-content-type-options"], "nosniff");
  assertEquals(await raw.text(), `${text}a line that came later\n`);
  await checkPage(watched.site, `/admin/builds/${job!.build}/log?q=file_77`, {
    name: "log-search",
  });
  assertEquals(watched.site.complaints, []);
});

Deno.test("nothing of a hostile log is active in a page", async () => {
  const { site, builder } = await start("yay-bin");
  await using watched = site;
  const job = await builder.lease();
  const evil = '<script>alert(1)</script><img src=x onerror="alert(2)"></code></div>';
  await builder.log(
    job!.id,
    0,
    `${evil}\n\u001b[31m${evil}\u001b[0m\n\u001b]8;;javascript:alert(3)\u0007link\u001b]8;;\u0007\n` +
      `\u202eabc\u0000\u0008\u0007\u001b[2J\u001b[H\nover\rwritten\n${
        "<".repeat(100_000)
      }\nerror: ${evil}\n`,
  );
  await builder.failed(job!.id, "build_error", evil);
  for (const path of ["", "/log", `/log?q=${encodeURIComponent("<script>")}`]) {
    const page = await watched.site.open(`/admin/builds/${job!.build}${path}`);
    page.on("dialog", () => watched.site.complaints.push("a dialog opened"));
    await page.locator("[data-line]").first().waitFor();
    if (!path.includes("q=")) {
      const mark = await page.getByText("<U+202E>").first().boundingBox();
      assert(mark !== null && mark.width > 10, "a mark cannot be seen");
    }
    assertEquals(await page.locator("img:not([src^='/admin/assets/'])").count(), 0);
    assertEquals(await page.locator("script:not([src^='/admin/assets/'])").count(), 0);
    assertEquals(await page.locator("a[href^='javascript']").count(), 0);
    // deno-lint-ignore no-control-regex
    assert(!/[\u0000\u0007\u0008\u001b\u202e]/.test(await page.content()));
  }
  await checkPage(watched.site, `/admin/builds/${job!.build}`, { name: "build-hostile" });
});
