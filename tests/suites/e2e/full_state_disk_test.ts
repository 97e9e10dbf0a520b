// A disk for own repositories that is full.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { TOKEN } from "../../support/administration.ts";
import { type OwnPackage, ownPackage } from "../../support/own_package.ts";
import { SMALL_DISK_NOTE, SmallDisk } from "../../support/small_disk.ts";
import { TestApp } from "../../support/test_app.ts";

const API = "/api/v1/repositories";

// deno-lint-ignore no-explicit-any -- each endpoint answers with other members
type Answer = any;

/** Asks the API; the answer's status and JSON. */
async function ask(
  app: TestApp,
  method: string,
  target: string,
  body: BodyInit = "",
): Promise<Answer> {
  const response = await fetch(`${app.origin}${API}${target}`, {
    method,
    headers: { authorization: `Bearer ${TOKEN}` },
    ...(method === "GET" || body === "" ? {} : { body }),
  });
  return { status: response.status, ...JSON.parse(await response.text()) };
}

/** Uploads and publishes a package; the first answer that is no success, or the last. */
async function add(app: TestApp, { fileName, bytes }: OwnPackage): Promise<Answer> {
  const opened = await ask(app, "POST", "/mine/uploads");
  if (opened.status >= 300) return opened;
  const upload = `/mine/uploads/${opened.upload}`;
  const put = await ask(app, "PUT", `${upload}/${fileName}`, bytes);
  if (put.status >= 300) return put;
  return await ask(app, "POST", `${upload}/publish`, "{}");
}

Deno.test({
  name: `a full disk refuses an upload or a publication, and changes nothing${SMALL_DISK_NOTE}`,
  ignore: SMALL_DISK_NOTE !== "",
  fn: async (t) => {
    await using disk = await SmallDisk.mount(8);
    await using app = await TestApp.start({
      token: TOKEN,
      stateRoot: `${disk.path}/state`,
      settings: { refresh_interval: "0" },
      tables: () => `mirrored_repos = ["core"]\n`,
    });
    assertEquals((await ask(app, "POST", "", '{"name":"mine"}')).status, 201);
    assertEquals((await add(app, await ownPackage("foo"))).status, 200);
    const before = await ask(app, "GET", "/mine");
    const noise = Array.from(
      { length: 250 },
      () => crypto.getRandomValues(new Uint8Array(30_000)).toHex(),
    ).join("");
    const large = await ownPackage("large", "1.0-1", { content: noise });
    assert(large.bytes.length > 7_000_000);
    await t.step("in the middle of an upload", async () => {
      await disk.fill(1_000_000);
      const { status, detail } = await add(app, large);
      assertEquals(status, 507);
      assertMatch(
        detail,
        /^Cannot store large-.*: the disk of state_root is full\. Nothing was ch/,
      );
      assert(await disk.freeBytes() > 900_000, "what was written is removed");
      assertEquals(await ask(app, "GET", "/mine"), before);
    });
    await t.step("at any moment of a publication", async () => {
      const outcomes = new Set<number>();
      for (let left = 4_096; left <= 120_000; left += 4_096) {
        await disk.fill(left);
        const { status, detail } = await add(app, await ownPackage("bar", `1.${left}-1`));
        outcomes.add(status);
        if (status === 200) break;
        assertMatch(detail, /the disk of state_root is full|cannot be written|No space left/);
        assertEquals(await ask(app, "GET", "/mine"), before, `${left} bytes were free`);
        const database = await app.get("/mine/os/x86_64/mine.db");
        assertEquals(database.status, 200);
      }
      assertEquals(outcomes, new Set([507, 200]));
    });
    await t.step("with room again, packages are published as usual", async () => {
      await disk.drain();
      assertEquals((await add(app, await ownPackage("foo", "2.0-1"))).status, 200);
    });
  },
});
