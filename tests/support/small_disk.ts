import { statfs } from "node:fs/promises";

/** Why tests on small disks are ignored: only root can mount; "" if they are not. */
export const SMALL_DISK_NOTE = Deno.uid() === 0 ? "" : " (needs root)";

/** A real file system of a few megabytes, in memory. */
export class SmallDisk implements AsyncDisposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static async mount(megabytes: number): Promise<SmallDisk> {
    const path = await Deno.makeTempDir({ prefix: "pkgstash-disk-" });
    await run("mount", "-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", path);
    return new SmallDisk(path);
  }

  async freeBytes(): Promise<number> {
    const { bavail, bsize } = await statfs(this.path);
    return bavail * bsize;
  }

  /** Fills it as another program would, until `left` bytes are free; replaces the last filling. */
  async fill(left = 0): Promise<void> {
    await Deno.remove(this.#filling).catch(() => {});
    using file = await Deno.open(this.#filling, { write: true, create: true });
    const chunk = new Uint8Array(4096).fill(1);
    try {
      while (await this.freeBytes() > left) await file.write(chunk);
    } catch {
      // It is full.
    }
  }

  /** Removes the filling. */
  async drain(): Promise<void> {
    await Deno.remove(this.#filling);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await run("umount", "--lazy", this.path);
    await Deno.remove(this.path);
  }

  get #filling(): string {
    return `${this.path}/filling`;
  }
}

async function run(program: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(program, { args }).output();
  if (!success) throw new Error(`${program} failed: ${new TextDecoder().decode(stderr)}`);
}
