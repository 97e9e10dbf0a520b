import { assertEquals, assertRejects } from "@std/assert";
import { PkgstashError } from "../../../src/errors.ts";
import { patchedTree } from "../../../src/building/patched_tree.ts";
import type { SourceTree } from "../../../src/building/source_tree.ts";
import { treeOf } from "../../support/source_trees.ts";

const TREE = treeOf({
  PKGBUILD: "pkgname=foo\npkgver=1\nbuild() {\n  make\n}\n",
  "run.sh": { mode: "100755", text: "#!/bin/sh\nexit 1\n" },
  logo: { mode: "120000", text: "PKGBUILD" },
});

const textsOf = (tree: SourceTree) =>
  Object.fromEntries(
    [...tree.values()].map(({ path, mode, content }) => [
      path,
      `${mode.slice(-3)} ${new TextDecoder().decode(content!)}`,
    ]),
  );

const CHANGE = `--- a/PKGBUILD
+++ b/PKGBUILD
@@ -3,3 +3,3 @@
 build() {
-  make
+  make -j1
 }
`;
const NEW_FILE = "--- /dev/null\n+++ b/fix.patch\n@@ -0,0 +1 @@\n+hello\n";
const REMOVAL = "--- a/run.sh\n+++ /dev/null\n@@ -1,2 +0,0 @@\n-#!/bin/sh\n-exit 1\n";
const OF_SCRIPT = "--- run.sh\n+++ run.sh\n@@ -1,2 +1,2 @@\n #!/bin/sh\n-exit 1\n+exit 0\n";

Deno.test("patches change, add and remove files in order, and keep modes", async () => {
  assertEquals(textsOf(await patchedTree(TREE, [CHANGE + NEW_FILE, OF_SCRIPT])), {
    PKGBUILD: "644 pkgname=foo\npkgver=1\nbuild() {\n  make -j1\n}\n",
    "run.sh": "755 #!/bin/sh\nexit 0\n",
    logo: "000 PKGBUILD",
    "fix.patch": "644 hello\n",
  });
  assertEquals((await patchedTree(TREE, [REMOVAL])).has("run.sh"), false);
  assertEquals(await patchedTree(TREE, []), TREE);
  assertEquals(TREE.size, 3, "the tree itself stays");
});

Deno.test("a patch that does not apply exactly is rejected with the reason", async () => {
  const wrong: [string[], string][] = [
    [[CHANGE, CHANGE], "Cannot apply patch 2: PKGBUILD differs from the file that it was made for"],
    [
      [CHANGE.replace(" build() {", " build ()")],
      "PKGBUILD differs from the file that it was made for",
    ],
    [[CHANGE.replaceAll("PKGBUILD", "other")], "other does not exist"],
    [[NEW_FILE, NEW_FILE], "fix.patch already exists"],
    [[NEW_FILE.replace("fix.patch", "../../etc/passwd")], "it names"],
    [[NEW_FILE.replace("b/fix.patch", "/etc/passwd")], "it names"],
    [[CHANGE.replaceAll("PKGBUILD", "logo")], "logo is not text"],
    [["hello"], "it is not a unified diff"],
    [[""], "it is not a unified diff"],
    [["--- a/PKGBUILD\n+++ b/PKGBUILD\n@@ -1,9 +1 @@\n x\n"], "it is not a unified diff"],
  ];
  for (const [patches, reason] of wrong) {
    await assertRejects(() => patchedTree(TREE, patches), PkgstashError, reason);
  }
});
