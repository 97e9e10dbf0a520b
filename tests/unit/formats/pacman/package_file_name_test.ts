import { assert, assertEquals } from "@std/assert";
import {
  isPackageFileName,
  isSafeFileName,
  parsePackageFileName,
} from "../../../../src/formats/pacman/package_file_name.ts";
import { packagesOf } from "../../../support/sync_db_reading.ts";
import { REAL_DATA_MISSING, REAL_DATA_NOTE, realBytes } from "../../../support/real_data.ts";

Deno.test("a package file name is split from its end, so the name may contain hyphens", () => {
  assertEquals(parsePackageFileName("gtk2+extra-2:1.0.r3+g12ab~1-1-any.pkg.tar.zst"), {
    name: "gtk2+extra",
    version: "2:1.0.r3+g12ab~1-1",
    architecture: "any",
    extension: ".pkg.tar.zst",
  });
  assertEquals(parsePackageFileName("lib32-a-b-c-1.0-1.1-x86_64_v3.pkg.tar"), {
    name: "lib32-a-b-c",
    version: "1.0-1.1",
    architecture: "x86_64_v3",
    extension: ".pkg.tar",
  });
});

Deno.test("the extensions that makepkg writes are known, and no others", async (t) => {
  for (const suffix of ["", ".gz", ".bz2", ".xz", ".zst", ".lzo", ".lrz", ".lz4", ".lz", ".Z"]) {
    const extension = `.pkg.tar${suffix}`;
    await t.step(extension, () => {
      assertEquals(parsePackageFileName(`a-1-1-any${extension}`)?.extension, extension);
    });
  }
  for (const extension of [".pkg", ".tar.gz", ".pkg.tar.zip", ".pkg.tar.zst.sig", ".pkg.tar.ZST"]) {
    await t.step(`not ${extension}`, () => {
      assertEquals(parsePackageFileName(`a-1-1-any${extension}`), null);
    });
  }
});

Deno.test("a name that makepkg would not write is refused", async (t) => {
  for (
    const name of [
      "",
      ".pkg.tar.zst",
      "a.pkg.tar.zst",
      "a-1-any.pkg.tar.zst",
      "-1-1-any.pkg.tar.zst",
      ".a-1-1-any.pkg.tar.zst",
      "-a-1-1-any.pkg.tar.zst",
      "a--1-any.pkg.tar.zst",
      "a-1--any.pkg.tar.zst",
      "a-1-1-.pkg.tar.zst",
      "a-x:1-1-any.pkg.tar.zst",
      "a-:1-1-any.pkg.tar.zst",
      "a:b-1-1-any.pkg.tar.zst",
      "a/b-1-1-any.pkg.tar.zst",
      "a%2fb-1-1-any.pkg.tar.zst",
      "a b-1-1-any.pkg.tar.zst",
      "ä-1-1-any.pkg.tar.zst",
      "a-1-1-any.pkg.tar.zst\n",
      "a-1-1-any.pkg.tar.zst\0",
      `${"a".repeat(240)}-1-1-any.pkg.tar.zst`,
    ]
  ) {
    await t.step(JSON.stringify(name), () => assertEquals(parsePackageFileName(name), null));
  }
});

Deno.test("a file name is safe only as one plain path segment of at most 255 bytes", async (t) => {
  for (const name of ["a", "a..b", "core.db.tar.gz", "ä", "a".repeat(255), "-a", "a b", "%2e%2e"]) {
    await t.step(JSON.stringify(name), () => assert(isSafeFileName(name)));
  }
  for (
    const name of ["", ".", "..", ".a", "a/b", "/", "a\0", "a\n", "\x7f", "\x9b", "\ud800"].concat(
      "a".repeat(256),
      "ä".repeat(128),
    )
  ) await t.step(`not ${JSON.stringify(name)}`, () => assert(!isSafeFileName(name)));
});

Deno.test({
  name: `the parts of every real package file name match its desc${REAL_DATA_NOTE}`,
  ignore: REAL_DATA_MISSING,
  async fn() {
    const unusual: string[] = [];
    for (
      const path of [
        "databases/malr-2022/chaotic-aur.db.tar.xz",
        "databases/malr-2022/archcraft.db.tar.xz",
        "databases/alarm-2015/community.db",
        "databases/alarm-2023/core.db",
        "mirror-armv7h/armv7h/extra/extra.db.tar.gz",
      ]
    ) {
      for (const { fileName, name, version } of await packagesOf(await realBytes(path))) {
        assert(isPackageFileName(fileName), fileName);
        const parsed = parsePackageFileName(fileName);
        if (parsed === null) unusual.push(fileName);
        else assertEquals(parsed, { ...parsed, name, version });
      }
    }
    assertEquals(unusual, ["chaotic-keyring.pkg.tar.zst", "chaotic-mirrorlist.pkg.tar.zst"]);
  },
});
