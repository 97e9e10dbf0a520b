// Repositories of one's own, as pacman uses them.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { delay } from "@std/async/delay";
import { join } from "@std/path";
import { OwnRepositoryServer } from "../../support/end_to_end/own_repository_server.ts";
import { buildPackages } from "../../support/end_to_end/package_builder.ts";
import { trustedTogether } from "../../support/end_to_end/pacman_client.ts";
import { endToEndTest, type TestBed } from "../../support/end_to_end/test_bed.ts";
import { runCommand } from "../../support/child_process.ts";

const REQUIRED = "Required DatabaseRequired TrustedOnly";

/** A server with the repository "mine", and a client that trusts its key. */
async function prepare(bed: TestBed) {
  const server = await OwnRepositoryServer.start(bed);
  await server.run("create", "mine");
  const newClient = async () =>
    await bed.client(server.pkgstash, {
      repositories: ["mine"],
      sigLevel: REQUIRED,
      trust: await server.key(),
    });
  return { server, newClient };
}

endToEndTest("pacman installs, upgrades and downgrades with SigLevel Required", async (bed) => {
  const { server, newClient } = await prepare(bed);
  const [lib, app, newer] = await buildPackages([
    { name: "own-lib", size: 1000 },
    { name: "own-app", size: 200_000, depends: ["own-lib"] },
    { name: "own-app", version: "2.0", size: 200_000, depends: ["own-lib"] },
  ]);
  const client = await newClient();
  await client.run("-Sy");
  await server.run("add", "mine", lib!.path, app!.path);
  await client.run("-Sy", "own-app");
  assertEquals(await client.run("-Q"), "own-app 1.0-1\nown-lib 1.0-1\n");
  await server.run("add", "mine", newer!.path);
  await client.run("-Syu");
  assertEquals(await client.run("-Q"), "own-app 2.0-1\nown-lib 1.0-1\n");
  const refused = await server.try("remove", "mine", "own-lib");
  assertEquals(refused.code, 1);
  assertMatch(refused.text, /own-app needs own-lib/);
  await server.run("rollback", "mine", "2");
  await client.run("-Syuu");
  assertEquals(await client.run("-Q"), "own-app 1.0-1\nown-lib 1.0-1\n");
  await client.run("-Fy");
  assertMatch(await client.run("-F", "usr/share/own-app/payload"), /mine\/own-app 1\.0-1/);
  const stranger = await bed.client(server.pkgstash, {
    repositories: ["mine"],
    sigLevel: REQUIRED,
    trust: await bed.signingKey(),
  });
  assert((await stranger.try("-Sy")).code !== 0, "a client without the key refuses everything");
});

endToEndTest("clients that sync during 20 publications never see an error", async (bed) => {
  const { server, newClient } = await prepare(bed);
  const versions = await buildPackages(
    Array.from({ length: 20 }, (_, index) => ({
      name: "moving",
      version: `${index + 1}`,
      size: 20_000,
    })),
  );
  await server.run("add", "mine", versions[0]!.path);
  let isDone = false;
  let syncs = 0;
  const sync = async () => {
    const client = await newClient();
    while (!isDone) {
      await client.run("-Syu", "moving");
      syncs++;
    }
    await client.run("-Syu", "moving");
    assertEquals(await client.run("-Q"), "moving 20-1\n");
  };
  const publish = async () => {
    for (const { path } of versions.slice(1)) await server.run("add", "mine", path);
    isDone = true;
  };
  await Promise.all([sync(), sync(), publish()]);
  assert(syncs > 4, `only ${syncs} syncs`);
});

endToEndTest("after kill -9 at any moment of an upload, a whole set is served", async (bed) => {
  const { server, newClient } = await prepare(bed);
  const names = Array.from({ length: 20 }, (_, index) => `many-${index}`);
  const sets = await Promise.all(
    ["1.0", "2.0"].map((version) =>
      buildPackages(names.map((name) => ({ name, version, size: 5_000 })))
    ),
  );
  const paths = sets.map((set) => set.map(({ path }) => path));
  await server.run("add", "mine", ...paths[0]!);
  let published = 0;
  for (let attempt = 0; attempt < 12; attempt++) {
    const adding = server.try("add", "mine", "--downgrade", ...paths[(attempt + 1) % 2]!);
    await delay(attempt * 60);
    await server.pkgstash.kill();
    const { code } = await adding;
    await server.pkgstash.start();
    const { packages } = JSON.parse(await server.run("show", "mine", "--json"));
    const found = new Set(packages.map(({ version }: { version: string }) => version));
    assertEquals([found.size, packages.length], [1, 20], `attempt ${attempt}`);
    const wanted = attempt % 2 === 0 ? "2.0-1" : "1.0-1";
    if (code === 0) assert(found.has(wanted), "what was reported as published is published");
    if (found.has(wanted)) published++;
    // Whatever it is, the next attempt begins with the other set.
    await server.run("add", "mine", "--downgrade", ...paths[(attempt + 1) % 2]!);
  }
  const client = await newClient();
  await client.run("-Sy", ...names);
  assert(published < 12, "some uploads were interrupted");
});

endToEndTest("real repo-add reads and extends what is served", async (bed) => {
  const { server } = await prepare(bed);
  const [one, other] = await buildPackages([
    { name: "one", size: 1000, epoch: 2 },
    { name: "other", size: 1000 },
  ]);
  await server.run("add", "mine", one!.path);
  const folder = await bed.newFolder("copy");
  for (const kind of ["db", "files"]) {
    const response = await fetch(`${server.pkgstash.url}mine/os/x86_64/mine.${kind}.tar.gz`);
    await Deno.writeFile(join(folder, `mine.${kind}.tar.gz`), response.body!);
  }
  await runCommand(["repo-add", "--quiet", join(folder, "mine.db.tar.gz"), other!.path]);
  const list = await runCommand(["tar", "-tzf", join(folder, "mine.db.tar.gz")]);
  assertEquals(list.split("\n").filter((name) => name.endsWith("/desc")).toSorted(), [
    "one-2:1.0-1/desc",
    "other-1.0-1/desc",
  ]);
});

endToEndTest("packages that are signed already keep their signatures", async (bed) => {
  const { server } = await prepare(bed);
  const packager = await bed.signingKey();
  const [built] = await buildPackages([{ name: "signed", size: 1000 }]);
  const folder = await bed.newFolder("signed");
  const path = join(folder, built!.file);
  await Deno.copyFile(built!.path, path);
  await packager.sign(path);
  const refused = await server.try("add", "mine", path);
  assertMatch(
    refused.text,
    /signed-.*\.sig: Cannot accept the signature: the key .* is not trusted/,
  );
  await server.trust(packager);
  await server.run("add", "mine", path);
  const response = await fetch(`${server.pkgstash.url}mine/os/x86_64/${built!.file}.sig`);
  assertEquals(await response.bytes(), await Deno.readFile(`${path}.sig`));
  await server.run("verify", "mine");
  const own = await server.key();
  const pacman = await bed.client(server.pkgstash, {
    repositories: ["mine"],
    sigLevel: REQUIRED,
    trust: trustedTogether(own, packager),
  });
  await pacman.run("-Sy", "signed");
});
