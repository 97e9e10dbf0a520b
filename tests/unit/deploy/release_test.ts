import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { parse } from "yaml";
import manifest from "../../../deno.json" with { type: "json" };
import { changelogSection, obstacles } from "../../../deploy/build/release.ts";
import { runCommand } from "../../support/child_process.ts";
import { PROJECT } from "../../support/project.ts";
import { TempFolder } from "../../support/temp_folder.ts";

const CHANGELOG = `# Changelog

## [Unreleased]

## [1.1.0] - 2026-11-23

### Fixed

- A fault.

## [1.0.0] - 2026-11-01

- The first.

[1.1.0]: https://example.org/1.1.0
`;

const read = (path: string) => Deno.readTextFile(`${PROJECT}/${path}`);

Deno.test("the notes of a release are its section of the changelog", async () => {
  assertEquals(changelogSection(CHANGELOG, "1.1.0"), "### Fixed\n\n- A fault.\n");
  assertEquals(changelogSection(CHANGELOG, "1.0.0"), "- The first.\n");
  assertEquals(changelogSection(CHANGELOG, "Unreleased"), null);
  assertEquals(changelogSection(CHANGELOG, "2.0.0"), null);
  assert(changelogSection(await read("CHANGELOG.md"), manifest.version) !== null);
});

Deno.test("nothing is released that is not committed, described and named by its tag", () => {
  const ready = { changelog: CHANGELOG, version: "1.1.0", changed: [], tag: "v1.1.0" };
  assertEquals(obstacles(ready), []);
  assertEquals(obstacles({ ...ready, tag: null }), []);
  assertMatch(obstacles({ ...ready, changed: [" M main.ts"] }).join(), /^1 changes .*main\.ts/);
  assertMatch(obstacles({ ...ready, tag: "v1.0.0" }).join(), /^The tag is v1\.0\.0/);
  assertMatch(
    obstacles({ ...ready, version: "1.2.0", tag: null }).join(),
    /^CHANGELOG.md has no section \[1\.2\.0\]/,
  );
  const changelog = CHANGELOG.replace("[Unreleased]\n", "[Unreleased]\n\n- Something.\n");
  assertMatch(obstacles({ ...ready, changelog }).join(), /under \[Unreleased\]\. Move them/);
});

Deno.test("pkgstash-bin says what the package from source says", async () => {
  const [source, binary] = await Promise.all(
    ["PKGBUILD", "deploy/pkgstash-bin/PKGBUILD"].map(read),
  );
  const metadata = (recipe: string) =>
    [
      ...recipe.matchAll(
        /^ *(?:pkgdesc|url|arch|license|options|depends|optdepends|backup|install|pkgver)=.*$/gm,
      ),
    ].map(([line]) => line.trim());
  assert(metadata(source!).length > 12);
  assertEquals(metadata(binary!), metadata(source!));
  const names = [...source!.matchAll(/^package_(\S+)\(\)/gm)].map(([, name]) => name!);
  for (const name of names) {
    assertStringIncludes(binary!, `package_${name}-bin()`);
    assertStringIncludes(binary!, `provides=("${name}=$pkgver")\n  conflicts=(${name})\n`);
  }
});

Deno.test("the release workflow runs tasks that exist, with the gate's Deno and no right but its own", async () => {
  const workflow = parse(await read(".github/workflows/release.yml"));
  assertEquals(workflow.permissions, { contents: "write" });
  assertEquals(workflow.on, { push: { tags: ["v*"] } });
  const steps: { run?: string; uses?: string; with?: Record<string, string> }[] =
    workflow.jobs.release.steps;
  const gate = await read(".ci/run");
  const version = steps.find(({ uses }) => uses?.startsWith("denoland/setup-deno@"))?.with;
  assertStringIncludes(gate, `deno_version=${version!["deno-version"]}\n`);
  const tasks = steps.flatMap(({ run }) => run?.match(/(?<=deno task )\w+/g) ?? []);
  assertEquals(tasks, ["ok", "compile", "generate", "release"]);
  assertEquals(tasks.filter((task) => !(task in manifest.tasks)), []);
});

Deno.test("the release workflow uploads the files whose checksums it publishes", async () => {
  const workflow = parse(await read(".github/workflows/release.yml"));
  const { run } = workflow.jobs.release.steps.at(-1);
  await using folder = await TempFolder.create();
  const sums = ["PKGBUILD", "pkgstash-1.0.0.tar.gz"].map((name) => `${"a".repeat(64)}  ${name}\n`);
  await Deno.mkdir(folder.join("dist/release"), { recursive: true });
  await Deno.writeTextFile(folder.join("dist/release/SHA256SUMS"), sums.join(""));
  const shell = ["bash", "-ec", `gh() { printf '%s\\n' "$@"; }\n${run}`];
  const given = await runCommand(shell, { cwd: folder.path, env: { PKGSTASH_TAG: "v1.0.0" } });
  assertStringIncludes(
    given,
    "--title\npkgstash 1.0.0\n--notes-file\nNOTES.md\nSHA256SUMS\nPKGBUILD\npkgstash-1.0.0.tar.gz\n",
  );
});
