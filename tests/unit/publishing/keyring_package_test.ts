import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { gunzipSync } from "node:zlib";
import { PkgstashError } from "../../../src/errors.ts";
import { readPackageArchive } from "../../../src/formats/pacman/package_archive.ts";
import { keyringPackage } from "../../../src/publishing/keyring_package.ts";
import { openPublishing } from "../../support/publishing_house.ts";
import { TempFolder } from "../../support/temp_folder.ts";

const KEYS = new Uint8Array([0x98, 1, 2, 3]);
const FINGERPRINTS = ["A".repeat(40), "B".repeat(40)];
const TIME = Date.UTC(2026, 10, 28, 19, 55, 1, 234);
const KEYRING = { name: "mine", keys: KEYS, fingerprints: FINGERPRINTS, time: TIME };

Deno.test("the keyring package has the files from which pacman-key populates", async () => {
  const { fileName, bytes } = keyringPackage(KEYRING);
  assertEquals(fileName, "mine-keyring-20261128.195501-1-any.pkg.tar.gz");
  const archive = await readPackageArchive(ReadableStream.from([bytes]), fileName);
  assertEquals(archive.info.name, "mine-keyring");
  assertEquals(archive.hasScript, true);
  assertEquals(archive.files.filter((path) => !path.endsWith("/")), [
    "usr/share/pacman/keyrings/mine-revoked",
    "usr/share/pacman/keyrings/mine-trusted",
    "usr/share/pacman/keyrings/mine.gpg",
  ]);
  const text = new TextDecoder().decode(gunzipSync(bytes));
  assertStringIncludes(text, `\0${FINGERPRINTS.map((each) => `${each}:4:\n`).join("")}\0`);
  assertStringIncludes(text, "usr/bin/pacman-key --populate mine\n");
});

Deno.test("the same keys and time yield the same bytes, and a later time another version", () => {
  assertEquals(keyringPackage(KEYRING), keyringPackage(KEYRING));
  const later = keyringPackage({ ...KEYRING, time: TIME + 1000 });
  assertEquals(later.fileName, "mine-keyring-20261128.195502-1-any.pkg.tar.gz");
});

Deno.test("a repository without signatures gets no keyring package, and nothing is published", async () => {
  await using folder = await TempFolder.create();
  const publishing = await openPublishing(folder.join("state"));
  try {
    const plain = await publishing.create("plain", { signing: "none" }, "tests");
    const before = await plain.current();
    const error = await assertRejects(
      () => publishing.publishKeyring("plain", "tests"),
      PkgstashError,
      'Create the repository with signing = "required"',
    );
    assertEquals(error.kind, "conflict");
    assertEquals(await plain.current(), before);
  } finally {
    await publishing.stop();
  }
});
