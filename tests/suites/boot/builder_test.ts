// The installed builder under its unit, in a system booted with the real systemd. Needs root.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { basePackages } from "../../support/building/base_packages.ts";
import { packageSource } from "../../support/building/build_bed.ts";
import { runCommand } from "../../support/child_process.ts";
import { PackageRepository } from "../../support/end_to_end/package_repository.ts";
import { TestBed } from "../../support/end_to_end/test_bed.ts";
import {
  BUILDER_SERVICE,
  InstalledService,
  SERVICE,
} from "../../support/machine/installed_service.ts";
import { until } from "../../support/until.ts";

const CONFIGURATION = "etc/pkgstash-builder/pkgstash-builder.toml";
const TOKEN = "etc/pkgstash-builder/token";
const KEYRING = "etc/pacman.d/gnupg";

Deno.test("the installed builder works in a booted system", async (t) => {
  await using bed = await TestBed.create();
  const key = await bed.signingKey();
  const tree = await bed.newFolder("tree");
  await PackageRepository.create(tree, "core", await basePackages(), key);
  const mirror = await bed.mirror({ root: tree });
  await using service = await InstalledService.boot({ withBuilder: true });
  const { machine, root } = service;
  await root.write(`${KEYRING}/.keep`, "");
  await Deno.chmod(root.path(KEYRING), 0o755);
  await key.trustIn(root.path(KEYRING));
  await runCommand(["chmod", "-R", "a+rX", root.path(KEYRING)]);
  await service.configure(`mirror_urls = ["${mirror.url()}"]`, 'mirrored_repos = ["core"]');
  await service.systemctl("start", SERVICE);

  /** As an administrator types it in the machine. */
  const pkgstash = (line: string) => {
    const url = `PKGSTASH_URL=${service.url}`;
    return machine.run(
      ...["bash", "-c", `cd /root; set -a; . /etc/pkgstash/pkgstash.env; ${url}; pkgstash ${line}`],
    );
  };
  const builder = (name: string) => machine.property(BUILDER_SERVICE, name);
  const journal = () => machine.journal(BUILDER_SERVICE);

  /** A step that all later ones depend on. */
  const step = async (name: string, run: () => Promise<void>) => {
    if (await t.step(name, run)) return;
    throw new Error(`The journal of ${BUILDER_SERVICE}:\n${await journal()}`);
  };

  /** Watches and approves a package of the machine with this build(). */
  async function add(name: string, build: string): Promise<void> {
    const body = `build() { ${build}; }\n` +
      'package() { install -Dm644 /dev/null "$pkgdir/usr/share/$pkgname/made"; }';
    for (const [file, text] of Object.entries(packageSource(name, { body }).files)) {
      await root.write(`root/${name}/${file}`, text);
    }
    await pkgstash(`aur add ./${name}`);
    const id = new RegExp(`^([0-9a-f]{16}) +${name} `, "m").exec(await pkgstash("approvals"))?.[1];
    await pkgstash(`approvals approve ${id} --reason looked`);
  }

  await step("without a token it does not start, and says what to do", async () => {
    assertEquals((await machine.try("systemctl", "start", BUILDER_SERVICE)).code, 1);
    assertMatch(await journal(), /token: found no token, expected the token that .*--builder/);
    await service.systemctl("reset-failed", BUILDER_SERVICE);
  });

  await step("with a token, it finds the machine fit, with subordinate IDs", async () => {
    await pkgstash(`token create builder1 --builder >/${TOKEN}`);
    const shipped = await root.read(CONFIGURATION);
    await root.write(CONFIGURATION, `url = "${service.url}"\nroot_base = "host"\n${shipped}`);
    await service.systemctl("enable", "--now", BUILDER_SERVICE);
    assertEquals(await builder("ActiveState"), "active");
    const log = await journal();
    for (
      const what of [
        "user namespaces: with subordinate IDs",
        "bubblewrap: a sandbox without network starts",
        "overlays: this user can mount them",
        "keyring: /etc/pacman.d/gnupg",
      ]
    ) assertMatch(log, new RegExp(`^ok +${what}`, "m"));
    assert(!/^FAILURE /m.test(log), log);
  });

  await step(
    "it runs as an ordinary user with a system call filter and few capabilities",
    async () => {
      const status = await machine.run("cat", `/proc/${await builder("MainPID")}/status`);
      const uid = (await machine.run("id", "-u", "pkgstash-builder")).trim();
      assertMatch(status, new RegExp(`^Uid:(\\t${uid}){4}$`, "m"));
      assertMatch(status, /^CapEff:\t0{16}$/m);
      // What newuidmap needs, and nothing else.
      assertMatch(status, /^CapBnd:\t00000000000000c0$/m);
      assertMatch(status, /^Seccomp:\t2$/m);
    },
  );

  await step("it builds what is approved, and a client installs it", async () => {
    await add("small", "cat /usr/share/made-base/scriptlet");
    await until(
      "the package is published",
      async () => {
        const list = await pkgstash("builds list");
        assert(!/small .*(failed|held)/.test(list), list);
        return /small +1\.0-1 .*published/.test(list);
      },
      120_000,
    );
    assertMatch(await pkgstash("builds log small"), /^installed by 0$/m);
    const client = await bed.client([`${service.url}$repo/os/$arch`], {
      repositories: ["aur"],
      sigLevel: "Never",
    });
    await client.run("-Sy", "small");
    assertEquals(await client.run("-Q"), "small 1.0-1\n");
  });

  await step(
    "a stop ends a running build with its processes, and returns it to the queue",
    async () => {
      await add("endless", "sleep 987654");
      const running = async () => (await machine.try("pgrep", "-f", "sleep 98765[4]")).code === 0;
      await until("it runs", running, 120_000);
      await service.systemctl("stop", BUILDER_SERVICE);
      assertEquals(await builder("Result"), "success");
      assertEquals(await running(), false);
      assertMatch(await pkgstash("builds list"), /endless +1\.0-1 .*waiting/);
      await pkgstash("builds cancel endless --reason tested");
    },
  );

  await step("removing the package stops and disables it, and keeps its state", async () => {
    await service.systemctl("start", BUILDER_SERVICE);
    const scriptlet = await service.installScript("pkgstash-builder");
    await machine.run("bash", "-c", `${scriptlet}\npre_remove`);
    await root.pacman("-R", "pkgstash-builder");
    await machine.run("bash", "-c", `${scriptlet}\npost_remove`);
    assertEquals((await machine.try("systemctl", "cat", BUILDER_SERVICE)).code, 1);
    assertStringIncludes(await machine.run("ls", "/var/lib/pkgstash-builder"), "roots-");
  });
});
