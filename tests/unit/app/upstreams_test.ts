import { assertEquals } from "@std/assert";
import { FakeMirror } from "../../support/fake_mirror.ts";
import { packageBytes } from "../../support/package_bytes.ts";
import { TestApp } from "../../support/test_app.ts";

const NAME = "foo-1-1-aarch64.pkg.tar.xz";
const bytes = new Uint8Array([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, ...packageBytes(5000, 1)]);

Deno.test("a preset is served at its client path and fetched in its mirrors' layout", async () => {
  await using mirror = await FakeMirror.start();
  await using app = await TestApp.start({
    tables: () =>
      `[upstreams.archlinuxarm]\npreset = "archlinuxarm"\nmirror_urls = ["${mirror.url}"]\n`,
  });
  mirror.put(`/aarch64/core/${NAME}`, bytes);
  const path = `/archlinuxarm/aarch64/core/${NAME}`;
  const { status, body } = await app.warm(path);
  assertEquals([status, body], [200, bytes]);
  assertEquals((await app.get(path)).headers.get("x-cache"), "HIT");
  assertEquals((await app.get(`/cache/${NAME}`)).body, bytes);
  const packages = mirror.requests.map(({ path }) => path).filter((path) => !path.endsWith(".db"));
  assertEquals(packages, [`/aarch64/core/${NAME}`]);
  assertEquals(app.count(), 0);
});

Deno.test("repositories of the same name in two upstreams are separate", async () => {
  await using mirror = await FakeMirror.start();
  await using app = await TestApp.start({
    tables: () => `[upstreams.manjaro]\npreset = "manjaro"\nmirror_urls = ["${mirror.url}"]\n`,
  });
  const name = "foo-1-1-any.pkg.tar.zst";
  app.put(`/core/os/x86_64/${name}`, packageBytes(1000, 1));
  mirror.put(`/stable/core/x86_64/${name}`, packageBytes(2000, 2));
  assertEquals((await app.warm(`/core/os/x86_64/${name}`)).body, packageBytes(1000, 1));
  assertEquals((await app.warm(`/manjaro/stable/core/x86_64/${name}`)).body, packageBytes(2000, 2));
  assertEquals((await app.get(`/core/os/x86_64/${name}`)).body, packageBytes(1000, 1));
});

Deno.test("a mirror URL may contain $repo and $arch in any order", async () => {
  await using mirror = await FakeMirror.start();
  await using app = await TestApp.start({
    tables: () =>
      `[upstreams.other]\nmirror_urls = ["${mirror.url}pool/$arch/$repo"]\n` +
      `mirrored_repos = ["aur"]\n`,
  });
  const name = "foo-1-1-any.pkg.tar.zst";
  mirror.put(`/pool/x86_64/aur/${name}`, packageBytes(1000, 1));
  assertEquals((await app.get(`/other/aur/os/x86_64/${name}`)).body, packageBytes(1000, 1));
});
