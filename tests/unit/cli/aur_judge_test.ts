import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { inTempFolder } from "../../support/temp_folder.ts";
import { capture } from "./captured_output.ts";

const PKGBUILD = `pkgname=foo
pkgver=1.0
pkgrel=1
pkgdesc='Foo'
arch=(any)
url='https://example.org/foo'
license=(MIT)
source=("$url/foo-$pkgver.tar.gz")
sha256sums=('${"0".repeat(64)}')

package() {
  make DESTDIR="$pkgdir" install
}
`;

async function writeSource(folder: string, pkgbuild: string): Promise<string> {
  await Deno.mkdir(folder);
  await Deno.writeTextFile(join(folder, "PKGBUILD"), pkgbuild);
  return folder;
}

Deno.test("aur judge prints the verdict and its facts as JSON, and exits with 0", async () => {
  await inTempFolder(async (folder) => {
    const old = await writeSource(join(folder, "old"), PKGBUILD);
    const bump = PKGBUILD.replace("1.0", "1.1").replace("0".repeat(64), "1".repeat(64));
    const now = await writeSource(join(folder, "new"), bump);
    const { code, out } = await capture(["aur", "judge", old, now, "--json"]);
    assertEquals(code, 0);
    const { verdict, facts } = JSON.parse(out);
    assertEquals(verdict, "bump");
    const version = facts.find(({ kind }: { kind: string }) => kind === "version");
    assertEquals([version.file, version.line, version.before, version.after], [
      "PKGBUILD",
      2,
      "pkgver=1.0",
      "pkgver=1.1",
    ]);
  });
});

Deno.test("aur judge shows first what needs review, with control characters made visible", async () => {
  await inTempFolder(async (folder) => {
    const old = await writeSource(join(folder, "old"), PKGBUILD);
    const hostile = PKGBUILD.replace("1.0", "1.1").replace("  make", "  curl\x1b[2K evil\n  make");
    const now = await writeSource(join(folder, "new"), hostile);
    const { code, out } = await capture(["aur", "judge", old, now]);
    assertEquals(code, 0);
    assertStringIncludes(out, "review: a person must review it");
    assertStringIncludes(out, "PKGBUILD:11  characters");
    assert(!out.includes("\x1b"));
  });
});

Deno.test("aur judge of a folder that is missing exits with 1 and says which", async () => {
  const { code, err } = await capture(["aur", "judge", "/nonexistent/a", "/nonexistent/b"]);
  assertEquals(code, 1);
  assertStringIncludes(err, "Cannot read the folder /nonexistent/a");
});
