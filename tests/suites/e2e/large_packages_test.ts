// Packages that are larger than their decoders once took.
import { assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { runCommand } from "../../support/child_process.ts";
import { OwnRepositoryServer } from "../../support/end_to_end/own_repository_server.ts";
import { endToEndTest } from "../../support/end_to_end/test_bed.ts";

/** Content of many megabytes that shrinks to a few, as a shell writes it. */
const CONTENT =
  "for i in $(seq 1 40); do head -c 60000 /dev/urandom; head -c 4000000 /dev/zero; done";

endToEndTest(
  "xz packages with more than 128 MiB of content are added and verified",
  async (bed) => {
    const server = await OwnRepositoryServer.start(bed);
    await server.run("create", "mine");
    const folder = await bed.newFolder("large");
    const path = join(folder, "large-1.0-1-any.pkg.tar.xz");
    await runCommand([
      "bash",
      "-ec",
      [
        "mkdir -p usr/share/large",
        `(${CONTENT}) > usr/share/large/content`,
        `printf 'pkgname = large\\npkgver = 1.0-1\\narch = any\\n' > .PKGINFO`,
        `bsdtar -cf - .PKGINFO usr | xz -0 -c > ${path}`,
      ].join("\n"),
    ], { cwd: folder });
    await server.run("add", "mine", path);
    assertMatch(await server.run("verify", "mine"), /1 package read, .*: no damage found/);
    assertMatch(await server.run("rebuild", "mine"), /no differences/);
    const { packages } = JSON.parse(await server.run("show", "mine", "--json"));
    assertEquals(packages.length, 1);
  },
);
