import { dirname, join } from "@std/path";
import { unpackTar } from "modern-tar";
import { BuildFailure } from "../failure.ts";
import { makeLink } from "../sandbox/run_sandbox.ts";

/** More than the AUR accepts for one package base. */
const MAX_BYTES = 64 * 1024 * 1024;

/** Plain names, at any depth. */
const PATH = /^(?!\/)(?:(?!\.{1,2}(?:\/|$))[^/\0]+(?:\/|$))+$/;

/**
 * Writes the files of a tar archive into an empty directory. Nothing in the archive can lead out of
 * it: links are created after everything else, and no path is written twice.
 *
 * @throws {BuildFailure} if the archive is not one that a daemon sends.
 */
export async function unpackTree(
  archive: Uint8Array<ArrayBuffer>,
  directory: string,
): Promise<void> {
  if (archive.length > MAX_BYTES) throw unfit("it is too large");
  const entries = await unpackTar(archive);
  const links: [path: string, target: string][] = [];
  for (const { header, data } of entries) {
    const { name, type = "file", linkname = "", mode = 0o644 } = header;
    if (!PATH.test(name)) throw unfit(`it contains the path ${JSON.stringify(name)}`);
    const path = join(directory, name);
    if (type === "directory") await Deno.mkdir(path, { recursive: true });
    else if (type === "symlink") links.push([path, linkname]);
    else if (type === "file") {
      await Deno.mkdir(dirname(path), { recursive: true });
      const options = { createNew: true, mode: (mode & 0o100) === 0 ? 0o644 : 0o755 };
      await Deno.writeFile(path, data ?? new Uint8Array(0), options);
    } else throw unfit(`${JSON.stringify(name)} is a ${type}`);
  }
  for (const [path, target] of links) {
    await Deno.mkdir(dirname(path), { recursive: true });
    await makeLink(target, path);
  }
}

/** Sets pkgrel or pkgver in a PKGBUILD, to rebuild the same version. */
export async function setVariable(
  path: string,
  name: "pkgrel" | "pkgver",
  value: string,
): Promise<void> {
  // bash reads the file.
  const isPlain = /^[A-Za-z0-9][A-Za-z0-9@._+~]*$/.test(value);
  const text = await Deno.readTextFile(path);
  const line = new RegExp(`^${name}=.*$`, "m");
  if (!isPlain || !line.test(text)) {
    throw new BuildFailure(
      "build_error",
      "preparing",
      `Cannot set ${name} to ${value}: ` +
        (isPlain ? `the PKGBUILD has no line that begins with ${name}=.` : "it is not a version."),
    );
  }
  await Deno.writeTextFile(path, text.replace(line, () => `${name}=${value}`));
}

function unfit(reason: string): BuildFailure {
  return new BuildFailure(
    "builder_unfit",
    "preparing",
    `Cannot use the files of the job: ${reason}. Upgrade the builder and the daemon together.`,
  );
}
