// Sources from servers, VCS sources, keys, and what a root has.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { buildingTest, packageSource } from "../../support/building/build_bed.ts";
import { GitServer } from "../../support/building/git_server.ts";
import { FakeMirror } from "../../support/fake_mirror.ts";
import { sha256Of } from "../../support/sha256.ts";

const TEXT = new TextEncoder().encode("the source of a package\n");
const PACKAGE =
  'package() { install -Dm644 "$srcdir/file.txt" "$pkgdir/usr/share/$pkgname/file"; }';

buildingTest("sources are fetched once, and checked", async (bed, t) => {
  await using upstream = await FakeMirror.start();
  upstream.put("/file.txt", TEXT);
  await bed.builder();
  const { queue } = bed;
  const source = [`${upstream.url}file.txt`];
  const sum = sha256Of(TEXT);

  await t.step("a source is fetched once, also for a second build", async () => {
    const fields = { source, sha256sums: [sum] };
    for (let build = 1; build <= 2; build++) {
      const job = queue.add(packageSource("fetched", { fields, body: PACKAGE }));
      assertEquals((await queue.resultOf(job)).outcome, "built");
    }
    assertEquals(upstream.count("/file.txt", "GET"), 1);
  });

  await t.step("failures are distinguished by their cause", async () => {
    const failures: [string, Record<string, string[]>, string][] = [
      ["checksum", { source, sha256sums: ["0".repeat(64)] }, "checksum"],
      ["gone", { source: [`${upstream.url}gone.txt`], sha256sums: ["SKIP"] }, "source_gone"],
      ["unreachable", { source: ["http://127.0.0.1:9/file.txt"], sha256sums: ["SKIP"] }, "network"],
      ["lacking", { depends: ["no-such-package>=2"] }, "dependency_missing"],
    ];
    for (const [name, fields, expected] of failures) {
      const job = queue.add(packageSource(name, { fields, body: PACKAGE }));
      const result = await queue.resultOf(job);
      assertEquals([result.outcome, "failure" in result && result.failure], ["failed", expected]);
    }
    const functions: [string, string, string][] = [
      ["broken", `build() { false; }\n${PACKAGE}`, "build_error"],
      ["untested", "check() { false; }\npackage() { :; }", "test_failure"],
      ["syntax", "build() {", "build_error"],
    ];
    for (const [name, body, expected] of functions) {
      const job = queue.add(packageSource(name, { body }));
      const result = await queue.resultOf(job);
      assertEquals([result.outcome, "failure" in result && result.failure], ["failed", expected]);
    }
  });

  await t.step("settings can skip check()", async () => {
    const source = packageSource("unchecked", {
      fields: { checkdepends: ["no-such-package"] },
      body: 'check() { false; }\npackage() { install -d "$pkgdir/usr"; }',
    });
    const job = queue.add({ ...source, settings: { check: false } });
    assertEquals((await queue.resultOf(job)).outcome, "built");
  });

  await t.step(
    "a signed source needs a key that the PKGBUILD lists and the package brings",
    async () => {
      const key = await bed.bed.signingKey();
      const folder = await bed.bed.newFolder("signed");
      await Deno.writeFile(join(folder, "file.txt"), TEXT);
      await key.sign(join(folder, "file.txt"));
      upstream.put("/file.txt.sig", await Deno.readFile(join(folder, "file.txt.sig")));
      const fields = {
        source: [...source, `${upstream.url}file.txt.sig`],
        sha256sums: [sum, "SKIP"],
        validpgpkeys: [key.fingerprint],
      };
      const more = { [`keys/pgp/${key.fingerprint}.asc`]: await key.armored() };
      const good = queue.add(packageSource("signed", { fields, body: PACKAGE, more }));
      assertEquals((await queue.resultOf(good)).outcome, "built");
      const stranger = { ...fields, validpgpkeys: ["0".repeat(40)] };
      const bad = queue.add(packageSource("forged", { fields: stranger, body: PACKAGE, more }));
      const result = await queue.resultOf(bad);
      assertEquals("failure" in result && result.failure, "signature");
    },
  );

  await t.step("pkgver() of a git source gives the version, without a network", async () => {
    await using repository = await GitServer.start();
    await repository.commit({ "file.txt": "one\n" });
    const job = queue.add({
      ...packageSource("made-git", {
        fields: { source: [`made::git+${repository.url}`], sha256sums: ["SKIP"] },
        body: `pkgver() { cd made; printf '1.0.r%s' "$(git rev-list --count HEAD)"; }
package() { install -Dm644 made/file.txt "$pkgdir/usr/share/made/file"; }`,
      }),
      is_vcs: true,
    });
    assertEquals((await queue.resultOf(job)).outcome, "built");
    assertEquals([...job.products.keys()], ["made-git-1.0.r1-1-any.pkg.tar.zst"]);
  });
});

