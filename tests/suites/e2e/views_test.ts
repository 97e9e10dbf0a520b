// Clients that are held at a day, beside others that follow, as pacman sees them.
import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { OwnRepositoryServer } from "../../support/end_to_end/own_repository_server.ts";
import { buildPackages } from "../../support/end_to_end/package_builder.ts";
import { endToEndTest } from "../../support/end_to_end/test_bed.ts";

const REQUIRED = "Required DatabaseRequired TrustedOnly";
const DAY_MS = 24 * 3_600_000;

/** Dates what was published at `path` a day earlier, and returns that day. */
async function moveToYesterday(path: string, key: string): Promise<string> {
  const record = JSON.parse(await Deno.readTextFile(path));
  record[key] -= DAY_MS;
  await Deno.writeTextFile(path, JSON.stringify(record));
  return new Date(record[key]).toISOString().slice(0, 10);
}

endToEndTest(
  "a client held at a day sees old versions of own packages, another new ones",
  async (bed) => {
    const server = await OwnRepositoryServer.start(bed);
    const { pkgstash } = server;
    await server.run("create", "mine");
    const [old, dependency, next] = await buildPackages([
      { name: "app", size: 50_000, depends: ["lib"] },
      { name: "lib", size: 1_000 },
      { name: "app", version: "2.0", size: 50_000 },
    ]);
    await server.run("add", "mine", old!.path, dependency!.path);
    await pkgstash.stop();
    const generations = join(pkgstash.folder, "state/repositories/mine/generations");
    let day = "";
    for (const number of ["00000001", "00000002"]) {
      day = await moveToYesterday(join(generations, number, "generation.json"), "publishedAt");
    }
    await pkgstash.start();
    await server.run("add", "mine", next!.path);
    await server.run("remove", "mine", "lib");
    const options = { repositories: ["mine"], sigLevel: REQUIRED, trust: await server.key() };
    const held = await bed.client(
      [pkgstash.server.replace("$repo", `$repo@${day}`)],
      options,
    );
    const following = await bed.client([pkgstash.server], options);
    await Promise.all([held.run("-Syu", "app"), following.run("-Syu", "app")]);
    assertEquals(await held.run("-Q"), "app 1.0-1\nlib 1.0-1\n");
    assertEquals(await following.run("-Q"), "app 2.0-1\n");
    // The fleet is moved on, and back.
    const configuration = join(held.folder, "pacman.conf");
    const text = await Deno.readTextFile(configuration);
    await Deno.writeTextFile(configuration, text.replace(`@${day}`, ""));
    await held.run("-Syu");
    assertEquals(await held.run("-Q", "app"), "app 2.0-1\n");
    await Deno.writeTextFile(configuration, text);
    await held.run("-Syyuu");
    assertEquals(await held.run("-Q", "app"), "app 1.0-1\n");
    await held.run("-Fy");
  },
);

endToEndTest(
  "a client held at a day sees old versions of mirrored packages, another new ones",
  async (bed) => {
    const key = await bed.signingKey();
    const { core, root } = await bed.repositories(key);
    const mirror = await bed.mirror({ root });
    const [old, next] = await buildPackages([
      { name: "held", size: 50_000 },
      { name: "held", version: "2.0", size: 50_000 },
    ]);
    await core.publish([old!]);
    const pkgstash = await bed.pkgstash([mirror.url()], {
      ...{ keep_snapshots: 30, keep_versions: 0, database_max_age: "0s", refresh_interval: "0" },
    });
    const options = { repositories: ["core"], sigLevel: REQUIRED, trust: key };
    const first = await bed.client([pkgstash.server], options);
    await first.run("-Sy", "held");
    await pkgstash.stop();
    const day = await moveToYesterday(
      join(pkgstash.cacheRoot, ".pkgstash/snapshots/core/os/x86_64/current.json"),
      "publishedAt",
    );
    await core.publish([next!]);
    await Deno.remove(core.path(old!.file));
    await Deno.remove(core.path(`${old!.file}.sig`));
    await pkgstash.start();
    await first.run("-Syu");
    assertEquals(await first.run("-Q", "held"), "held 2.0-1\n");
    const held = await bed.client([pkgstash.server.replace("$repo", `$repo@${day}`)], options);
    await held.run("-Syu", "held");
    assertEquals(await held.run("-Q", "held"), "held 1.0-1\n");
  },
);
