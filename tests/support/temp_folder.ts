import { join } from "@std/path";

/** A new, empty folder. Disposing of it removes it with everything in it. */
export class TempFolder implements AsyncDisposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** Creates it in the system's folder for temporary files. */
  static async create(prefix = "pkgstash-"): Promise<TempFolder> {
    return new TempFolder(await Deno.makeTempDir({ prefix }));
  }

  /** The path of something in the folder. */
  join(...parts: string[]): string {
    return join(this.path, ...parts);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}

/** Runs with the path of a new folder, which is removed afterwards. */
export async function inTempFolder(run: (path: string) => Promise<void>): Promise<void> {
  await using folder = await TempFolder.create();
  await run(folder.path);
}
