import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { EXIT_CODE } from "../../../src/cli/errors.ts";
import { namesInList } from "../../../src/cli/commands/foreign_packages.ts";
import { printPaged } from "../../../src/cli/pager.ts";
import { TOKEN } from "../../support/administration.ts";
import { FakeAur } from "../../support/fake_aur.ts";
import { packageFiles } from "../../support/fake_aur/srcinfo_values.ts";
import { PublishedRepository } from "../../support/published_repository.ts";
import { inTempFolder } from "../../support/temp_folder.ts";
import { TestApp } from "../../support/test_app.ts";
import { type Ended, pkgstash } from "./administration_child.ts";

/** Runs with a daemon in front of a fake AUR that has `app`, which needs `lib`. */
async function withDaemon(
  run: (
    pkgstash: (...args: string[]) => Promise<Ended>,
    aur: FakeAur,
  ) => Promise<void>,
): Promise<void> {
  await using aur = new FakeAur();
  await using app = await TestApp.start({
    token: TOKEN,
    settings: { refresh_interval: "0", min_free_space: "0" },
    tables: () => `mirrored_repos = ["core"]\n[aur]\nurl = "${aur.url}"\n`,
  });
  const core = new PublishedRepository(app.mirror).set("glibc", 1);
  await core.publish();
  await app.warm(core.path("core.db"));
  await app.log.waitFor(/snapshot published/);
  aur.put("app", { files: packageFiles("app", "1", { depends: ["glibc", "lib"] }) });
  aur.put("lib", { files: packageFiles("lib", "3") });
  const env = { PKGSTASH_TOKEN: TOKEN, PKGSTASH_URL: app.origin };
  await run((...args) => pkgstash(args, { env, readable: args.filter(isPath) }), aur);
}

const isPath = (argument: string) => argument.startsWith("/");

/** The output of a command that must succeed. */
async function printed(running: Promise<Ended>): Promise<string> {
  const { code, out, err } = await running;
  assertEquals([code, err], [EXIT_CODE.ok, ""]);
  return out;
}

Deno.test("a package and its AUR dependencies are added and approved in one decision", async () => {
  await withDaemon(async (pkgstash) => {
    assertStringIncludes(await printed(pkgstash("aur", "add", "--dry-run", "app")), "would be");
    assertStringIncludes(await printed(pkgstash("aur", "list")), "No packages are watched");
    const added = await printed(pkgstash("aur", "add", "app"));
    assertMatch(added, /^lib +3-1 +keeper +needed +-\napp +1-1 +keeper +asked for +lib$/m);
    const list = await printed(pkgstash("approvals"));
    const id = /^([0-9a-f]{16}) +app 1-1 and 1 more/m.exec(list)?.[1] ?? "";
    const shown = await printed(pkgstash("approvals", "show", "app"));
    assertStringIncludes(shown, `approvals approve ${id}`);
    assert(shown.indexOf("Package base  lib") < shown.indexOf("Package base  app"));
    assertStringIncludes(shown, "+pkgver=3");
    const byName = await pkgstash("approvals", "approve", "app");
    assertEquals(byName.code, EXIT_CODE.usage);
    assertStringIncludes(byName.err, "what you have seen");
    assertStringIncludes(
      await printed(pkgstash("approvals", "approve", id.slice(0, 8))),
      "Approved lib 3-1, app 1-1.",
    );
    assertEquals(await printed(pkgstash("approvals")), "No approvals are pending.\n");
    assertMatch(await printed(pkgstash("aur", "list")), /^app +- +1-1 +- +keeper +building$/m);
    const { out } = await pkgstash("events");
    assertStringIncludes(out, "Approve builds");
  });
});

Deno.test("aur add fetches the databases that nobody has requested yet", async () => {
  await using aur = new FakeAur();
  await using app = await TestApp.start({
    token: TOKEN,
    settings: { refresh_interval: "0", min_free_space: "0" },
    tables: () => `mirrored_repos = ["core"]\n[aur]\nurl = "${aur.url}"\n`,
  });
  await new PublishedRepository(app.mirror).set("glibc", 1).publish();
  aur.put("app", { files: packageFiles("app", "1", { depends: ["glibc"] }) });
  const env = { PKGSTASH_TOKEN: TOKEN, PKGSTASH_URL: app.origin };
  assertMatch(
    await printed(pkgstash(["aur", "add", "app"], { env, readable: [] })),
    /^app +1-1 .* -$/m,
  );
});

