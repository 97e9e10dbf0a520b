import { assertEquals } from "@std/assert";
import { lossesOf } from "../../../src/config/losses.ts";
import { configOf } from "../../support/configuration.ts";

const MIRROR = 'mirror_urls = ["https://mirror.example.org/archlinux/"]\n';

Deno.test("a configuration that only adds and changes loses nothing", async (t) => {
  const cases: [string, string, string][] = [
    ["the same", MIRROR, MIRROR],
    ["other mirrors", MIRROR, MIRROR.replace("mirror.", "other.")],
    ["the first mirrors", "", MIRROR],
    ["a mirrorlist in place of mirrors", MIRROR, 'mirrorlist = "/etc/pacman.d/mirrorlist"\n'],
    ["another repository", "", 'mirrored_repos = ["core", "extra", "multilib", "testing"]\n'],
    ["a further upstream", "", '[upstreams.archlinuxarm]\npreset = "archlinuxarm"\n'],
    ["the first networks", "", 'allowed_networks = ["10.0.0.0/8"]\n'],
  ];
  for (const [name, old, fresh] of cases) {
    await t.step(name, () => assertEquals(lossesOf(configOf(old), configOf(fresh)), []));
  }
});

Deno.test("everything that an emptied file removes is reported, each with its key", () => {
  const old = configOf(
    MIRROR + 'mirrored_repos = ["core", "testing"]\nallowed_networks = ["10.0.0.0/8"]\n' +
      '[upstreams.archlinuxarm]\npreset = "archlinuxarm"\n',
  );
  assertEquals(lossesOf({ ...old, token: "secret" }, { ...configOf(""), token: null }), [
    "PKGSTASH_TOKEN was removed: the API no longer accepts the administrator",
    "allowed_networks was removed: clients from all networks are served",
    "mirror_urls was removed: the default mirrors are used",
    "the main upstream no longer has testing: their clients get 404",
    "[upstreams.archlinuxarm] was removed: its clients get 404",
  ]);
});

Deno.test("a missing mirrorlist is reported too", () => {
  const old = configOf('mirrorlist = "/etc/pacman.d/mirrorlist"\n');
  assertEquals(lossesOf(old, configOf("")), [
    "mirror_urls was removed: the default mirrors are used",
  ]);
});
