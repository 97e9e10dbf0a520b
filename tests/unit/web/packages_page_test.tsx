import { assertEquals, assertMatch } from "@std/assert";
import { LIST_PACKAGES } from "../../../src/api/packages.ts";
import { renderPage } from "../../../src/web/layout.tsx";
import { PACKAGES } from "../../../src/web/pages/packages.tsx";
import { Visit, type Visitor } from "../../../src/web/visit.ts";

/** A visit by somebody who gets this list of packages. */
function visitWith(list: Promise<unknown>): Visit {
  const visitor = {
    name: "anna",
    role: "administrator",
    call: (endpoint: unknown) =>
      endpoint === LIST_PACKAGES
        ? list
        : Promise.resolve({ databases: [], cache: { packages: 100_000 } }),
    sessionId: "0",
    flashes: [],
    isStillWelcome: () => Promise.resolve(true),
  } as unknown as Visitor;
  return new Visit(visitor, new URL("http://host/admin/packages?q=linux"), {});
}

Deno.test("a slow list of packages is announced, and requested again with the same search", async () => {
  const list = Promise.withResolvers<unknown>();
  const visit = visitWith(list.promise);
  const content = await PACKAGES.render(visit);
  assertEquals(content.heading, "Preparing the list of packages");
  const html = renderPage({ page: PACKAGES, pages: [PACKAGES], content, visit });
  assertMatch(html, /hx-get="\/admin\/packages\?q=linux"/);
  assertMatch(html, /Reading 100\u202f000 cached packages/);
  assertMatch(html, /<noscript><meta http-equiv="refresh" content="1"\/?><\/noscript>/);
  // Nobody waits for it any more, so it may fail.
  list.reject(new Error("the disk is gone"));
  await list.promise.catch(() => {});
});

Deno.test("a list of packages that is ready is shown at once", async () => {
  const found = { packages: [], total: 0, bytes: 0, nothing_found: null };
  const { heading } = await PACKAGES.render(visitWith(Promise.resolve(found)));
  assertEquals(heading, "No cached package matches “linux”");
});
