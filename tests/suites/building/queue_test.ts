// From "pkgstash aur add" to "pacman -S", with the daemon's own queue.
import { assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { buildingTest, packageSource } from "../../support/building/build_bed.ts";
import { ChildBuilder } from "../../support/building/child_builder.ts";

buildingTest("what is added and approved is built, published and installed", async (bed) => {
  const { server } = bed;
  const run = async (...args: string[]) => {
    const { code, text } = await server.command(...args);
    assertEquals(code, 0, text);
    return text;
  };
  const folder = join(await bed.bed.newFolder("source"), "small");
  await Deno.mkdir(folder);
  const body = 'package() { install -d "$pkgdir/usr/share/$pkgname"; }';
  for (const [name, text] of Object.entries(packageSource("small", { body }).files)) {
    await Deno.writeTextFile(join(folder, name), text);
  }
  const token = (await run("token", "create", "builder1", "--builder")).trim();
  await run("aur", "add", folder);
  const id = /^([0-9a-f]{8,})\s+small 1\.0-1/m.exec(await run("approvals", "list"))?.[1];
  await run("approvals", "approve", id!, "--reason", "looked at it");
  await using builder = await ChildBuilder.start(
    await bed.bed.newFolder("builder"),
    { url: server.pkgstash.url, keyring: bed.keyring },
    { token },
  );
  await builder.printed(/job ended.*built small-1\.0-1-any/);
  assertMatch(await run("builds", "list"), /small +1\.0-1 .*published/);
  assertMatch(await run("builds", "log", "small"), /Finished making: small 1\.0-1/);
  const client = await bed.bed.client(server.pkgstash, {
    repositories: ["aur"],
    sigLevel: "Required DatabaseRequired TrustedOnly",
    trust: await server.key(),
  });
  await client.run("-Sy", "small");
  assertEquals(await client.run("-Q"), "small 1.0-1\n");
});
