// Databases that pkgstash writes of real packages, read by the real pacman and the real repo-add.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { concat } from "@std/bytes/concat";
import { basename, join } from "@std/path";
import { type DatabaseEntry, writeDatabase } from "../../../src/formats/pacman/database_archive.ts";
import { runCommand } from "../../support/child_process.ts";
import { ownEntry } from "../../support/end_to_end/own_entry.ts";
import type { PacmanClient } from "../../support/end_to_end/pacman_client.ts";
import { repoAdd, repoAddEntries, type RepoAddEntry } from "../../support/end_to_end/repo_add.ts";
import { endToEndTest } from "../../support/end_to_end/test_bed.ts";
import { makepkg, UNCHECKED_RECIPE } from "../../support/makepkg.ts";
import { TempFolder } from "../../support/temp_folder.ts";

/** A split package with much of what a package can have. */
const PKGBUILD = `pkgbase=odd
pkgname=(odd odd-docs)
epoch=2
pkgver=1.0.r3+g12ab~1
pkgrel=1.1
pkgdesc='Ein Päckchen  mit "Anführungszeichen" & = $Zeichen'
arch=(x86_64)
url='https://example.invalid/?a=b'
license=('GPL-2.0-or-later' 'custom:odd')
options=(!strip !zipman !purge !debug !lto)
makedepends=('true>=1')
checkdepends=(test)
package_odd() {
  depends=(${Array.from({ length: 20 }, (_, index) => `'dependency-${index}>=${index}'`).join(" ")})
  optdepends=('odd-docs: to read about it')
  provides=('even=2.0')
  conflicts=('even<2')
  replaces=('even')
  groups=(numbers)
  backup=(etc/odd.conf)
  install=odd.install
  changelog=ChangeLog
  cd "$pkgdir"
  mkdir -p etc usr/bin usr/lib "usr/share/odd/$(printf 'long-%.0s' {1..30})"
  echo x > etc/odd.conf
  echo '#!/bin/sh' > usr/bin/odd
  chmod 4755 usr/bin/odd
  ln usr/bin/odd usr/bin/odd-hard
  ln -s /usr/bin/odd usr/bin/odd-absolute
  ln -s ../../../etc/passwd usr/lib/odd-relative
  touch 'usr/share/odd/ä ö\\n' "usr/share/odd/$(printf 'long-%.0s' {1..30})/$(printf 'y%.0s' {1..120})"
  truncate -s 1M usr/share/odd/sparse
  echo x >> usr/share/odd/sparse
}
package_odd-docs() {
  pkgdesc=''
  url=''
  arch=(any)
  mkdir -p "$pkgdir/usr/share/doc"
}
`;

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

/** Makes the packages of that PKGBUILD in `folder`, with an extension such as `.pkg.tar.xz`. */
async function oddPackages(folder: string, extension: string): Promise<string[]> {
  await Deno.writeTextFile(join(folder, "PKGBUILD"), PKGBUILD);
  await Deno.writeTextFile(join(folder, "odd.install"), "post_install() { :; }\n");
  await Deno.writeTextFile(join(folder, "ChangeLog"), "none\n");
  await makepkg(folder, {
    configuration: `PKGEXT=${extension}\n${UNCHECKED_RECIPE}`,
    env: { BUILDDIR: folder, LC_ALL: "C.UTF-8" },
    // What an earlier run installed is packaged again.
    args: await exists(join(folder, "pkg")) ? ["--repackage"] : [],
  });
  return [...Deno.readDirSync(folder)].map(({ name }) => name)
    .filter((name) => name.endsWith(`-x86_64${extension}`) || name.endsWith(`-any${extension}`))
    .map((name) => join(folder, name)).sort();
}

function entryOf({ folder, desc, files }: RepoAddEntry, kind: "db" | "files"): DatabaseEntry {
  const [, name = "", version = ""] = /^(.*)-([^-]*-[^-]*)$/.exec(folder) ?? [];
  const texts = () => kind === "db" ? { desc } : { desc, files };
  return { name, version, identity: JSON.stringify(texts()), texts };
}

/** A package of which there is only an entry. */
function madeUp(name: string, version: string): RepoAddEntry {
  const desc = `%FILENAME%\n${name}-${version}-any.pkg.tar.zst\n\n%NAME%\n${name}\n\n` +
    `%VERSION%\n${version}\n\n%ARCH%\nany\n\n%CSIZE%\n1\n\n`;
  return { folder: `${name}-${version}`, desc, files: `%FILES%\nusr/\nusr/share/${name}\n` };
}

