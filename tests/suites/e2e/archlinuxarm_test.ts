// A real mirror of Arch Linux ARM, with real packages, beside the main distribution.
import { assertEquals, assertGreater } from "@std/assert";
import { assertDownloaded } from "../../support/end_to_end/assert_downloaded.ts";
import { endToEndTest } from "../../support/end_to_end/test_bed.ts";
import { fileDigest } from "../../support/end_to_end/file_digest.ts";
import { copyRealMirror, realMirrorExists } from "../../support/end_to_end/real_mirror.ts";

const ignore = !realMirrorExists();
const reason = ignore ? " (ignored: ../shared/data/mirror-armv7h is missing)" : "";
const REPOSITORIES = ["core", "extra", "alarm", "aur"];

endToEndTest(`Arch Linux ARM works beside Arch Linux, with real packages${reason}`, async (bed) => {
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
        await fileDigest(client.database(`${name}.db`)),
        await fileDigest(`${arm}/armv7h/${name}/${name}.db.tar.gz`),
      );
    }
    // pacman compares each with its database; most of what they depend on is not in this part.
    await client.run("-Swdd", ...packages.map(({ name }) => name));
    await assertDownloaded(client, ...packages);
  }
  assertGreater(packages.length, 0);
  assertEquals((await armMirror.packageRequests()).length, packages.length);

  // Both have a repository "core": neither is taken for the other.
  const other = await bed.client(pkgstash);
  await other.run("-Sy", "app");
  assertEquals(await other.run("-Q"), "app 1.0-1\nbase-files 1.0-1\nlibcore 1.0-1\n");
}, { ignore });
