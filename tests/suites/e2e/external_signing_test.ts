// A repository whose key is on another machine, with real gpg and pacman.
import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { join } from "@std/path";
import { runCommand } from "../../support/child_process.ts";
import { OwnRepositoryServer } from "../../support/end_to_end/own_repository_server.ts";
import { buildPackages } from "../../support/end_to_end/package_builder.ts";
import { endToEndTest } from "../../support/end_to_end/test_bed.ts";

const REQUIRED = "Required DatabaseRequired TrustedOnly";

endToEndTest("pacman installs what gpg has signed elsewhere, and nothing before", async (bed) => {
  const key = await bed.signingKey();
  const signer = { env: { GNUPGHOME: key.home } };
  const server = await OwnRepositoryServer.start(bed);
  await server.trust(key);
  await server.run("create", "mine", "--signing", "external");

  /** Does what `repo sign` prints, on the machine of the signer. */
  const signAsPrinted = async (): Promise<string> => {
    const folder = await bed.newFolder("signer");
    const listing = await server.run("sign", "mine");
    const commands = listing.split("\n").filter((line) => /^ {2}(?:curl|gpg) /.test(line));
    const run = `cd '${folder}'\n${commands.join("\n").replaceAll("gpg ", "gpg --batch --quiet ")}`;
    await runCommand(["sh", "-ec", run], signer);
    const names = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
    const signatures = names.filter((name) => name.endsWith(".sig")).map((name) =>
      join(folder, name)
    );
    return await server.run("sign", "mine", ...signatures);
  };

  assertMatch(await signAsPrinted(), /Published generation 1 of mine/);
  const client = await bed.client(server.pkgstash, {
    repositories: ["mine"],
    sigLevel: REQUIRED,
    trust: key,
  });
  await client.run("-Sy");
  const [one, two] = await buildPackages([
    { name: "one", size: 50_000 },
    { name: "two", size: 50_000 },
  ]);
  const added = await server.run("add", "mine", one!.path, two!.path);
  assertMatch(added, /To publish, sign 4 files of mine: pkgstash repo sign mine/);
  await client.run("-Sy");
  assertNotEquals((await client.try("-S", "one")).code, 0);
  // What waits, and what is signed of it, outlives a crash.
  await server.pkgstash.kill();
  await server.pkgstash.start();
  assertMatch(await signAsPrinted(), /Published generation 2 of mine/);
  await client.run("-Sy", "one", "two");
  assertEquals(await client.run("-Q"), "one 1.0-1\ntwo 1.0-1\n");
  assertMatch(await server.run("sign", "mine"), /Nothing in mine needs a signature/);
  assertMatch(await server.run("verify", "mine"), /: no damage found/);
});
