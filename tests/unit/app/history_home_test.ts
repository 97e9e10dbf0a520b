import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { TOKEN } from "../../support/administration.ts";
import { packageBytes } from "../../support/package_bytes.ts";
import { TempFolder } from "../../support/temp_folder.ts";
import { TestApp } from "../../support/test_app.ts";

const FOO = "/core/os/x86_64/foo-1-1-any.pkg.tar.zst";

async function hits(app: TestApp): Promise<number> {
  const { text } = await app.get("/api/v1/history?range=year", {
    authorization: `Bearer ${TOKEN}`,
  });
  const { requests } = JSON.parse(text).total;
  return requests.hit + requests.miss;
}

Deno.test("removing the cache, even while it is in use, loses no history", async () => {
  await using folder = await TempFolder.create();
  const [cacheRoot, stateRoot] = [join(folder.path, "cache"), join(folder.path, "state")];
  for (let run = 1; run <= 3; run++) {
    await Deno.mkdir(cacheRoot, { recursive: true });
    await using app = await TestApp.start({
      token: TOKEN,
      settings: { refresh_interval: "0" },
      cacheRoot,
      stateRoot,
    });
    app.put(FOO, packageBytes(10_000, 1));
    await app.warm(FOO);
    assertEquals(await hits(app), run);
    await Deno.remove(cacheRoot, { recursive: true });
    assertEquals(await hits(app), run);
  }
});
