import { assertEquals } from "@std/assert";
import { packageBytes } from "../../support/package_bytes.ts";
import { TestApp } from "../../support/test_app.ts";

const NAME = "gtk2+extra-2:1.0.r3+g12ab~1-1-any.pkg.tar.zst";
const DIRECTORY = "/core/os/x86_64";

Deno.test("raw and percent-encoded names mean the same file, here and upstream", async (t) => {
  for (
    const first of [
      NAME,
      encodeURIComponent(NAME).replaceAll("~", "%7E"),
      NAME.replaceAll("+", "%2b").replaceAll(":", "%3a"),
      [...NAME].map((c) => `%${c.charCodeAt(0).toString(16)}`).join(""),
    ]
  ) {
    await t.step(first, async () => {
      await using app = await TestApp.start();
      app.put(`${DIRECTORY}/${NAME}`, packageBytes(5000, 1));
      await app.warm(`${DIRECTORY}/${first}`);
      for (const name of [NAME, encodeURIComponent(NAME), NAME.replaceAll("+", "%2B")]) {
        const { status, headers, body } = await app.get(`${DIRECTORY}/${name}`);
        assertEquals([status, headers.get("x-cache")], [200, "HIT"]);
        assertEquals(body, packageBytes(5000, 1));
      }
      assertEquals(app.count(`${DIRECTORY}/${NAME}`), 1);
      // Mirrors are asked as pacman asks them.
      assertEquals(app.mirror.requests[0]!.path, `${DIRECTORY}/${NAME}`);
      const files = await Array.fromAsync(Deno.readDir(app.pathOf(DIRECTORY)));
      assertEquals(files.map(({ name }) => name), [NAME]);
    });
  }
});
