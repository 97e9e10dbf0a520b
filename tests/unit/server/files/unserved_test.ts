import { assertEquals } from "@std/assert";
import { unservedResponse } from "../../../../src/server/files/unserved.ts";
import { configOf } from "../../../support/configuration.ts";

const CONFIG = configOf(`
  mirrored_repos = ["core", "extra"]
  [upstreams.archlinuxarm]
  preset = "archlinuxarm"
  [upstreams.own]
  mirror_urls = ["https://mirror.example/$repo/$arch"]
  mirrored_repos = ["tools"]
`);

async function textAt(path: string): Promise<string> {
  const request = new Request(`http://stash.lan:8090/${path}`);
  const response = unservedResponse(request, path, CONFIG);
  assertEquals(response.status, 404);
  return (await response.text()).trimEnd();
}

Deno.test("a 404 names the key that lacks the repository or architecture", async (t) => {
  const repository = (name: string, key: string) =>
    `The repository ${name} is not mirrored. To mirror it, add it to ${key}.`;
  const architecture = (name: string, key: string) =>
    `The architecture ${name} is not mirrored. To mirror it, add it to ${key}.`;
  const cases: [string, string][] = [
    ["testing/os/x86_64/testing.db", repository("testing", "mirrored_repos")],
    ["testing/os/x86_64/testing.db.sig", repository("testing", "mirrored_repos")],
    ["testing/os/riscv64/foo-1-1-any.pkg.tar.zst", repository("testing", "mirrored_repos")],
    ["core/os/aarch64/core.db", architecture("aarch64", "architectures")],
    [
      "archlinuxarm/aarch64/unknown/unknown.db",
      repository("unknown", "upstreams.archlinuxarm.mirrored_repos"),
    ],
  ];
  for (const [path, text] of cases) {
    await t.step(path, async () => assertEquals(await textAt(path), text));
  }
});

Deno.test("a 404 for an address without the repositories' path says what to write", async () => {
  const text = await textAt("core.db");
  assertEquals(text.split("\n").slice(0, 3), [
    "This URL lacks the path of the repositories. Put this into pacman's mirrorlist:",
    "Server = http://stash.lan:8090/$repo/os/$arch",
    "Server = http://stash.lan:8090/archlinuxarm/$arch/$repo",
  ]);
  assertEquals(await textAt("core.db.sig"), text);
});

Deno.test("a 404 for a repository at the path of another server says what to write", async () => {
  const text = (repository: string, ...paths: string[]) =>
    `The repository ${repository} has another path here. Put this into pacman's mirrorlist:` +
    paths.map((path) => `\nServer = http://stash.lan:8090/${path}`).join("");
  const paths = ["$repo/os/$arch", "archlinuxarm/$arch/$repo"];
  for (const directory of ["core", "core/x86_64", "archlinux/core/os/x86_64"]) {
    for (const name of ["core.db", "core.db.sig", "core.files"]) {
      assertEquals(await textAt(`${directory}/${name}`), text("core", ...paths), directory);
    }
  }
  assertEquals(
    await textAt("tools/os/x86_64/tools.db.tar.gz.sig"),
    text("tools", "own/$repo/os/$arch"),
  );
});

Deno.test("any other 404 gives no advice", async () => {
  for (const path of ["favicon.ico", "robots.txt", "a/b/c/d/e/f.db", "testing/os/x86_64/x.html"]) {
    assertEquals(await textAt(path), "No such file.", path);
  }
});
