// A rotation of the signing key, as pacman sees it.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { OwnRepositoryServer } from "../../support/end_to_end/own_repository_server.ts";
import { buildPackages } from "../../support/end_to_end/package_builder.ts";
import { endToEndTest } from "../../support/end_to_end/test_bed.ts";

const REQUIRED = "Required DatabaseRequired TrustedOnly";

endToEndTest(
  "clients never see an error across a rotation, and then need the new key alone",
  async (bed) => {
    const server = await OwnRepositoryServer.start(bed);
    await server.run("create", "mine");
    const names = Array.from({ length: 40 }, (_, index) => `pkg-${index}`);
    const packages = await buildPackages(names.map((name) => ({ name, size: 20_000 })));
    await server.run("add", "mine", ...packages.map(({ path }) => path));
    const clientOf = async () =>
      await bed.client(server.pkgstash, {
        repositories: ["mine"],
        sigLevel: REQUIRED,
        trust: await server.key(),
      });
    const former = await clientOf();
    const [first] = JSON.parse((await server.command("key", "show", "--json")).text).keys;

    const rotated = await server.command("key", "rotate", "--overlap", "4s", "--json");
    const second = JSON.parse(rotated.text).fingerprint;
    // All clients import the new key during the overlap, as they are told to.
    await (await server.key()).trustIn(join(former.folder, "gpg"));
    const late = await clientOf();
    const isSignedAgain = async () => {
      const { generations } = JSON.parse(await server.run("history", "mine", "--json"));
      const [latest] = generations;
      return latest.action === `sign with ${second}`;
    };
    let syncs = 0;
    const sync = async (client: typeof former) => {
      for (let isLast = false; !isLast;) {
        isLast = await isSignedAgain();
        await client.run("-Syy");
        await client.run("-S", ...names);
        await client.run("-Scc");
        syncs++;
      }
    };
    await Promise.all([sync(former), sync(late)]);
    assert(syncs >= 4, `only ${syncs} syncs`);
    // All of it is on disk: a crash right after it loses nothing.
    await server.pkgstash.kill();
    await server.pkgstash.start();
    assertMatch(await server.run("verify", "mine"), /: no damage found/);

    const refused = await server.command("key", "retire", first.fingerprint);
    assertMatch(refused.text, /generations 1, 2 of mine, which views show/);
    const retired = await server.command("key", "retire", first.fingerprint, "--force");
    assertEquals(retired.code, 0, retired.text);
    // One that knows the new key alone.
    const fresh = await clientOf();
    await fresh.run("-Sy", ...names);
    assertEquals((await fresh.run("-Q")).trim().split("\n").length, names.length);
  },
);
