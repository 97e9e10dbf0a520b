import { childEnvironment, finish, sendSignal } from "../child_process.ts";
import { until } from "../until.ts";

/** What a command printed on both of its streams, and how it ended. */
export interface CommandResult {
  readonly code: number;
  readonly output: string;
}

/** A system in a folder, booted with a real systemd; it shares the network of the tests. */
export class BootedMachine implements AsyncDisposable {
  readonly #container: Deno.ChildProcess;
  #leader = 0;

  private constructor(root: string) {
    const options = ["--quiet", "--register=no", "--keep-unit", "--console=pipe", "--boot"];
    this.#container = new Deno.Command("systemd-nspawn", {
      args: ["--directory", root, ...options],
      // The filter of the container itself; those of services are made by the systemd inside.
      env: childEnvironment({ SYSTEMD_SECCOMP: "0" }),
      clearEnv: true,
      stdin: "null",
      stdout: "null",
      stderr: "inherit",
    }).spawn();
  }

  /** Boots, and waits until systemd says that everything is up. */
  static async boot(root: string): Promise<BootedMachine> {
    const machine = new BootedMachine(root);
    try {
      await machine.#untilUp();
    } catch (error) {
      await machine[Symbol.asyncDispose]();
      throw error;
    }
    return machine;
  }

  async #untilUp(): Promise<void> {
    await until("systemd is running", async () => {
      // The container's first process takes the place of one that only prepares.
      this.#leader = await this.#child();
      if (this.#leader === 0) return false;
      const { output } = await this.try("systemctl", "is-system-running");
      return output.trim() === "running";
    }, 90_000);
  }

  /** The process that the container runs as its first, 0 for none yet. */
  async #child(): Promise<number> {
    const { pid } = this.#container;
    const children = await Deno.readTextFile(`/proc/${pid}/task/${pid}/children`);
    return Number(children.trim().split(" ")[0]);
  }

  /** Runs a program in the machine as root, however it ends. */
  async try(...argv: readonly string[]): Promise<CommandResult> {
    const namespaces = ["--mount", "--uts", "--ipc", "--pid", "--root", "--wd=/"];
    const child = new Deno.Command("nsenter", {
      args: [`--target=${this.#leader}`, ...namespaces, ...argv],
      env: { PATH: "/usr/bin:/usr/sbin", LC_ALL: "C" },
      clearEnv: true,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const { code, stdout, stderr } = await finish(
      child,
      120_000,
      () => sendSignal(child.pid, "SIGKILL"),
    );
    return { code, output: stdout + stderr };
  }

  /** Runs a program in the machine as root, which has to succeed, and gives what it printed. */
  async run(...argv: readonly string[]): Promise<string> {
    const { code, output } = await this.try(...argv);
    if (code !== 0) throw new Error(`Cannot run ${argv.join(" ")}: exit code ${code}\n${output}`);
    return output;
  }

  /** A property of a unit, as "MainPID". */
  async property(unit: string, name: string): Promise<string> {
    return (await this.run("systemctl", "show", "--property", name, "--value", unit)).trim();
  }

  /** What a unit has logged. */
  async journal(unit: string): Promise<string> {
    return await this.run("journalctl", "--no-pager", "--output=cat", "--unit", unit);
  }

  /** Shuts the system down. */
  async [Symbol.asyncDispose](): Promise<void> {
    sendSignal(this.#container.pid, "SIGTERM");
    const kill = setTimeout(() => sendSignal(this.#container.pid, "SIGKILL"), 60_000);
    await this.#container.status;
    clearTimeout(kill);
  }
}
