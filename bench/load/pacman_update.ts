import { zstdCompressSync } from "node:zlib";
import { randomBytes } from "node:crypto";
import { join } from "@std/path";
import { packTar } from "modern-tar";
import { PacmanClient } from "../../tests/support/end_to_end/pacman_client.ts";
import { sha256Of } from "../../tests/support/sha256.ts";
import { type ListedPackage, syncDbBytes } from "../../tests/support/sync_db_bytes.ts";
import type { Workspace } from "./workspace.ts";

const REPOSITORY = "updates";
const OLD = "0.9-1";
const NEW = "1.0-1";

/**
 * Sizes of packages in bytes: those in the middle of each fiftieth of Arch's extra of 2022, which
 * has 3,029 packages. Half of all bytes are in the last one, as it is.
 */
// deno-fmt-ignore
const SIZES = [
  5195, 8780, 11728, 14226, 17685, 21802, 25894, 30676, 36626, 43920, 53295, 60158, 70318, 81005,
  93495, 110816, 125966, 145734, 167737, 188507, 212063, 234444, 267949, 303933, 337457, 375274,
  408734, 439178, 472828, 502104, 543552, 582877, 627021, 706943, 797041, 908540, 1084831, 1230659,
  1488755, 1903868, 2293735, 2699985, 3340291, 3656363, 4033518, 4515838, 6027841, 10133204,
  23319526, 66547673,
];

/** A repository of packages that pacman can install, and clients that have older ones of them. */
export class PacmanUpdate {
  readonly repository: string = REPOSITORY;
  /** Path in a URL, with a slash at the end. */
  readonly path: string = `/${REPOSITORY}/os/x86_64/`;
  /** Bytes of the package files. */
  readonly bytes: number;
  readonly #workspace: Workspace;
  readonly #packages: readonly ListedPackage[];
  #clients = 0;

  private constructor(workspace: Workspace, packages: readonly ListedPackage[]) {
    this.#workspace = workspace;
    this.#packages = packages;
    this.bytes = packages.reduce((sum, { size }) => sum + size, 0);
  }

  /** Writes the first `count` packages, from the smallest on, below the root of the mirror. */
  static async create(workspace: Workspace, root: string, count: number): Promise<PacmanUpdate> {
    const folder = join(root, REPOSITORY, "os/x86_64");
    await Deno.mkdir(folder, { recursive: true });
    const packages: ListedPackage[] = [];
    for (const [number, size] of SIZES.slice(0, count).entries()) {
      const name = `package${number}`;
      const bytes = await packageBytes(name, size);
      const fileName = `${name}-${NEW}-any.pkg.tar.zst`;
      await Deno.writeFile(join(folder, fileName), bytes);
      packages.push({ name, version: NEW, fileName, size: bytes.length, sha256: sha256Of(bytes) });
    }
    await Deno.writeFile(join(folder, `${REPOSITORY}.db`), await syncDbBytes(packages));
    return new PacmanUpdate(workspace, packages);
  }

  /**
   * Runs `pacman -Syu` on a machine of its own that has an older version of every package.
   * @param prefix What stands before the path of a file in its URLs.
   * @returns Seconds from its exec to its end.
   */
  async measureSeconds(port: number, prefix: string): Promise<number> {
    const folder = await this.#workspace.makeFolder(`pacman/${this.#clients++}`);
    try {
      await using client = await PacmanClient.create(folder, {
        servers: [`http://127.0.0.1:${port}${prefix}/$repo/os/$arch`],
        repositories: [REPOSITORY],
      });
      const local = join(folder, "db/local");
      await Deno.writeTextFile(join(local, "ALPM_DB_VERSION"), "9\n");
      for (const { name } of this.#packages) await writeInstalled(local, name);
      const startedAt = performance.now();
      await client.run("-Syu");
      const seconds = (performance.now() - startedAt) / 1000;
      for (const { name } of this.#packages) await Deno.stat(join(local, `${name}-${NEW}`));
      return seconds;
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  }
}

/** An entry of pacman's database of what is installed. */
async function writeInstalled(local: string, name: string): Promise<void> {
  const folder = join(local, `${name}-${OLD}`);
  await Deno.mkdir(folder);
  const fields = { NAME: name, VERSION: OLD, ARCH: "any", REASON: "0", VALIDATION: "none" };
  const desc = Object.entries(fields).map(([key, value]) => `%${key}%\n${value}\n\n`).join("");
  await Deno.writeTextFile(join(folder, "desc"), desc);
  await Deno.writeTextFile(join(folder, "files"), "%FILES%\n");
}

/** A package as makepkg lays it out, with a payload that cannot be compressed. */
async function packageBytes(name: string, size: number): Promise<Uint8Array<ArrayBuffer>> {
  const info = Object.entries({
    pkgname: name,
    pkgbase: name,
    pkgver: NEW,
    pkgdesc: `${size} bytes for the benchmark`,
    url: "https://example.invalid/",
    builddate: 1_700_000_000,
    packager: "Benchmark <nobody@example.invalid>",
    size,
    arch: "any",
    license: "custom",
  }).map(([key, value]) => `${key} = ${value}\n`).join("");
  const file = (path: string, body: Uint8Array) => ({
    header: { name: path, size: body.length, mode: 0o644, uid: 0, gid: 0 },
    body,
  });
  const tar = await packTar([
    file(".PKGINFO", new TextEncoder().encode(info)),
    file(`usr/share/${name}/payload`, randomBytes(size)),
  ]);
  return new Uint8Array(zstdCompressSync(tar));
}
