import { assertEquals } from "@std/assert";
import { mirrorAt } from "../../../src/mirroring/mirrors/mirror.ts";
import { RepositoryTree } from "../../../src/repositories/repository.ts";
import { configOf } from "../../support/configuration.ts";

const EVERYTHING = new RepositoryTree(configOf(`
  extra_paths = ["**"]
  [upstreams.own]
  mirror_urls = ["https://own.example/"]
  mirrored_repos = ["own"]
  client_path = "elsewhere/$repo/$arch"
  extra_paths = ["state", "iso/*"]`));

Deno.test("a pattern that matches everything reaches no repository and none of the server's own paths", async (t) => {
  const forbidden = [
    "",
    "api",
    "api/v1/status",
    "cache/x.iso",
    "healthz",
    "metrics",
    ".pkgstash/index.sqlite",
    "iso/.pkgstash",
    "a/../b",
    "a/./b",
    "a//b",
    "a/",
    "core",
    "core/os",
    "core/os/x86_64",
    "core/os/x86_64/index.html",
    "core/os/x86_64/sub/file",
    "core/os/x86_64/core.db",
    "elsewhere/own/x86_64/file",
    "x".repeat(201),
    "a\0b",
    "a\u0085b",
  ];
  for (const path of forbidden) {
    await t.step(path, () => assertEquals(EVERYTHING.extraAt(path), null));
  }
});

Deno.test("an extra path of a named upstream is below its name, and on the mirror it is not", () => {
  const own = EVERYTHING.extraAt("own/iso/a.iso");
  assertEquals([own?.repository.upstream, own?.repository.pathOnMirror], ["own", "iso"]);
  assertEquals(own?.repository.directory, "own/iso");
  const main = EVERYTHING.extraAt("own/iso/deeper/a.iso");
  assertEquals([main?.repository.upstream, main?.repository.pathOnMirror], [
    "arch",
    "own/iso/deeper",
  ]);
});

Deno.test("an extra path is found below the root of a mirror, however the mirror is written", async (t) => {
  const file = EVERYTHING.extraAt("iso/a b?#%2e.iso")!;
  const layout = "stable/$repo/$arch";
  const table: [mirror: string, url: string][] = [
    ["https://host/root/", "https://host/root/iso/a%20b%3F%23%252e.iso"],
    ["https://host/root/stable/$repo/$arch", "https://host/root/iso/a%20b%3F%23%252e.iso"],
    ["https://host/root/$repo/os/$arch", "https://host/root/iso/a%20b%3F%23%252e.iso"],
    ["https://host/home:/me/$arch", "https://host/home:/me/iso/a%20b%3F%23%252e.iso"],
  ];
  for (const [mirror, url] of table) {
    await t.step(mirror, () => {
      assertEquals(mirrorAt(mirror, layout).urlOf(file.repository, file.fileName), url);
    });
  }
  const root = EVERYTHING.extraAt("lastsync")!;
  assertEquals(
    mirrorAt("https://host/", "").urlOf(root.repository, root.fileName),
    "https://host/lastsync",
  );
});
