import { assertEquals } from "@std/assert";
import type { Repository } from "../../../../src/repositories/repository.ts";
import { archiveAt, mirrorAt } from "../../../../src/mirroring/mirrors/mirror.ts";

const EXTRA: Repository = {
  upstream: "arch",
  name: "extra",
  architecture: "x86_64",
  directory: "extra/os/x86_64",
};

Deno.test("a mirror's root is followed by the layout, a mirrorlist line is used as it is", () => {
  const addresses = [
    ["https://host/archlinux/", "https://host/archlinux/extra/os/x86_64/a.pkg.tar.zst"],
    ["https://host/archlinux", "https://host/archlinux/extra/os/x86_64/a.pkg.tar.zst"],
    ["https://host/$repo/os/$arch", "https://host/extra/os/x86_64/a.pkg.tar.zst"],
    ["https://host/x/$arch/$repo/", "https://host/x/x86_64/extra/a.pkg.tar.zst"],
  ] as const;
  for (const [address, expected] of addresses) {
    assertEquals(mirrorAt(address, "$repo/os/$arch").urlOf(EXTRA, "a.pkg.tar.zst"), expected);
  }
});

Deno.test("a line without $repo stands for itself, and so does a root without a layout", () => {
  const line = mirrorAt("https://host/home:/me/$arch", "$repo/os/$arch");
  assertEquals(line.urlOf(EXTRA, "extra.db"), "https://host/home:/me/x86_64/extra.db");
  const root = mirrorAt("https://host/releases/download/", "");
  assertEquals(root.urlOf(EXTRA, "extra.db"), "https://host/releases/download/extra.db");
});

Deno.test("file names are sent as pacman sends them", () => {
  const mirror = mirrorAt("https://host/", "$repo/os/$arch");
  assertEquals(
    mirror.urlOf(EXTRA, "gtk2+extra-1:2.0-3-x86_64.pkg.tar.zst"),
    "https://host/extra/os/x86_64/gtk2+extra-1:2.0-3-x86_64.pkg.tar.zst",
  );
});

Deno.test("a mirror's name shows host and path, never credentials or variables", () => {
  assertEquals(
    mirrorAt("https://user:secret@host:8443/archlinux/$repo/os/$arch", "$repo").name,
    "host:8443/archlinux",
  );
  assertEquals(mirrorAt("https://host/", "$repo").name, "host");
});

Deno.test("the archive keeps packages and their signatures by name, and nothing else", () => {
  const archive = archiveAt("https://archive.example/packages/");
  const file = "hello-world-1:2.12-1-x86_64.pkg.tar.zst";
  assertEquals(
    archive.urlOf(EXTRA, file),
    `https://archive.example/packages/h/hello-world/${file}`,
  );
  assertEquals(
    archive.urlOf(EXTRA, `${file}.sig`),
    `https://archive.example/packages/h/hello-world/${file}.sig`,
  );
  assertEquals(archive.urlOf(EXTRA, "extra.db"), null);
  assertEquals(archive.urlOf(EXTRA, "extra.db.sig"), null);
});
