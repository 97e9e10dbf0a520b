// A release, and what is made of it: the packages of pkgstash-bin, installed by the real pacman. Needs
// root, and the programs of "deno task compile".
import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import manifest from "../../../deno.json" with { type: "json" };
import { runCommand } from "../../support/child_process.ts";
import { CONFIGURATION } from "../../support/machine/built_package.ts";
import { MachineRoot } from "../../support/machine/machine_root.ts";
import { makepkg } from "../../support/makepkg.ts";
import { PROJECT } from "../../support/project.ts";
import { TempFolder } from "../../support/temp_folder.ts";
import { BUILDER_FILES, FILES, modesIn } from "./package_files.ts";

const { version } = manifest;
const RELEASE = join(PROJECT, "dist/release");
const ARCHIVES = [
  `pkgstash-${version}.tar.gz`,
  `pkgstash-${version}-x86_64.tar.gz`,
  `pkgstash-bin-${version}.tar.gz`,
];

Deno.test.beforeAll(async () => {
  for (const task of [["generate"], ["release", "--snapshot"]]) {
    await runCommand([Deno.execPath(), "task", ...task], { cwd: PROJECT });
  }
});

Deno.test("a release has source, programs, notes, and the checksums of all", async () => {
  await runCommand(["sha256sum", "--check", "--strict", "SHA256SUMS"], { cwd: RELEASE });
  const sums = await Deno.readTextFile(join(RELEASE, "SHA256SUMS"));
  for (const file of [...ARCHIVES, "NOTES.md", "PKGBUILD", "pkgstash.install"]) {
    assertStringIncludes(sums, `  ${file}\n`);
  }
  assertStringIncludes(await Deno.readTextFile(join(RELEASE, "NOTES.md")), "### ");
});

Deno.test("the programs of the same tree make the same archive", async () => {
  const before = await Deno.readTextFile(join(RELEASE, "SHA256SUMS"));
  await runCommand([Deno.execPath(), "task", "release", "--snapshot"], { cwd: PROJECT });
  assertEquals(await Deno.readTextFile(join(RELEASE, "SHA256SUMS")), before);
});

Deno.test("pkgstash-bin has the files of the package from source, and its program runs", async () => {
  await using folder = await TempFolder.create("pkgstash-bin-");
  await Deno.chmod(folder.path, 0o755);
  const unpack = ["tar", "-xf", join(RELEASE, ARCHIVES[2]!), "-C", folder.path];
  await runCommand([...unpack, "--strip-components=1"]);
  await Deno.copyFile(join(RELEASE, ARCHIVES[1]!), folder.join(ARCHIVES[1]!));
  const file = await makepkg(folder.path, { configuration: CONFIGURATION, name: "pkgstash-bin" });
  const builder = file.replace(/pkgstash-(?=[^/]*$)/, "pkgstash-builder-");
  assertEquals(await modesIn(file), FILES);
  assertEquals(await modesIn(builder), BUILDER_FILES);
  await using machine = await MachineRoot.create();
  assertStringIncludes(await machine.install(file), "It is in /etc/pkgstash/pkgstash.env");
  assertStringIncludes(await machine.run("pkgstash", "--version"), `pkgstash ${version} `);
  await machine.run("pkgstash", "check-config");
  assertStringIncludes(await machine.pacman("-Qi", "pkgstash-bin"), `pkgstash=${version}`);
});
