// Arch Linux ARM as a second upstream, with real packages from a real mirror.
import { assertEquals, assertGreater } from "@std/assert";
import { assertDownloaded } from "../../support/end_to_end/assert_downloaded.ts";
import { endToEndTest } from "../../support/end_to_end/test_bed.ts";
import { copyRealMirror, realMirrorExists } from "../../support/end_to_end/real_mirror.ts";
import { sha256OfFile } from "../../support/sha256.ts";

const ignore = !realMirrorExists();
const reason = ignore ? " (ignored: ../shared/data/mirror-armv7h is missing)" : "";
const REPOSITORIES = ["core", "extra", "alarm", "aur"];

endToEndTest(
  `Arch Linux ARM is served beside Arch Linux, with real packages${reason}`,
  async (bed) => {
    const arm = await bed.newFolder("arm");
    const packages = await copyRealMirror(arm);
    const armMirror = await bed.mirror({ root: arm });
    const repositories = await bed.repositories();
    const mainMirror = await bed.mirror({ root: repositories.root });
    const pkgstash = await bed.pkgstash([mainMirror.url()], {
      upstreams: {
        archlinuxarm: {
          mirror_urls: [armMirror.url()],
          mirrored_repos: REPOSITORIES,
          architectures: ["armv7h"],
          upstream_layout: "$arch/$repo",
          client_path: "archlinuxarm/$arch/$repo",
        },
      },
    });
    for (let i = 0; i < 2; i++) {
      const client = await bed.client([`${pkgstash.url}archlinuxarm/$arch/$repo`], {
        architecture: "armv7h",
        repositories: REPOSITORIES,
      });
      await client.run("-Sy");
      for (const name of REPOSITORIES) {
        assertEquals(
          await sha256OfFile(client.database(`${name}.db`)),
          await sha256OfFile(`${arm}/armv7h/${name}/${name}.db.tar.gz`),
        );
      }
      // pacman verifies each package; -dd, because most of their dependencies are not in the excerpt.
      await client.run("-Swdd", ...packages.map(({ name }) => name));
      await assertDownloaded(client, ...packages);
    }
    assertGreater(packages.length, 0);
    assertEquals((await armMirror.packageRequests()).length, packages.length);

    // Both distributions have a repository "core".
    const other = await bed.client(pkgstash);
    await other.run("-Sy", "app");
    assertEquals(await other.run("-Q"), "app 1.0-1\nbase-files 1.0-1\nlibcore 1.0-1\n");
  },
  { ignore },
);
