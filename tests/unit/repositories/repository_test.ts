import { assertEquals } from "@std/assert";
import { fileKey, keyOf, RepositoryTree } from "../../../src/repositories/repository.ts";
import { configOf } from "../../support/configuration.ts";

const tree = new RepositoryTree(configOf(`
mirrored_repos = ["core", "extra"]
[upstreams.arm]
mirror_urls = ["http://mirror.example/"]
mirrored_repos = ["core", "alarm"]
architectures = ["aarch64", "armv7h"]
upstream_layout = "$arch/$repo"
`));

Deno.test("a path is a file only if it is directly in a configured directory", async (t) => {
  const file = tree.fileAt("core/os/x86_64/foo-1-1-any.pkg.tar.zst")!;
  assertEquals([file.kind, file.repository.name, file.repository.upstream], [
    "package",
    "core",
    "arch",
  ]);
  assertEquals(keyOf(file), "core/os/x86_64/foo-1-1-any.pkg.tar.zst");
  const other = tree.fileAt("arm/aarch64/core/core.db")!;
  assertEquals([other.kind, other.repository.upstream], ["snapshot", "arm"]);
  for (
    const path of [
      "foo-1-1-any.pkg.tar.zst",
      "core/foo-1-1-any.pkg.tar.zst",
      "core/os/i686/foo-1-1-any.pkg.tar.zst",
      "core/os/x86_64/sub/foo-1-1-any.pkg.tar.zst",
      "arm/x86_64/core/foo-1-1-any.pkg.tar.zst",
      "core/os/x86_64/",
      "core/os/x86_64/extra.db",
      "multilib/os/x86_64/multilib.db",
      "",
    ]
  ) await t.step(`"${path}" is none`, () => assertEquals(tree.fileAt(path), null));
});

Deno.test("the key of a file is its path below the server's root", () => {
  const [repository] = tree.repositories;
  assertEquals(keyOf({ repository: repository!, fileName: "a" }), "core/os/x86_64/a");
  assertEquals(fileKey("core/os/x86_64", "a"), "core/os/x86_64/a");
});

Deno.test("directories above repositories have children, repositories have none", () => {
  assertEquals(tree.childrenOf(""), ["arm", "core", "extra"]);
  assertEquals(tree.childrenOf("arm"), ["aarch64", "armv7h"]);
  assertEquals(tree.childrenOf("arm/aarch64"), ["alarm", "core"]);
  assertEquals(tree.childrenOf("core/os/x86_64"), null);
  assertEquals(tree.childrenOf("nothing"), null);
  assertEquals(tree.repositoryAt("core/os/x86_64")?.name, "core");
  assertEquals(tree.repositoryAt("core"), null);
  // Names of inherited properties are not directories.
  for (const name of ["__proto__", "constructor", "toString"]) {
    assertEquals([tree.childrenOf(name), tree.repositoryAt(name)], [null, null]);
  }
});
