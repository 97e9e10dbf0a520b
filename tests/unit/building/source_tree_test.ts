import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { readSourceFolder } from "../../../src/building/source_folder.ts";
import {
  isSameFile,
  type SourceFile,
  sourceFile,
  treeHash,
} from "../../../src/building/source_tree.ts";
import { PkgstashError } from "../../../src/errors.ts";
import { inTempFolder } from "../../support/temp_folder.ts";

const encoder = new TextEncoder();
const file = (path: string, text: string, mode: SourceFile["mode"] = "100644") =>
  [path, sourceFile(path, encoder.encode(text), mode)] as const;

Deno.test("a tree's hash depends on paths, modes and bytes, and not on the order of files", async () => {
  const hash = await treeHash(new Map([file("PKGBUILD", "a"), file("b", "c")]));
  assertEquals(await treeHash(new Map([file("b", "c"), file("PKGBUILD", "a")])), hash);
  assertNotEquals(await treeHash(new Map([file("PKGBUILD", "a"), file("c", "c")])), hash);
  assertNotEquals(await treeHash(new Map([file("PKGBUILD", "ab"), file("b", "")])), hash);
  assertNotEquals(
    await treeHash(new Map([file("PKGBUILD", "a"), file("b", "c", "100755")])),
    hash,
  );
});

Deno.test("a file known only by its digest hashes like its content", async () => {
  const sha256 = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb";
  const digested: SourceFile = { path: "x", mode: "100644", content: null, size: 1, sha256 };
  assertEquals(
    await treeHash(new Map([["x", digested]])),
    await treeHash(new Map([file("x", "a")])),
  );
});

Deno.test("a tree with an unread file has no hash, and the file equals none, not even itself", async () => {
  const unread: SourceFile = { path: "x", mode: "160000", content: null, size: 0 };
  await assertRejects(() => treeHash(new Map([["x", unread]])), PkgstashError, "content of x");
  assert(!isSameFile(unread, unread));
});

Deno.test("a folder is read with modes and links, and without its .git", async () => {
  await inTempFolder(async (folder) => {
    await Deno.mkdir(join(folder, ".git"));
    await Deno.writeTextFile(join(folder, ".git/HEAD"), "ref");
    await Deno.mkdir(join(folder, "keys/pgp"), { recursive: true });
    await Deno.writeTextFile(join(folder, "keys/pgp/A.asc"), "key");
    await Deno.writeTextFile(join(folder, "PKGBUILD"), "pkgname=a\n");
    await Deno.chmod(join(folder, "PKGBUILD"), 0o755);
    await Deno.symlink("/etc/passwd", join(folder, "link"));
    await Deno.mkdir(join(folder, "empty"));
    await Deno.mkdir(join(folder, "module"));
    await Deno.writeTextFile(join(folder, "module/.git"), "gitdir: elsewhere");
    const tree = await readSourceFolder(folder);
    assertEquals(
      [...tree.values()].map(({ path, mode }) => `${mode} ${path}`).sort(),
      [
        "100644 keys/pgp/A.asc",
        "100755 PKGBUILD",
        "120000 link",
        "160000 empty",
        "160000 module",
      ],
    );
    assertEquals(new TextDecoder().decode(tree.get("link")!.content!), "/etc/passwd");
  });
});

Deno.test("only the digest of a large file is kept", async () => {
  await inTempFolder(async (folder) => {
    await Deno.writeFile(join(folder, "big"), new Uint8Array(3 << 20));
    const big = (await readSourceFolder(folder)).get("big")!;
    assertEquals([big.content, big.size, big.sha256?.length], [null, 3 << 20, 64]);
    assert(isSameFile(big, { ...big }));
  });
});

Deno.test("a missing folder is an error that names it", async () => {
  await assertRejects(
    () => readSourceFolder("/nonexistent/folder"),
    PkgstashError,
    "Cannot read the folder /nonexistent/folder",
  );
});
