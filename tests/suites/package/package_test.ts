// The package, built by the real makepkg and installed by the real pacman. Needs root.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import manifest from "../../../deno.json" with { type: "json" };
import { runCommand } from "../../support/child_process.ts";
import { BuiltPackage } from "../../support/machine/built_package.ts";
import { MachineRoot } from "../../support/machine/machine_root.ts";
import { BUILDER_FILES, FILES, modesIn } from "./package_files.ts";

const TOML = "etc/pkgstash/pkgstash.toml";
const ENV = "etc/pkgstash/pkgstash.env";

let built!: BuiltPackage;
Deno.test.beforeAll(async () => void (built = await BuiltPackage.build()));
Deno.test.afterAll(() => built?.[Symbol.asyncDispose]());

Deno.test("the packages have exactly these files with these modes, all owned by root", async () => {
  for (
    const [file, expected] of [[built.file, FILES], [built.builderFile, BUILDER_FILES]] as const
  ) {
    assertEquals(await modesIn(file), expected);
  }
});

Deno.test("the package's metadata has the version of deno.json, the licence and both backup files", async () => {
  const text = await runCommand(["bsdtar", "-xOf", built.file, ".PKGINFO"]);
  const lines = text.split("\n").filter((line) => !/^#|^(?:builddate|size|packager) /.test(line));
  assertEquals(lines.filter((line) => line !== ""), [
    "pkgname = pkgstash",
    "pkgbase = pkgstash",
    `pkgver = ${manifest.version}-1`,
    "pkgdesc = Sparse caching mirror for pacman",
    "url = ",
    "arch = x86_64",
    "license = GPL-2.0-only",
    "backup = etc/pkgstash/pkgstash.toml",
    "backup = etc/pkgstash/pkgstash.env",
    "depend = gcc-libs",
    "depend = glibc",
    "optdepend = nginx: for TLS in front of it",
    "optdepend = pkgstash-builder: to build packages of the AUR",
    "makedepend = deno",
  ]);
});

Deno.test("the package can be installed, upgraded and removed without losing the user's files", async (t) => {
  await using machine = await MachineRoot.create();
  const token = async () => /^PKGSTASH_TOKEN=(.*)$/m.exec(await machine.read(ENV))?.[1];
  let first: string | undefined;

  await t.step(
    "installing creates a strong token for root and the service, and prints where it is",
    async () => {
      const said = await machine.install(built.file);
      assertStringIncludes(said, `It is in /${ENV}`);
      first = await token();
      assertMatch(first!, /^[0-9a-f]{64}$/);
      assert(!said.includes(first!));
      const status = await machine.run("stat", "-c", "%a %U %G", `/${ENV}`, "/var/cache/pkgstash");
      assertEquals(status, "640 root pkgstash\n750 pkgstash pkgstash\n");
    },
  );

  await t.step("the installed binary knows its commit and reads the installed files", async () => {
    const commit = await runCommand(["git", "rev-parse", "--short=12", "HEAD"]);
    assertStringIncludes(
      await machine.run("pkgstash", "--version"),
      `pkgstash ${manifest.version} (commit ${commit.trim()}, Deno `,
    );
    const effective = await machine.run("pkgstash", "check-config");
    assertStringIncludes(effective, `# PKGSTASH_TOKEN is set, from: /${ENV}`);
    assertStringIncludes(effective, 'cache_root = "/var/cache/pkgstash" # file');
  });

  await t.step(
    "pacman finds every installed file",
    async () => {
      assertEquals(
        await machine.pacman("-Qk", "pkgstash"),
        reportOfNothingMissing(await machine.pacman("-Qlq", "pkgstash")),
      );
    },
  );

  await t.step("an upgrade keeps a changed configuration and the token", async () => {
    await machine.write(TOML, `port = 9129\n${await machine.read(TOML)}`);
    await machine.write("var/cache/pkgstash/core/os/x86_64/kept", "");
    await machine.install(await built.next());
    assertMatch(await machine.read(TOML), /^port = 9129\n/);
    assertStringIncludes(await machine.read(`${TOML}.pacnew`), "# Another line");
    assertEquals(await token(), first);
    assert(!await machine.has(`${ENV}.pacnew`));
    assertEquals(await machine.run("stat", "-c", "%a %U %G", `/${ENV}`), "640 root pkgstash\n");
  });

  await t.step("removing keeps changed files and the cache", async () => {
    await machine.pacman("-R", "pkgstash");
    assertMatch(await machine.read(`${TOML}.pacsave`), /^port = 9129\n/);
    assertStringIncludes(await machine.read(`${ENV}.pacsave`), first!);
    assert(await machine.has("var/cache/pkgstash/core/os/x86_64/kept"));
    for (const path of Object.keys(FILES)) assert(!await machine.has(path), path);
  });
});

/** What `pacman -Qk` prints when every file of this list exists. */
function reportOfNothingMissing(list: string): string {
  return `pkgstash: ${list.trim().split("\n").length} total files, 0 missing files\n`;
}
