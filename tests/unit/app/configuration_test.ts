// What a daemon says of the configuration that it uses.
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { EXIT_CODE } from "../../../src/cli/errors.ts";
import { TOKEN } from "../../support/administration.ts";
import { ChildDaemon } from "../../support/child_daemon.ts";
import { exchange } from "../../support/http_exchange.ts";
import { inTempFolder } from "../../support/temp_folder.ts";
import { pkgstash } from "../cli/administration_child.ts";

const FILE = { mirror_urls: ["http://user:secret@127.0.0.1:9/arch"], keep_versions: 7 };

async function configurationOf(origin: string) {
  const headers = { authorization: `Bearer ${TOKEN}` };
  const { status, text } = await exchange(origin, "/api/v1/configuration", { headers });
  assertEquals(status, 200);
  return { text, ...JSON.parse(text) };
}

Deno.test("the configuration in force has the origin of every value, and no secret", () =>
  inTempFolder(async (folder) => {
    await ChildDaemon.configure(folder, FILE);
    await using child = ChildDaemon.start(folder, null, {
      PKGSTASH_TOKEN: TOKEN,
      PKGSTASH_KEEP_VERSIONS: "3",
    });
    const { text, file, failure, token, settings } = await configurationOf(await child.origin());
    assertEquals([file, failure, token], [`${folder}/pkgstash.toml`, null, "environment"]);
    const setting = (name: string, table = "") => {
      const found = settings.find((each: Record<string, unknown>) =>
        each["name"] === name && each["table"] === table
      );
      return [found.value, found.origin, found.needs_restart];
    };
    assertEquals(setting("keep_versions"), ["3", "environment", false]);
    assertEquals(setting("cache_root"), [`"${folder}/cache"`, "file", true]);
    assertEquals(setting("mirror_urls"), ['["http://***@127.0.0.1:9/arch"]', "file", false]);
    assertEquals(setting("cool_down", "aur"), ['"1d"', "default", false]);
    assertEquals([text.includes(TOKEN), text.includes("secret@")], [false, false]);
  }));

Deno.test("a configuration that cannot be loaded is reported until one can", () =>
  inTempFolder(async (folder) => {
    await ChildDaemon.configure(folder, FILE);
    await using child = ChildDaemon.start(folder, null, { PKGSTASH_TOKEN: TOKEN });
    const origin = await child.origin();
    const run = () =>
      pkgstash(["configuration"], { env: { PKGSTASH_TOKEN: TOKEN, PKGSTASH_URL: origin } });
    const before = await run();
    assertEquals([before.code, before.err], [EXIT_CODE.ok, ""]);
    assertMatch(before.out, /^keep_versions = 7 # file$/m);
    await ChildDaemon.configure(folder, { ...FILE, keep_versions: "many" });
    child.signal("SIGHUP");
    await child.printed(/cannot reload the configuration/);
    assertStringIncludes((await configurationOf(origin)).failure, 'keep_versions: found "many"');
    const failed = await run();
    assertEquals(failed.code, EXIT_CODE.failure);
    assertMatch(failed.out, /^keep_versions = 7 # file$/m);
    assertMatch(failed.err, /The last reload failed.*keep_versions/s);
    await ChildDaemon.configure(folder, { ...FILE, keep_versions: 9 });
    child.signal("SIGHUP");
    await child.printed(/configuration reloaded/);
    const { failure, settings } = await configurationOf(origin);
    assertEquals(failure, null);
    assertEquals(
      settings.find((each: Record<string, unknown>) => each["name"] === "keep_versions").value,
      "9",
    );
  }));
