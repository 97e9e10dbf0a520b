import { dirname, join } from "@std/path";
import { finish, type Finished, sendSignal, startProgram } from "../support/child_process.ts";
import { PROJECT } from "../support/project.ts";
import { type Mutant, mutated } from "./mutant.ts";

const TEST_TIMEOUT_MS = 60_000;
/** Ample for half of all tests. */
const ALL_TESTS_TIMEOUT_MS = 600_000;
const COPIED = ["src", "tests", "docs", "deploy", "bench"];

export type Outcome = "killed" | "survived";

/** A copy of the project, in which the source is changed and tested. */
export class TreeCopy {
  private constructor(readonly root: string) {}

  static async make(folder: string): Promise<TreeCopy> {
    for (const name of COPIED) await copyFolder(join(PROJECT, name), join(folder, name));
    for await (const { name, isFile } of Deno.readDir(PROJECT)) {
      if (isFile) await Deno.copyFile(join(PROJECT, name), join(folder, name));
    }
    return new TreeCopy(folder);
  }

  /** Runs tests on the source as it is. */
  async run(tests: readonly string[], timeoutMs = ALL_TESTS_TIMEOUT_MS): Promise<Finished> {
    if (tests.length === 0) return { code: 0, signal: null, stdout: "", stderr: "" };
    const files = new Set(tests.map((test) => join("tests/unit", test.split(": ")[0]!)));
    const names = tests.flatMap((test) => test.split(": ").slice(1).join(": ") || []);
    const filter = names.length === tests.length ? [`--filter=${anyOf(names)}`] : [];
    const argv = [Deno.execPath(), "test", "-P=test", "--no-check", "--fail-fast", ...filter];
    const child = startProgram([...argv, ...files], { cwd: this.root, env: { NO_COLOR: "1" } });
    return await finish(child, timeoutMs, () => sendSignal(child.pid, "SIGKILL"));
  }

  /**
   * Puts a mutant in, runs its tests, and takes it out.
   * @throws {Error} if the mutant cannot be made, or none of its tests runs.
   */
  async try(mutant: Mutant): Promise<Outcome> {
    const path = join(this.root, "src", mutant.file);
    const original = await Deno.readTextFile(path);
    await Deno.writeTextFile(path, mutated(original, mutant));
    try {
      const { code, signal, stdout, stderr } = await this.run(mutant.killedBy, TEST_TIMEOUT_MS);
      // A test that hangs has noticed as well.
      if (signal !== null) return "killed";
      if (!/^(ok|FAILED) \| [^0]|\| [1-9]\d* failed/m.test(stdout)) {
        throw new Error(`No test ran.\n${stdout}${stderr}`);
      }
      return code === 0 ? "survived" : "killed";
    } finally {
      await Deno.writeTextFile(path, original);
    }
  }
}

/** A filter of `deno test` for tests with exactly these names. */
function anyOf(names: readonly string[]): string {
  const escaped = names.map((name) => name.replaceAll(/[.*+?^${}()|[\]\\/]/g, "\\$&"));
  return `/^(${escaped.join("|")})$/`;
}

async function copyFolder(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const { name, isDirectory, isFile } of Deno.readDir(from)) {
    if (isDirectory) await copyFolder(join(from, name), join(to, name));
    else if (isFile) await Deno.copyFile(join(from, name), join(dirname(join(to, name)), name));
  }
}