const THOUSAND = Array.from({ length: 1000 }, (_, index) => madeUp(`many-${index}`, "1.0-1"));

/** Publishes databases in a folder; a second time, on the ground of the first ones. */
async function publish(folder: string, name: string, entries: readonly RepoAddEntry[]) {
  for (const kind of ["db", "files"] as const) {
    const path = join(folder, `${name}.${kind}.tar.gz`);
    const previous = await Deno.readFile(path).catch(() => new Uint8Array(0));
    const parts: Uint8Array[] = [];
    const own = entries.map((entry) => entryOf(entry, kind));
    for await (const part of writeDatabase(own, previous)) parts.push(part);
    await Deno.writeFile(path, concat(parts));
    await Deno.writeFile(join(folder, `${name}.${kind}`), concat(parts));
  }
}

/** `name version` and the paths of every package that pacman finds in a repository. */
async function listedByPacman(client: PacmanClient, name: string): Promise<[string[], string[]]> {
  await client.run("-Syy");
  await client.run("-Fyy");
  const lines = (text: string) => text.split("\n").filter((line) => line !== "").sort();
  const packages = lines(await client.run("-Sl", name)).map((line) =>
    line.split(" ").slice(1, 3).join(" ")
  );
  return [
    packages,
    lines((await client.try("-Fl", ...packages.map((line) => line.split(" ")[0]!))).stdout),
  ];
}

function expectedOf(entries: readonly RepoAddEntry[]): [string[], string[]] {
  const own = entries.map((entry) => ({ ...entryOf(entry, "files"), files: entry.files }));
  const paths = own.flatMap(({ name, files }) =>
    files.split("\n").slice(1, -1).map((path) => `${name} ${path}`)
  );
  return [own.map(({ name, version }) => `${name} ${version}`).sort(), paths.sort()];
}

Deno.test("the packages of makepkg have the entries that repo-add writes", async (t) => {
  await using folder = await TempFolder.create();
  for (
    const extension of [".pkg.tar.zst", ".pkg.tar.xz", ".pkg.tar.gz", ".pkg.tar.bz2", ".pkg.tar"]
  ) {
    await t.step(extension, async () => {
      const packages = await oddPackages(folder.path, extension);
      assertEquals(packages.length, 2);
      await repoAdd(folder.path, "own", packages);
      const entries = await repoAddEntries(folder.path, "own");
      for (const path of packages) {
        const own = await ownEntry(path);
        assertEquals(own, entries.get(own.folder));
      }
    });
  }
});

endToEndTest("pacman reads a written database, and the next one made from it", async (bed) => {
  await using built = await TempFolder.create();
  const packages = await oddPackages(built.path, ".pkg.tar.zst");
  const folder = await bed.newFolder("repository");
  const client = await bed.client([`file://${folder}`], { repositories: ["own"] });
  const odd = await Promise.all(packages.map(ownEntry));

  const first = [...THOUSAND, ...odd];
  await publish(folder, "own", first);
  assertEquals(await listedByPacman(client, "own"), expectedOf(first));

  const second = first.filter(({ folder }) => folder !== "many-7-1.0-1")
    .concat(madeUp("new", "1:1-1"), madeUp("x".repeat(200), "1-1"));
  await publish(folder, "own", second);
  assertEquals(await listedByPacman(client, "own"), expectedOf(second));

  for (const path of packages) await Deno.copyFile(path, join(folder, basename(path)));
  await client.run("-Sdd", "odd", "odd-docs");
  assertStringIncludes(await client.run("-Q"), "odd 2:1.0.r3+g12ab~1-1.1\n");

  await publish(folder, "own", []);
  assertEquals(await listedByPacman(client, "own"), [[], []]);
});

endToEndTest("repo-add extends a written database", async () => {
  await using built = await TempFolder.create();
  const packages = await oddPackages(built.path, ".pkg.tar.zst");
  const folder = built.path;
  const entries = THOUSAND.slice(0, 100);
  await publish(folder, "own", entries);
  await repoAdd(folder, "own", packages);
  const extended = await repoAddEntries(folder, "own");
  const own = [...entries, ...await Promise.all(packages.map(ownEntry))];
  assertEquals(extended, new Map(own.map((entry) => [entry.folder, entry])));
  await runCommand(["repo-remove", "own.db.tar.gz", "many-7"], { cwd: folder });
  assert(!(await repoAddEntries(folder, "own")).has("many-7-1.0-1"));
});
