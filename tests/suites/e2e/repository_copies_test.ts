// Repositories that go out to the real repo-add and come back.
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { basename, join } from "@std/path";
import { runCommand } from "../../support/child_process.ts";
import { OwnRepositoryServer } from "../../support/end_to_end/own_repository_server.ts";
import { buildPackages } from "../../support/end_to_end/package_builder.ts";
import { trustedTogether } from "../../support/end_to_end/pacman_client.ts";
import { endToEndTest } from "../../support/end_to_end/test_bed.ts";
import { FakeWebServer } from "../../support/fake_web_server.ts";

const REQUIRED = "Required DatabaseRequired TrustedOnly";

endToEndTest(
  "pacman installs from an exported copy on any web server, with SigLevel Required",
  async (bed) => {
    const server = await OwnRepositoryServer.start(bed);
    await server.run("create", "mine");
    const [lib, app] = await buildPackages([
      { name: "copied-lib", size: 1000 },
      { name: "copied-app", size: 20_000, depends: ["copied-lib"] },
    ]);
    await server.run("add", "mine", lib!.path, app!.path);
    const copy = await bed.newFolder("copy");
    await server.run("export", "mine", copy);
    using web = FakeWebServer.of(copy);
    const client = await bed.client([web.url], {
      repositories: ["mine"],
      sigLevel: REQUIRED,
      trust: await server.key(),
    });
    await client.run("-Sy", "copied-app");
    assertEquals(await client.run("-Q"), "copied-app 1.0-1\ncopied-lib 1.0-1\n");
    await client.run("-Fy");
    assertMatch(await client.run("-F", "usr/share/copied-app/payload"), /mine\/copied-app/);
  },
);

endToEndTest(
  "real repo-add extends an export, and the import of that is installed by pacman",
  async (bed) => {
    const server = await OwnRepositoryServer.start(bed);
    const packager = await bed.signingKey();
    await server.run("create", "mine");
    const [first, second, newer] = await buildPackages([
      { name: "first", size: 1000 },
      { name: "second", size: 1000, depends: ["first"] },
      { name: "first", version: "2.0", size: 1000 },
    ]);
    await server.run("add", "mine", first!.path);
    const copy = await bed.newFolder("copy");
    await server.run("export", "mine", copy);
    for (const { path, file } of [second!, newer!]) {
      await Deno.copyFile(path, join(copy, file));
      await packager.sign(join(copy, file));
    }
    await runCommand([
      ...["repo-add", "--quiet", "--sign", "--key", packager.fingerprint, "mine.db.tar.gz"],
      ...[second!.file, newer!.file],
    ], { cwd: copy, env: { GNUPGHOME: packager.home, LC_ALL: "C.UTF-8" } });
    const list = await runCommand(["bsdtar", "-tf", join(copy, "mine.db")]);
    assertStringIncludes(list, "first-2.0-1/desc");
    assertStringIncludes(list, "second-1.0-1/desc");

    const refused = await server.try("import", "mine", copy);
    assertEquals(refused.code, 1);
    assertMatch(refused.text, /\.sig: .*is not trusted/);
    await server.trust(packager);
    await server.run("import", "mine", copy);
    await server.run("verify", "mine");
    const own = await server.key();
    const client = await bed.client(server.pkgstash, {
      repositories: ["mine"],
      sigLevel: REQUIRED,
      trust: trustedTogether(own, packager),
    });
    await client.run("-Sy", "second");
    assertEquals(await client.run("-Q"), "first 2.0-1\nsecond 1.0-1\n");

    // What somebody else extended is not replaced by the next export.
    const again = await server.try("export", "mine", copy);
    assertEquals(again.code, 1);
    assertMatch(again.text, /mine\.db\.tar\.gz.*--force/s);
    await server.run("export", "mine", copy, "--force");
    await runCommand(["gpg", "--verify", "mine.db.sig", "mine.db"], {
      cwd: copy,
      env: { GNUPGHOME: await importedHome(bed, own) },
    });
  },
);

endToEndTest("databases of every compression that repo-add has are imported", async (bed) => {
  const server = await OwnRepositoryServer.start(bed);
  const built = await buildPackages([
    { name: "one", size: 1000, epoch: 3 },
    { name: "other", size: 1000 },
  ]);
  for (const extension of ["gz", "zst", "xz", "bz2"]) {
    const folder = await bed.newFolder(`made-${extension}`);
    for (const { path, file } of built) await Deno.copyFile(path, join(folder, file));
    await runCommand([
      "repo-add",
      "--quiet",
      `old.db.tar.${extension}`,
      ...built.map((each) => basename(each.file)),
    ], { cwd: folder, env: { LC_ALL: "C.UTF-8" } });
    const name = `from-${extension}`;
    await server.run("create", name);
    await server.run("import", name, folder);
    const { packages } = JSON.parse(await server.run("show", name, "--json"));
    assertEquals(
      packages.map((each: { name: string; version: string }) => `${each.name} ${each.version}`),
      ["one 3:1.0-1", "other 1.0-1"],
    );
    await server.run("verify", name);
  }
});

/** A new GnuPG home that trusts a key. */
async function importedHome(
  bed: Parameters<Parameters<typeof endToEndTest>[1]>[0],
  key: Awaited<ReturnType<OwnRepositoryServer["key"]>>,
): Promise<string> {
  const home = await bed.newFolder("gpg");
  await Deno.chmod(home, 0o700);
  await key.trustIn(home);
  return home;
}