Deno.test("a tab in a PKGBUILD is shown as an arrow", async () => {
  await withDaemon(async (pkgstash, aur) => {
    const files = packageFiles("tabs", "1");
    files["PKGBUILD"] += "build() {\n\tmake\n}\n";
    aur.put("tabs", { files });
    await printed(pkgstash("aur", "add", "tabs"));
    assertStringIncludes(await printed(pkgstash("approvals", "show", "tabs")), "+→   make\n");
  });
});

Deno.test("a hostile PKGBUILD cannot control its reader's terminal", async () => {
  await withDaemon(async (pkgstash, aur) => {
    const files = packageFiles("evil", "1");
    files["PKGBUILD"] += "# \x1b[2J\x1b]0;title\x07 \u202egnp.sh\n";
    aur.put("evil", { files, maintainer: "\x1b[31mred" });
    await printed(pkgstash("aur", "add", "evil"));
    for (const command of [["approvals", "show", "evil"], ["aur", "show", "evil"], ["aur"]]) {
      const out = await printed(pkgstash(...command));
      // deno-lint-ignore no-control-regex -- what must not be there
      assert(!/[\x00-\x09\x0b-\x1f\x7f\u202e]/.test(out), JSON.stringify(out));
    }
  });
});

Deno.test("during its cool-down, a change is approved only with a reason", async () => {
  await withDaemon(async (pkgstash, aur) => {
    await printed(pkgstash("aur", "add", "lib"));
    const idOf = async () => /^([0-9a-f]{16})/m.exec(await printed(pkgstash("approvals")))![1]!;
    await printed(pkgstash("approvals", "approve", await idOf()));
    aur.push("lib", packageFiles("lib", "4"), Math.floor(Date.now() / 1000));
    assertStringIncludes(await printed(pkgstash("aur", "check")), "New files: lib. See");
    assertMatch(await printed(pkgstash("approvals")), /lib 3-1 -> 4-1 .*passes in 23 h/);
    const id = await idOf();
    const refused = await pkgstash("approvals", "approve", id);
    assert(refused.code !== EXIT_CODE.ok);
    assertStringIncludes(refused.err, "--reason");
    await printed(pkgstash("approvals", "approve", id, "--reason", "a security fix"));
    assertStringIncludes(await printed(pkgstash("aur", "show", "lib")), "a security fix");
  });
});

Deno.test("a folder is watched with the contents that were sent", async () => {
  await withDaemon(async (pkgstash) => {
    await inTempFolder(async (folder) => {
      for (const [name, text] of Object.entries(packageFiles("mine", "1"))) {
        await Deno.writeTextFile(`${folder}/${name}`, text);
      }
      const added = await printed(pkgstash("aur", "add", folder));
      assertStringIncludes(added, "waits for approval");
      assertMatch(await printed(pkgstash("approvals")), /mine 1-1/);
    });
  });
});

Deno.test("an AUR URL stands for its package, and the error for any other says what to do", async () => {
  await withDaemon(async (pkgstash) => {
    await printed(pkgstash("aur", "add", "https://aur.archlinux.org/lib.git"));
    assertMatch(await printed(pkgstash("aur")), /^lib /m);
    const { code, err } = await pkgstash("aur", "add", "ssh://git@example.org/x.git");
    assertEquals(code, EXIT_CODE.usage);
    assertStringIncludes(err, "add its folder");
    const other = await pkgstash("aur", "add", "https://example.org/x.git");
    assertEquals(other.code, EXIT_CODE.failure);
    assertStringIncludes(other.err, "no builder is connected to fetch it");
  });
});

