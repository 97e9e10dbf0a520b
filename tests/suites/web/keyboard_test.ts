import { assert, assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { PublishedRepository } from "../../support/published_repository.ts";
import { Site, VIEWS } from "./site.ts";

const PATHS = [
  "",
  "packages",
  "mirrors",
  "downloads",
  "cleanup",
  "clients",
  "repositories",
  "approvals",
  "builds",
  "events",
  "settings",
  "sessions",
];

interface Stop {
  /** Its place in the document. */
  readonly index: number;
  readonly text: string;
  /** Whether the focus is visible. */
  readonly isMarked: boolean;
  readonly isInView: boolean;
}

/** What has the focus; null if nothing has. */
async function stopOf(page: Page): Promise<Stop | null> {
  return await page.evaluate(`(() => {
    const element = document.activeElement;
    if (element === null || element === document.body) return null;
    const marked = element.matches(".menu-state") ? element.nextElementSibling : element;
    const { outlineStyle, outlineWidth } = getComputedStyle(marked);
    const { top, bottom, left, right } = marked.getBoundingClientRect();
    return {
      index: [...document.querySelectorAll("*")].indexOf(element),
      text: (element.textContent || element.getAttribute("aria-label") || element.name || "")
        .trim().slice(0, 40),
      isMarked: outlineStyle !== "none" && parseFloat(outlineWidth) >= 2,
      isInView: bottom > 0 && top < innerHeight && right > 0 && left < innerWidth,
    };
  })()`) as Stop | null;
}

/** A site in which each page has something to show. */
async function start(): Promise<Site> {
  const site = await Site.start();
  const core = new PublishedRepository(site.mirror).set("linux", 1, { size: 300_000 });
  await core.publish();
  await site.fetch(core.path("core.db"));
  await site.fetch(core.package("linux", 1));
  return site;
}

Deno.test("Tab moves through each page in order, with a visible focus, and out of it again", async () => {
  await using site = await start();
  for (const view of [VIEWS[0]!, VIEWS[3]!]) {
    for (const path of PATHS) {
      const page = await site.open(`/admin/${path}`, { view });
      const where = `/admin/${path} at ${view.width} px`;
      await page.keyboard.press("Tab");
      assertEquals((await stopOf(page))?.text, "Skip to the content", where);
      let last = -1;
      let count = 0;
      for (let stop = await stopOf(page); stop !== null; stop = await stopOf(page)) {
        assert(stop.isMarked, `${where}: nobody sees that “${stop.text}” has the focus`);
        assert(stop.isInView, `${where}: “${stop.text}” has the focus out of view`);
        assert(stop.index > last, `${where}: “${stop.text}” comes out of order`);
        last = stop.index;
        count++;
        await page.keyboard.press("Tab");
      }
      assert(count > 2, where);
      await page.context().close();
    }
  }
  assertEquals(site.complaints, []);
});

Deno.test("the first Tab on a page offers to skip to its content", async () => {
  await using site = await start();
  const page = await site.open("/admin/packages");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.waitForFunction("document.activeElement.id === 'content'");
  await page.keyboard.press("Tab");
  await page.waitForFunction("document.activeElement.id === 'search'");
});

Deno.test("on a phone, the menu opens with Enter and with Space, and closes with Escape", async () => {
  await using site = await start();
  const page = await site.open("/admin/", { view: VIEWS[0]! });
  const link = page.getByRole("link", { name: "Cleanup", exact: true });
  for (const key of ["Enter", "Space"]) {
    await page.getByLabel("Show the menu").focus();
    await page.keyboard.press(key);
    await link.waitFor();
    await link.focus();
    await page.keyboard.press("Escape");
    await link.waitFor({ state: "hidden" });
    assertEquals(await page.evaluate("document.activeElement.id"), "menu");
  }
});
