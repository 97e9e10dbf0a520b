// From "pkgstash aur add" to "pacman -S", with the daemon's own queue.
import { assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { laterLibrary } from "../../support/building/base_packages.ts";
import { buildingTest, packageSource } from "../../support/building/build_bed.ts";
import { GitServer } from "../../support/building/git_server.ts";
import { QueueBed } from "../../support/building/queue_bed.ts";
import { until } from "../../support/until.ts";

buildingTest(
  "a package that is added and approved is built, published and installed",
  async (bed) => {
    await using queue = await QueueBed.open(bed);
    const body = 'package() { install -d "$pkgdir/usr/share/$pkgname"; }';
    await queue.addFolder(packageSource("small", { body }));
    await queue.approve("small 1.0-1");
    await queue.builder.printed(/job ended.*built small-1\.0-1-any/);
    assertMatch(await queue.run("builds", "list"), /small +1\.0-1 .*published/);
    assertMatch(await queue.run("builds", "log", "small"), /Finished making: small 1\.0-1/);
    const client = await queue.client();
    await client.run("-Sy", "small");
    assertEquals(await client.run("-Q"), "small 1.0-1\n");
  },
);

buildingTest("a package is rebuilt when a library comes in another version", async (bed) => {
  await using queue = await QueueBed.open(bed);
  // A program that is linked with what the root has of the library.
  const body =
    'package() { install -Dm755 /usr/share/made-library/program "$pkgdir/usr/bin/app"; }';
  const source = packageSource("app", { fields: { depends: ["libmade.so"] }, body });
  source.files["PKGBUILD"] = source.files["PKGBUILD"]!.replace("arch=(any)", "arch=(x86_64)");
  source.files[".SRCINFO"] = source.files[".SRCINFO"]!.replace("arch = any", "arch = x86_64");
  await queue.addFolder(source);
  await queue.approve("app 1.0-1");
  await queue.builder.printed(/job ended.*built app-1\.0-1-x86_64/);
  const client = await queue.client(["aur", "core"]);
  await client.run("-Sy", "app");
  assertMatch(await client.run("-Qi", "app"), /libmade\.so=1-64/);
  await bed.core.publish([await laterLibrary(await bed.bed.newFolder("later"), 2)]);
  await queue.run("refresh");
  await queue.builder.printed(/job ended.*built app-1\.0-1\.1-x86_64/);
  const reason = /no repository has libmade\.so=1-64 any more, but libmade\.so=2-64/;
  assertMatch(await queue.run("builds", "show", "app"), reason);
  assertMatch(await queue.run("events"), /Rebuild a package/);
  await client.run("-Syu");
  assertEquals(await client.run("-Q"), "app 1.0-1.1\nmade-library 2.0-1\n");
  assertMatch(await client.run("-Qi", "app"), /libmade\.so=2-64/);
});

buildingTest(
  "a package that follows a repository is rebuilt when that has a new commit",
  async (bed) => {
    await using upstream = await GitServer.start();
    await upstream.commit({ "file.txt": "one\n" });
    await using queue = await QueueBed.open(bed);
    const source = packageSource("made-git", {
      fields: { source: [`made::git+${upstream.url}`], sha256sums: ["SKIP"] },
      body: `pkgver() { cd made; printf '1.0.r%s' "$(git rev-list --count HEAD)"; }
package() { install -Dm644 made/file.txt "$pkgdir/usr/share/made/file"; }`,
    });
    await queue.addFolder(source);
    await queue.approve("made-git 1.0-1");
    await queue.builder.printed(/checked a git repository.*made\.git/);
    await queue.builder.printed(/job ended.*built made-git-1\.0\.r1-1-any/);
    await queue.run("aur", "check");
    await upstream.commit({ "file.txt": "two\n" });
    await queue.run("aur", "check");
    await queue.builder.printed(/job ended.*built made-git-1\.0\.r2-1-any/);
    const reason = /moved from [0-9a-f]{10} to [0-9a-f]{10}/;
    assertMatch(await queue.run("builds", "show", "made-git"), reason);
    // No build was wasted.
    assertEquals((await queue.run("builds", "list")).match(/made-git/g)?.length, 2);
    const client = await queue.client();
    await client.run("-Sy", "made-git");
    assertEquals(await client.run("-Q"), "made-git 1.0.r2-1\n");
  },
);

buildingTest("a git repository that holds a package source is watched", async (bed) => {
  await using repository = await GitServer.start();
  const body = 'package() { install -d "$pkgdir/usr/share/$pkgname"; }';
  const { files } = packageSource("elsewhere", { body });
  await repository.commit(files);
  await using queue = await QueueBed.open(bed);
  const adding = ["aur", "add", `${repository.url}#branch=main`];
  await until(
    "a builder asks for looks, and has fetched it",
    async () => (await bed.server.command(...adding)).code === 0,
    120_000,
  );
  await queue.approve("elsewhere 1.0-1");
  await queue.builder.printed(/job ended.*built elsewhere-1\.0-1-any/);
  // What was pushed there waits like any other change.
  await repository.commit({ PKGBUILD: `${files["PKGBUILD"]}\n# a comment\n` });
  await queue.run("aur", "check");
  await queue.builder.printed(/checked a git repository.*checked a git repository/s);
  assertMatch(await queue.run("approvals", "list"), /elsewhere 1\.0-1/);
  assertMatch(await queue.run("aur", "show", "elsewhere"), /Source +http:.*#branch=main/);
});

buildingTest(
  "approved settings and patches reach the build, and nothing before that",
  async (bed) => {
    await using queue = await QueueBed.open(bed);
    const body = `check() { false; }
package() {
  install -d "$pkgdir/usr/share/$pkgname"
  echo "mark=$MARK conf=$CONF_MARK net=$(wc -l < /proc/net/dev)" > "$pkgdir/usr/share/$pkgname/made"
  cp "$startdir/PKGBUILD" "$pkgdir/usr/share/$pkgname/pkgbuild"
}`;
    const source = packageSource("tuned", { body });
    await queue.addFolder(source);
    await queue.approve("tuned 1.0-1");
    await queue.builder.printed(/job ended.*test_failure|job ended.*failed/);
    assertMatch(await queue.run("approvals"), /tuned 1\.0-1 for any +failed: /);

    const folder = await bed.bed.newFolder("settings");
    const lines = source.files["PKGBUILD"]!.split("\n");
    const patch = `--- a/PKGBUILD\n+++ b/PKGBUILD\n@@ -1,1 +1,2 @@\n+# patched\n ${lines[0]}\n`;
    await Deno.writeTextFile(join(folder, "mark.diff"), patch);
    await Deno.writeTextFile(join(folder, "makepkg.conf"), "export CONF_MARK=fragment\n");
    await queue.run(
      ...["aur", "settings", "tuned", "--check", "off", "--env", "MARK=approved"],
      ...["--makepkg-conf", join(folder, "makepkg.conf"), "--patch", join(folder, "mark.diff")],
      ...["--reason", "its tests fail here"],
    );
    assertEquals(
      (await queue.run("builds", "list", "--state", "published")).includes("tuned"),
      false,
    );
    await queue.approve("tuned settings");
    await queue.builder.printed(/job ended.*built tuned-1\.0-1-any/);
    const client = await queue.client();
    await client.run("-Sy", "tuned");
    const made = await Deno.readTextFile(client.installed("usr/share/tuned/made"));
    assertMatch(made, /^mark=approved conf=fragment net=3$/m);
    assertMatch(
      await Deno.readTextFile(client.installed("usr/share/tuned/pkgbuild")),
      /^# patched$/m,
    );
    assertMatch(
      await queue.run("aur", "show", "tuned"),
      /settings approved .*its tests fail here|looked/,
    );
  },
);
