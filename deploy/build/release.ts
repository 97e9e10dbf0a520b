/**
 * Writes a release to `dist/release`: `deno task release`, after `deno task compile` and `deno task
 * generate`. It has
 *
 * - `pkgstash-VERSION.tar.gz`, the source, with the PKGBUILD that builds it and its install scripts,
 * - `pkgstash-VERSION-x86_64.tar.gz`, both programs and their files,
 * - `pkgstash-bin`, the folder of the PKGBUILD that installs them, and the same as an archive,
 * - `NOTES.md`, the section of CHANGELOG.md,
 * - `SHA256SUMS` of all these files, which are what is uploaded.
 *
 * With `--snapshot` it takes what is not released yet, with the notes of "Unreleased".
 */
import { basename, join, relative } from "@std/path";
import { VERSION } from "../../src/version.ts";
import { commitOf } from "./commit.ts";
import {
  outputOf,
  PROJECT,
  projectUrl,
  sha256Of,
  uncommitted,
  writeRecipe,
  writeSourcePackage,
} from "./source_archive.ts";

const PROGRAMS = ["pkgstash", "pkgstash-builder"];

/**
 * The section of a changelog in the form of Keep a Changelog, without its heading; null if it has no
 * such section, or nothing in it.
 */
export function changelogSection(changelog: string, version: string): string | null {
  const sections = changelog.split(/^## /m).slice(1);
  const section = sections.find((each) => each.startsWith(`[${version}]`));
  // Links are listed at the end.
  const text = section?.replace(/^.*\n/, "").replace(/^\[[^\]]+\]: .*$/gm, "").trim() ?? "";
  return text === "" ? null : `${text}\n`;
}

/** Why this cannot be released, each with what to do about it. */
export function obstacles(
  { changelog, version, changed, tag }: {
    changelog: string;
    version: string;
    /** What is not committed. */
    changed: readonly string[];
    /** The tag that is released; null if none is named. */
    tag: string | null;
  },
): string[] {
  const found: string[] = [];
  if (changed.length > 0) {
    found.push(
      `${changed.length} changes are not committed, such as "${changed[0]}". Commit them.`,
    );
  }
  if (changelogSection(changelog, "Unreleased") !== null) {
    found.push(
      `CHANGELOG.md has changes under [Unreleased]. Move them to a section [${version}].`,
    );
  }
  if (changelogSection(changelog, version) === null) {
    found.push(`CHANGELOG.md has no section [${version}]. Write it.`);
  }
  if (tag !== null && tag !== `v${version}`) {
    found.push(`The tag is ${tag}, and the version in deno.json is ${version}. Change either.`);
  }
  return found;
}

async function writeRelease(notes: string): Promise<string> {
  const folder = join(PROJECT, "dist/release");
  await Deno.remove(folder, { recursive: true }).catch(() => {});
  await writeSourcePackage(folder);
  const archive = await writeBinaryArchive(folder);
  const recipes = join(folder, "pkgstash-bin");
  await Deno.mkdir(recipes);
  await writeRecipe(join(PROJECT, "deploy/pkgstash-bin/PKGBUILD"), recipes, archive);
  await writeArchive(join(folder, `pkgstash-bin-${VERSION}.tar`), folder, basename(recipes));
  await Deno.writeTextFile(join(folder, "NOTES.md"), notes);
  const files = [...Deno.readDirSync(folder)].filter(({ isFile }) => isFile);
  const sums: string[] = [];
  for (const { name } of files.toSorted((a, b) => a.name < b.name ? -1 : 1)) {
    sums.push(`${await sha256Of(join(folder, name))}  ${name}\n`);
  }
  await Deno.writeTextFile(join(folder, "SHA256SUMS"), sums.join(""));
  return folder;
}

async function writeBinaryArchive(folder: string): Promise<string> {
  const name = `pkgstash-${VERSION}-x86_64`;
  const stage = join(PROJECT, "dist/stage");
  await Deno.remove(stage, { recursive: true }).catch(() => {});
  for (const program of PROGRAMS) {
    await outputOf("sh", "deploy/install.sh", program, join(stage, name, program));
  }
  const archive = await writeArchive(join(folder, `${name}.tar`), stage, name);
  await Deno.remove(stage, { recursive: true });
  return archive;
}

/** Packs a folder of `parent` and compresses the archive. The same tree gives the same bytes. */
async function writeArchive(archive: string, parent: string, name: string): Promise<string> {
  const at = (await outputOf("git", "log", "-1", "--format=%ct")).trim();
  const sorted = ["--sort=name", `--mtime=@${at}`, "--owner=0", "--group=0", "--numeric-owner"];
  await outputOf("tar", ...sorted, "-C", parent, "-cf", archive, name);
  await outputOf("gzip", "-n", archive);
  return `${archive}.gz`;
}

/** Programs of another commit would be released under this one's name. */
async function staleProgram(): Promise<string | null> {
  const commit = await commitOf(PROJECT);
  for (const program of PROGRAMS) {
    const said = await outputOf(join(PROJECT, "dist", program), "--version").catch(() => "");
    if (!said.includes(commit)) return program;
  }
  return null;
}

async function release(isSnapshot: boolean): Promise<number> {
  const changelog = await Deno.readTextFile(join(PROJECT, "CHANGELOG.md"));
  const tag = Deno.env.get("PKGSTASH_TAG") || null;
  const found = isSnapshot
    ? []
    : obstacles({ changelog, version: VERSION, changed: await uncommitted(), tag });
  const stale = await staleProgram();
  if (stale !== null) {
    found.push(
      `dist/${stale} is not of this commit. Run "deno task compile" and "deno task generate".`,
    );
  }
  if (found.length > 0) {
    console.error(`Cannot release ${VERSION}:\n${found.map((each) => `  ${each}`).join("\n")}`);
    return 1;
  }
  const notes = changelogSection(changelog, isSnapshot ? "Unreleased" : VERSION) ?? "";
  console.log(relative(Deno.cwd(), await writeRelease(notes)));
  if (await projectUrl() === "") {
    console.log(
      "PKGBUILD has no url, so pkgstash-bin expects its archive beside its PKGBUILD.",
    );
  }
  return 0;
}

if (import.meta.main) Deno.exit(await release(Deno.args.includes("--snapshot")));
