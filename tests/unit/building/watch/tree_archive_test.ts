import { assertEquals, assertRejects } from "@std/assert";
import { packTar, type TarEntry } from "modern-tar";
import { readTreeArchive, TREE_LIMITS } from "../../../../src/building/watch/tree_archive.ts";
import { PkgstashError } from "../../../../src/errors.ts";
import { gzipped, snapshotOf } from "../../../support/fake_aur.ts";

const streamOf = (bytes: Uint8Array<ArrayBuffer>) => new Blob([bytes]).stream();

async function archiveOf(...entries: TarEntry[]): Promise<ReadableStream<Uint8Array>> {
  return streamOf(await gzipped(await packTar(entries)));
}

const file = (name: string, body = "x"): TarEntry => ({
  header: { name, size: body.length, mode: 0o644 },
  body,
});

Deno.test("a snapshot contains the files below its folder, with their modes", async () => {
  const archive = await snapshotOf("foo", {
    PKGBUILD: "pkgname=foo\n",
    "run.sh": { text: "#!/bin/sh\n", mode: "100755" },
    "keys/pgp/ABC.asc": "key",
    latest: { text: "run.sh", mode: "120000" },
  });
  const tree = await readTreeArchive(streamOf(archive));
  assertEquals(
    [...tree.values()].map(({ path, mode, content, size }) => [
      path,
      mode,
      new TextDecoder().decode(content!),
      size,
    ]),
    [
      ["PKGBUILD", "100644", "pkgname=foo\n", 12],
      ["keys/pgp/ABC.asc", "100644", "key", 3],
      ["latest", "120000", "run.sh", 6],
      ["run.sh", "100755", "#!/bin/sh\n", 10],
    ],
  );
});

Deno.test("an empty folder is a submodule", async () => {
  const tree = await readTreeArchive(
    await archiveOf(
      file("foo/PKGBUILD"),
      { header: { name: "foo/vendored/", type: "directory", size: 0 } },
    ),
  );
  assertEquals(tree.get("vendored")?.mode, "160000");
});

Deno.test("a package source that cannot be unpacked or shown safely is refused entirely", async (t) => {
  const hostile: Record<string, TarEntry[]> = {
    "a path outside the folder": [file("foo/../../etc/passwd")],
    "an absolute path": [file("/etc/passwd")],
    "two folders": [file("foo/a"), file("bar/b")],
    "a name with a control character": [file("foo/a\u001b[2Jb")],
    "a name that reverses its text": [file("foo/a\u202etxt.sh")],
    "a duplicate file": [file("foo/a"), file("foo/a", "other")],
    "a file that is also a folder": [file("foo/a"), file("foo/a/b")],
    "a hard link": [
      file("foo/a"),
      { header: { name: "foo/b", type: "link", size: 0, linkname: "foo/a" } },
    ],
    "a device": [{ header: { name: "foo/null", type: "character-device", size: 0 } }],
    "no files": [{ header: { name: "foo/", type: "directory", size: 0 } }],
    "a file in place of its folder": [file("foo")],
  };
  for (const [what, entries] of Object.entries(hostile)) {
    await t.step(what, async () => {
      const archive = await archiveOf(...entries);
      const error = await assertRejects(() => readTreeArchive(archive), PkgstashError);
      assertEquals(error.kind, "content");
      assertEquals(
        error.message.startsWith("Cannot accept the package source:"),
        true,
        error.message,
      );
    });
  }
});

Deno.test("a package source beyond a limit is refused", async (t) => {
  const limits = { ...TREE_LIMITS, maxFiles: 2, maxFileBytes: 100, maxTreeBytes: 150 };
  const cases: [string, TarEntry[]][] = [
    ["too many files", [file("foo/a"), file("foo/b"), file("foo/c")]],
    ["a file that is too large", [file("foo/a", "x".repeat(101))]],
    ["too many bytes in total", [file("foo/a", "x".repeat(90)), file("foo/b", "x".repeat(90))]],
  ];
  for (const [what, entries] of cases) {
    await t.step(what, async () => {
      const archive = await archiveOf(...entries);
      await assertRejects(() => readTreeArchive(archive, limits), PkgstashError, "Cannot accept");
    });
  }
  await t.step("an archive that is too large", async () => {
    const archive = await archiveOf(file("foo/a"));
    await assertRejects(
      () => readTreeArchive(archive, { ...TREE_LIMITS, maxArchiveBytes: 20 }),
      PkgstashError,
      "more than 20 bytes",
    );
  });
  await t.step("a decompression bomb", async () => {
    const bomb = await gzipped(await packTar([file("foo/a", "0".repeat(1_000_000))]));
    await assertRejects(
      () => readTreeArchive(streamOf(bomb), { ...limits, maxFileBytes: 2_000_000 }),
      PkgstashError,
    );
  });
});

Deno.test("a truncated archive is refused", async () => {
  const whole = await packTar([file("foo/PKGBUILD", "x".repeat(600))]);
  const cut = await gzipped(whole.slice(0, 1024));
  await assertRejects(() => readTreeArchive(streamOf(cut)), PkgstashError, "truncated");
});
