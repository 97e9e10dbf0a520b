import { join } from "@std/path";
import { runCommand } from "../child_process.ts";
import { FakeMirror } from "../fake_mirror.ts";
import { TempFolder } from "../temp_folder.ts";

/** A git repository that a server on loopback shows as files. */
export class GitServer implements AsyncDisposable {
  readonly #mirror: FakeMirror;
  readonly #folder: TempFolder;

  private constructor(mirror: FakeMirror, folder: TempFolder) {
    this.#mirror = mirror;
    this.#folder = folder;
  }

  static async start(): Promise<GitServer> {
    const server = new GitServer(await FakeMirror.start(), await TempFolder.create());
    await server.git("init", "--quiet", "--initial-branch=main");
    return server;
  }

  get url(): string {
    return `${this.#mirror.url}made.git`;
  }

  /** Commits files to a branch that is checked out; returns the commit. */
  async commit(files: Readonly<Record<string, string>>, branch = "main"): Promise<string> {
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(join(this.#folder.path, name), text);
    }
    await this.git("add", ".");
    await this.git("commit", "--quiet", "--allow-empty", "-m", "a change");
    return await this.publish(branch);
  }

  /** Shows what the repository has now; returns the commit of a branch. */
  async publish(branch = "main"): Promise<string> {
    await this.git("update-server-info");
    const root = join(this.#folder.path, ".git");
    for await (const path of filesOf(root)) {
      this.#mirror.put(`/made.git/${path}`, await Deno.readFile(join(root, path)));
    }
    return await Deno.readTextFile(join(root, `refs/heads/${branch}`)).then((text) => text.trim());
  }

  async git(...args: readonly string[]): Promise<void> {
    const identity = ["-c", "user.name=x", "-c", "user.email=x@example.invalid"];
    await runCommand(["git", ...identity, ...args], { cwd: this.#folder.path });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#mirror[Symbol.asyncDispose]();
    await this.#folder[Symbol.asyncDispose]();
  }
}

async function* filesOf(folder: string, prefix = ""): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) yield* filesOf(join(folder, name), `${prefix}${name}/`);
    else yield `${prefix}${name}`;
  }
}