buildingTest("sources are kept while there is room for them", async (bed) => {
  await using upstream = await FakeMirror.start();
  upstream.put("/file.txt", TEXT);
  const builder = await bed.builder({ max_sources: "1KB" });
  const { queue } = bed;
  const fields = { source: [`${upstream.url}file.txt`], sha256sums: [sha256Of(TEXT)] };
  for (let build = 1; build <= 2; build++) {
    const job = queue.add(packageSource("roomy", { fields, body: PACKAGE }));
    assertEquals((await queue.resultOf(job)).outcome, "built");
    await builder.printed(new RegExp("(removed kept sources.*roomy[^]*){" + build + "}"));
  }
  assertEquals(upstream.count("/file.txt", "GET"), 2);
});

buildingTest("a root contains what packages require, and nothing else", async (bed, t) => {
  await bed.builder();
  const { queue } = bed;
  const look = `build() {
    cat /usr/share/made-base/scriptlet /usr/share/made-hooks/hook
    stat -c '%a %n' /usr/share/made-base/elevated /var/lib/made-base /usr/share/made-base/shadow
    cat /usr/share/made-base/shadow 2>/dev/null && echo "reads shadow"
    [ -e /usr/share/made-library/answer ] && echo "has the library"; true
  }
  package() { install -d "$pkgdir/usr"; }`;

  await t.step(
    "a root has run scriptlets and hooks, and keeps setuid files and modes",
    async () => {
      const job = queue.add(packageSource("looking", { body: look }));
      assertEquals((await queue.resultOf(job)).outcome, "built");
      const log = queue.logOf(job);
      assertMatch(log, /^installed by 0$/m);
      assertMatch(log, /^proc$/m);
      assertMatch(log, /^ran$/m);
      assertMatch(log, /^6755 \/usr\/share\/made-base\/elevated$/m);
      assertMatch(log, /^2770 \/var\/lib\/made-base$/m);
      assertMatch(log, /^640 \/usr\/share\/made-base\/shadow$/m);
      assert(!log.includes("reads shadow"), "a build does not read what belongs to root");
      assert(!log.includes("has the library"));
    },
  );

  await t.step(
    "a dependency is installed only where it is declared, even as a provided library",
    async () => {
      const fields = { makedepends: ["libmade.so=1-64"] };
      const job = queue.add(packageSource("needing", { fields, body: look }));
      assertEquals((await queue.resultOf(job)).outcome, "built");
      assertMatch(queue.logOf(job), /^has the library$/m);
      const other = queue.add(packageSource("other", { body: look }));
      await queue.resultOf(other);
      assert(!queue.logOf(other).includes("has the library"));
    },
  );

  await t.step("a package of a repository with a wrong signature is not installed", async () => {
    const { repository } = queue.jobs[0]!.job;
    const stranger = { ...repository, fingerprint: "0".repeat(40), public_keys: null };
    const job = queue.add({
      ...packageSource("trusting", { fields: { depends: ["small"] }, body: look }),
      repository: stranger,
    });
    const small = queue.add(
      packageSource("small", { body: 'package() { install -d "$pkgdir/usr"; }' }),
    );
    await queue.resultOf(small);
    await bed.publish(small);
    const again = queue.add({
      ...packageSource("trusting", { fields: { depends: ["small"] }, body: look }),
      repository: stranger,
    });
    assertEquals((await queue.resultOf(job)).outcome, "failed");
    assertEquals((await queue.resultOf(again)).outcome, "failed");
    const control = queue.add(
      packageSource("trusting", { fields: { depends: ["small"] }, body: look }),
    );
    assertEquals((await queue.resultOf(control)).outcome, "built");
  });
});
