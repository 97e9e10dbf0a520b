import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import axe from "axe-core/axe.min.js" with { type: "text" };
import type { Page } from "playwright-core";
import { PROJECT } from "../../support/project.ts";
import { type Site, type View, VIEWS } from "./site.ts";

const SCREENSHOTS = join(PROJECT, "dist/web-screenshots");

/** A line for each page and view without fault: axe's findings, and the size in bytes. */
const TABLE = join(SCREENSHOTS, "pages.tsv");

/** What a first load may weigh, compressed, in bytes. */
const MAX_WEIGHT = 60 * 1024;

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

/**
 * Checks a page narrow and wide, light and dark: no complaint by the console or axe, no horizontal
 * scrolling, and not too much to load. `ready` waits until the page shows what is to be checked. The
 * pictures are named `name`.
 */
export async function checkPage(
  site: Site,
  path: string,
  {
    name,
    before = () => Promise.resolve(),
    ready = () => Promise.resolve(),
    isSignedIn = true,
    answers = 200,
  }: {
    name: string;
    /** Prepares what the page shows, before it is opened in each view. */
    before?: () => Promise<unknown>;
    ready?: (page: Page) => Promise<unknown>;
    isSignedIn?: boolean;
    /** The status of the page; a browser complains of failures. */
    answers?: number;
  },
): Promise<void> {
  for (const view of VIEWS) {
    await before();
    const page = await site.open(path, { view, isSignedIn });
    await ready(page);
    await checkView(page, { name, view });
    const weight = await weightOf(page);
    assert(weight <= MAX_WEIGHT, `${name} weighs ${weight} bytes at its first load`);
    const line = [name, view.width, view.scheme, "0 violations", weight].join("\t");
    await Deno.writeTextFile(TABLE, `${line}\n`, { append: true });
    await page.context().close();
  }
  const expected = `server responded with a status of ${answers}`;
  assertEquals(site.complaints.filter((each) => !each.includes(expected)), []);
}

/** How many bytes a browser with an empty cache receives for a page and its resources. */
async function weightOf(page: Page): Promise<number> {
  return await page.evaluate(`["navigation", "resource"]
    .flatMap((type) => performance.getEntriesByType(type))
    .reduce((sum, { transferSize }) => sum + transferSize, 0)`) as number;
}

/** As `checkPage`, for a page that is open, in one view. */
export async function checkView(
  page: Page,
  { name, view: { width, scheme } }: { name: string; view: View },
): Promise<void> {
  await Deno.mkdir(SCREENSHOTS, { recursive: true });
  const path = join(SCREENSHOTS, `${name}-${width}-${scheme}.png`);
  await page.screenshot({ path, fullPage: true });
  const sideways = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
  assertEquals(sideways, 0, `${name} at ${width} px can be scrolled sideways`);
  await page.evaluate(axe);
  const violations = await page.evaluate("axe.run().then((it) => it.violations)") as Violation[];
  const found = violations.map(({ id, nodes }) =>
    `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join("; ")}`
  );
  assertEquals(found, [], `${name} at ${width} px, ${scheme}`);
}
