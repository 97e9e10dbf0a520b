import { childEnvironment, finish, sendSignal } from "../child_process.ts";
import { until } from "../until.ts";

/** How a command ended, and what it printed on both streams together. */
export interface CommandResult {
  readonly code: number;
  readonly output: string;
}

export interface MachineOptions {
  /**
   * Whether programs may make namespaces with a /proc of their own: the kernel allows that only
   * where no part of /proc is covered, as nspawn covers some.
   */
  readonly hasWholeProc?: boolean;
}

/** A system in a folder, booted with a real systemd; it shares the network of the tests. */
export class BootedMachine implements AsyncDisposable {
  readonly #container: Deno.ChildProcess;
  #leader = 0;

  private constructor(root: string, { hasWholeProc = false }: MachineOptions) {
    const options = ["--quiet", "--register=no", "--keep-unit", "--console=pipe", "--boot"];
    // Where the machine of the tests still has the first version of cgroups.
    const kernelArgument = "SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1";
    this.#container = new Deno.Command("systemd-nspawn", {
      args: ["--directory", root, ...options, kernelArgument],
      env: childEnvironment({
        // Affects the container's own filter only; the systemd inside makes those of services.
        SYSTEMD_SECCOMP: "0",
        ...hasWholeProc ? { SYSTEMD_NSPAWN_API_VFS_WRITABLE: "1" } : {},
      }),
      clearEnv: true,
      stdin: "null",
      stdout: "null",
      stderr: "inherit",
    }).spawn();
  }

  /** Boots it and waits until systemd reports that everything is running. */
  static async boot(root: string, options: MachineOptions = {}): Promise<BootedMachine> {
    const machine = new BootedMachine(root, options);
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
      // A process that only prepares the container comes before its real first one.
      this.#leader = await this.#child();
      if (this.#leader === 0) return false;
      const { output } = await this.try("systemctl", "is-system-running");
      return output.trim() === "running";
    }, 90_000);
  }

  /** The id of the container's first process; 0 while there is none. */
  async #child(): Promise<number> {
    const { pid } = this.#container;
    const children = await Deno.readTextFile(`/proc/${pid}/task/${pid}/children`);
    return Number(children.trim().split(" ")[0]);
  }

  /** Runs a program in the machine as root; a failure is a result like any other. */
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

  /** Runs a program in the machine as root and returns what it printed; throws if it fails. */
  async run(...argv: readonly string[]): Promise<string> {
    const { code, output } = await this.try(...argv);
    if (code !== 0) throw new Error(`Cannot run ${argv.join(" ")}: exit code ${code}.\n${output}`);
    return output;
  }

  /** A property of a unit, such as "MainPID". */
  async property(unit: string, name: string): Promise<string> {
    return (await this.run("systemctl", "show", "--property", name, "--value", unit)).trim();
  }

  /** Everything that a unit has logged. */
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
