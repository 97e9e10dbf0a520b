import { assertEquals, assertRejects } from "@std/assert";
import { BuildingLayout } from "../../../src/building/building_layout.ts";
import { sourceFile, treeHash } from "../../../src/building/source_tree.ts";
import { TreeStore } from "../../../src/building/trees.ts";
import { PkgstashError } from "../../../src/errors.ts";
import { inTempFolder } from "../../support/temp_folder.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const TREE = new Map([
  sourceFile("PKGBUILD", bytes("pkgname=a\n"), "100755"),
  sourceFile("icon.png", new Uint8Array([0x89, 0x50, 0xff, 0x00])),
  sourceFile("link", bytes("../elsewhere"), "120000"),
  sourceFile("bom.txt", new Uint8Array([0xef, 0xbb, 0xbf, 0x61])),
].map((file) => [file.path, file]));

Deno.test("a tree is read back as it was stored: bytes, modes and links", async () => {
  await inTempFolder(async (folder) => {
    const store = new TreeStore(new BuildingLayout(folder));
    const hash = await store.put(TREE);
    assertEquals(hash, await treeHash(TREE));
    assertEquals(await new TreeStore(new BuildingLayout(folder)).read(hash), TREE);
  });
});

Deno.test("a tree that has changed on disk is refused", async () => {
  await inTempFolder(async (folder) => {
    const layout = new BuildingLayout(folder);
    const store = new TreeStore(layout);
    const hash = await store.put(TREE);
    const text = await Deno.readTextFile(layout.tree(hash));
    await Deno.writeTextFile(layout.tree(hash), text.replace("pkgname=a", "pkgname=b"));
    const error = await assertRejects(() => store.read(hash), PkgstashError, "has changed");
    assertEquals(error.kind, "storage");
  });
});

Deno.test("an unknown hash, or a name that is not a hash, gives no tree", async () => {
  await inTempFolder(async (folder) => {
    const store = new TreeStore(new BuildingLayout(folder));
    assertEquals(await store.read("0".repeat(64)), null);
    assertEquals(await store.read("../../secret"), null);
  });
});

Deno.test("trees that nothing refers to are removed", async () => {
  await inTempFolder(async (folder) => {
    const store = new TreeStore(new BuildingLayout(folder));
    const kept = await store.put(TREE);
    const old = await store.put(new Map([["a", sourceFile("a", bytes("a"))]]));
    await store.keepOnly(new Set([kept]));
    assertEquals(await store.read(old), null);
    assertEquals(await store.read(kept), TREE);
  });
});
