import { join } from "@std/path";
import type { IdMapping } from "./sandbox/namespaces.ts";
import { BUILD_UID } from "./sandbox/namespaces.ts";
import { runAsNamespaceRoot } from "./sandbox/run_sandbox.ts";

/**
 * The directories of one attempt, which are removed when it ends:
 *
 *     conf/        pacman.conf, makepkg.conf, the keyring of the root
 *     etc/         generated files of /etc
 *     root/        where the root is mounted
 *     srcdest/     where the sources are mounted
 *     log          the output of the build
 *
 * These belong to the build user:
 *
 *     startdir/    the approved files
 *     build/       where the build unpacks and compiles
 *     pkgdest/     its packages
 *     gnupg/       the keys of validpgpkeys
 *     upper/       its changes to the sources, with upper.work/
 */
export class Workspace {
  readonly #directory: string;
  readonly #mapping: IdMapping;

  private constructor(directory: string, mapping: IdMapping) {
    this.#directory = directory;
    this.#mapping = mapping;
  }

  static async create(parent: string, mapping: IdMapping): Promise<Workspace> {
    const workspace = new Workspace(join(parent, crypto.randomUUID()), mapping);
    for (const name of ["conf", "etc", "root", "srcdest", ...OWNED, "upper.work"]) {
      await Deno.mkdir(join(workspace.#directory, name), { recursive: true });
    }
    // Only the builder's user has access; sandboxes get bind mounts.
    await workspace.giveToBuild(...OWNED);
    return workspace;
  }

  path(name: WorkspacePart): string {
    return join(this.#directory, name);
  }

  /** Gives parts of the workspace, or other directories, to the build user. */
  async giveToBuild(...names: readonly string[]): Promise<void> {
    if (this.#mapping === "own") return;
    const paths = names.map((name) => name.startsWith("/") ? name : join(this.#directory, name));
    const owner = `${BUILD_UID}:${BUILD_UID}`;
    await this.#asRoot("/usr/bin/chown", "-RPh", owner, "--", ...paths);
  }

  /** Empties the directories that a build writes, for another build. */
  async renew(): Promise<void> {
    const paths = RENEWED.map((name) => join(this.#directory, name));
    await this.#asRoot("/usr/bin/rm", "-rf", "--", ...paths);
    for (const path of paths) await Deno.mkdir(path);
    await this.giveToBuild(...RENEWED.filter((name) => OWNED.includes(name)));
  }

  /** Replaces a part by a directory that the builder wrote, and gives it to the build user. */
  async replace(name: "startdir", directory: string): Promise<void> {
    await this.#asRoot("/usr/bin/rm", "-rf", "--", this.path(name));
    await Deno.rename(directory, this.path(name));
    await this.giveToBuild(name);
  }

  /** Disk usage in bytes. */
  async usedBytes(): Promise<number> {
    const { stdout } = await runAsNamespaceRoot(
      this.#mapping,
      ["/usr/bin/du", "-sB1", "--", this.#directory],
    );
    return Number(/^\d+/.exec(stdout)?.[0] ?? 0);
  }

  async remove(): Promise<void> {
    await this.#asRoot("/usr/bin/rm", "-rf", "--", this.#directory);
  }

  async #asRoot(...argv: readonly string[]): Promise<void> {
    const { code, stdout } = await runAsNamespaceRoot(this.#mapping, argv);
    if (code !== 0) throw new Error(`${argv[0]} exits with ${code}: ${stdout}`);
  }
}

const OWNED: readonly string[] = ["startdir", "build", "pkgdest", "gnupg", "upper"];
const RENEWED: readonly string[] = ["startdir", "build", "pkgdest", "upper", "upper.work"];

/** The name of an entry of the workspace. */
export type WorkspacePart =
  | "conf"
  | "etc"
  | "root"
  | "srcdest"
  | "log"
  | "startdir"
  | "build"
  | "pkgdest"
  | "gnupg"
  | "upper"
  | "upper.work";