Deno.test("lists of packages are read in the formats that other programs print", () => {
  assertEquals(namesInList("yay 12.3.5-1\nlibc++ 18-1\n\n# none\nyay 1\n"), ["yay", "libc++"]);
  assertEquals(namesInList("custom/foo 1-1\nbar\n"), ["foo", "bar"]);
  const ahriman = [{ package: { base: "suite", packages: {} }, status: {} }, { base: "one" }];
  assertEquals(namesInList(JSON.stringify(ahriman)), ["suite", "one"]);
  assertEquals(namesInList("-rf /\n../x\n"), ["x"]);
  assertEquals(namesInList(""), []);
});

Deno.test("a long text is shown screen by screen, until q", async () => {
  const text = Array.from({ length: 10 }, (_, at) => `line ${at}`).join("\n");
  const run = async (keys: (string | null)[]) => {
    const shown: string[] = [];
    const screen = { draw: () => {}, columns: 80, rows: 5 };
    const output = { out: (part: string) => void shown.push(part), err: () => {}, screen };
    await printPaged(text, output, { next: () => Promise.resolve(keys.shift() ?? null) });
    return shown.join("\n").split("\n").length;
  };
  assertEquals([await run([" ", " "]), await run(["q"]), await run([" ", "q"])], [10, 4, 8]);
});

Deno.test("aur settings proposes settings, which are shown as before and after, and approved", async () => {
  await inTempFolder(async (folder) => {
    const patch = `${folder}/note.diff`;
    const conf = `${folder}/makepkg.conf`;
    await Deno.writeTextFile(patch, "--- /dev/null\n+++ b/note\n@@ -0,0 +1 @@\n+mine\n");
    await Deno.writeTextFile(conf, "OPTIONS+=(!lto)\n");
    await withDaemon(async (pkgstash) => {
      await printed(pkgstash("aur", "add", "lib"));
      const idOf = async () => /^([0-9a-f]{16})/m.exec(await printed(pkgstash("approvals")))![1]!;
      await printed(pkgstash("approvals", "approve", await idOf()));
      assertMatch(await printed(pkgstash("aur", "settings", "lib")), /^Network +off$/m);
      const silent = await pkgstash("aur", "settings", "lib", "--network", "on");
      assertEquals(silent.code, EXIT_CODE.usage);
      const options = ["--network", "on", "--env", "A=1", "--env", "B=2", "--makepkg-conf", conf];
      options.push("--reproduce", "on");
      const proposed = await printed(
        pkgstash("aur", "settings", "lib", ...options, "--patch", patch, "--reason", "it must"),
      );
      assertMatch(proposed, /network +off -> on/);
      await printed(
        pkgstash("aur", "settings", "lib", "--env", "B=", "--check", "off", "--reason", "it must"),
      );
      const shown = await printed(pkgstash("approvals", "show", "lib"));
      for (
        const text of [
          /check +on -> off/,
          /variable A +none -> 1/,
          /reproduce +usual -> on/,
          /\+OPTIONS\+=\(!lto\)/,
          /\+\+mine/,
        ]
      ) {
        assertMatch(shown, text);
      }
      assert(!shown.includes("variable B"));
      assertEquals(
        await printed(pkgstash("approvals", "approve", await idOf())),
        "Approved changed settings of lib.\n",
      );
      assertMatch(await printed(pkgstash("aur", "settings", "lib")), /^Network +on$/m);
      assertMatch(
        await printed(pkgstash("aur", "show", "lib")),
        /settings approved by administrator \(network: off -> on, check: on -> off, reproduce: usual -> on, variable A added/,
      );
      const [network] = JSON.parse(await printed(pkgstash("builds", "list", "--json"))).builds;
      const build = JSON.parse(
        await printed(pkgstash("builds", "show", `${network.number}`, "--json")),
      );
      assertEquals(
        [build.settings.network, build.settings.check, build.settings.patches.length],
        [true, false, 1],
      );
      const hostile = await pkgstash(
        ...["aur", "settings", "lib", "--env", "LD_PRELOAD=/x", "--reason", "x"],
      );
      assertEquals(hostile.code, EXIT_CODE.failure);
      assertStringIncludes(hostile.err, "would run code in makepkg itself");
    });
  });
});
