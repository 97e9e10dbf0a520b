import { dirname, join } from "@std/path";
import { finish, type Finished, sendSignal, startProgram } from "../support/child_process.ts";
import { PROJECT } from "../support/project.ts";
import { fileAndName, type Mutant, mutated } from "./mutant.ts";

/** When tests are taken for hanging; the second value is for a machine that is too busy for the first. */
const TEST_TIMEOUTS_MS = [8_000, 60_000];
/** Ample for half of all tests. */
const ALL_TESTS_TIMEOUT_MS = 600_000;
const COPIED = ["src", "tests", "docs", "deploy", "bench"];

export type Outcome = "killed" | "survived";

/** A copy of the project, in which the source is changed and tested. */
export class TreeCopy {
  #running: Deno.ChildProcess | null = null;

  private constructor(readonly root: string) {}

  static async make(folder: string): Promise<TreeCopy> {
    for (const name of COPIED) await copyFolder(join(PROJECT, name), join(folder, name));
    for await (const { name, isFile } of Deno.readDir(PROJECT)) {
      if (isFile) await Deno.copyFile(join(PROJECT, name), join(folder, name));
    }
    return new TreeCopy(folder);
  }

  /**
   * Runs tests on the source as it is.
   * @throws {Error} with what they print, if one fails or a named one does not run.
   */
  async requireSound(tests: readonly string[]): Promise<void> {
    const whole = new Set(tests.filter((test) => fileAndName(test).name === null));
    const named = tests.filter((test) => !whole.has(fileAndName(test).file));
    let printed = "";
    for (const group of [[...whole], named]) {
      const { code, stdout, stderr } = await this.#run(group, ALL_TESTS_TIMEOUT_MS);
      if (code !== 0) throw new Error(`The tests fail without any mutant.\n${stdout}${stderr}`);
      printed += `\n${stdout}`;
    }
    const absent = named.filter((test) => !printed.includes(`\n${fileAndName(test).name} ... ok`));
    if (absent.length > 0) throw new Error(`These tests do not run:\n${absent.join("\n")}`);
  }

  /**
   * Puts a mutant in, runs its tests, and takes it out.
   * @throws {Error} if the mutant cannot be made, or none of its tests runs.
   */
  async try(mutant: Mutant): Promise<Outcome> {
    const path = join(this.root, "src", mutant.file);
    const original = await Deno.readTextFile(path);
    for (const timeoutMs of TEST_TIMEOUTS_MS) {
      await Deno.writeTextFile(path, mutated(original, mutant));
      const { code, signal, stdout, stderr } = await this.#run(mutant.killedBy, timeoutMs)
        .finally(() => Deno.writeTextFile(path, original));
      if (signal === null) {
        if (!/^(ok|FAILED) \| [^0]|\| [1-9]\d* failed/m.test(stdout)) {
          throw new Error(`No test ran.\n${stdout}${stderr}`);
        }
        return code === 0 ? "survived" : "killed";
      }
      // A test that hangs has noticed as well, if it ends in good time without the mutant.
      if ((await this.#run(mutant.killedBy, timeoutMs / 2)).code === 0) return "killed";
    }
    throw new Error("The tests take too long, even without the mutant.");
  }

  /** Runs files, or exactly the tests named if all of `tests` have a name. */
  async #run(tests: readonly string[], timeoutMs: number): Promise<Finished> {
    if (tests.length === 0) return { code: 0, signal: null, stdout: "", stderr: "" };
    const parts = tests.map(fileAndName);
    const files = new Set(parts.map(({ file }) => join("tests/unit", file)));
    const names = parts.flatMap(({ name }) => name ?? []);
    const filter = names.length === tests.length ? [`--filter=${anyOf(names)}`] : [];
    const argv = [Deno.execPath(), "test", "-P=test", "--no-check", "--fail-fast", ...filter];
    const child = startProgram([...argv, ...files], {
      cwd: this.root,
      env: { NO_COLOR: "1" },
      leadsGroup: true,
    });
    this.#running = child;
    return await finish(child, timeoutMs, () => this.kill()).finally(() => this.kill());
  }

  /** Ends the tests that run, and the daemons that a test leaves when it is cut off. */
  kill(): void {
    if (this.#running !== null) sendSignal(-this.#running.pid, "SIGKILL");
  }
}

/** A filter of `deno test` for tests with exactly these names. */
function anyOf(names: readonly string[]): string {
  return `/^(${names.map((name) => RegExp.escape(name)).join("|")})$/`;
}

async function copyFolder(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const { name, isDirectory, isFile } of Deno.readDir(from)) {
    if (isDirectory) await copyFolder(join(from, name), join(to, name));
    else if (isFile) await Deno.copyFile(join(from, name), join(dirname(join(to, name)), name));
  }
}
