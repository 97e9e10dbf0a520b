import { join } from "@std/path";
import { freePort } from "../free_port.ts";
import { BootedMachine } from "./booted_machine.ts";
import { BuiltPackage } from "./built_package.ts";
import { MachineRoot } from "./machine_root.ts";

export const SERVICE = "pkgstash.service";
export const BUILDER_SERVICE = "pkgstash-builder.service";
const CONFIGURATION = "etc/pkgstash/pkgstash.toml";

/** A machine that booted after pacman had installed the package in it. */
export class InstalledService implements AsyncDisposable {
  readonly port = freePort();
  readonly #resources = new AsyncDisposableStack();
  #shipped = "";

  readonly root: MachineRoot;
  readonly machine: BootedMachine;

  private constructor(root: MachineRoot, machine: BootedMachine) {
    this.root = root;
    this.machine = machine;
  }

  /** Boots it, with the package of the builder besides if that is asked for. */
  static async boot({ withBuilder = false } = {}): Promise<InstalledService> {
    await using resources = new AsyncDisposableStack();
    const built = resources.use(await BuiltPackage.build());
    const root = resources.use(await MachineRoot.create());
    await root.install(built.file);
    if (withBuilder) await root.install(built.builderFile);
    const machine = resources.use(
      await BootedMachine.boot(root.root, { hasWholeProc: withBuilder }),
    );
    const service = new InstalledService(root, machine);
    service.#shipped = await root.read(CONFIGURATION);
    service.#resources.use(resources.move());
    return service;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/`;
  }

  /** Writes the installed configuration with these lines on top, and a free port. */
  async configure(...lines: readonly string[]): Promise<void> {
    const own = [`port = ${this.port}`, 'listen_address = "127.0.0.1"', ...lines];
    await this.root.write(CONFIGURATION, `${own.join("\n")}\n${this.#shipped}`);
  }

  /** Adds lines to a unit, as `systemctl edit` does. */
  async edit(unit: string, name: string, ...lines: readonly string[]): Promise<void> {
    await this.root.write(
      join("etc/systemd/system", `${unit}.d`, `${name}.conf`),
      `[Service]\n${lines.join("\n")}\n`,
    );
    await this.machine.run("systemctl", "daemon-reload");
  }

  /** The install script of a package. Outside the booted system, pacman cannot run its systemctl. */
  async installScript(name: string): Promise<string> {
    const database = "var/lib/pacman/local";
    const entry = [...Deno.readDirSync(this.root.path(database))]
      .find((each) => each.name.replace(/(?:-[^-]+){2}$/, "") === name)!;
    return await this.root.read(`${database}/${entry.name}/install`);
  }

  async systemctl(...args: readonly string[]): Promise<string> {
    return await this.machine.run("systemctl", ...args);
  }

  /** Starts the service anew, however often that was done before. */
  async restart(): Promise<void> {
    // systemd counts starts, also over a reload of its units.
    await this.systemctl("reset-failed", SERVICE);
    await this.systemctl("restart", SERVICE);
  }

  async property(name: string): Promise<string> {
    return await this.machine.property(SERVICE, name);
  }

  /** The HTTP status of a response from the service, or from an absolute URL. */
  async statusOf(path: string, init: RequestInit = {}): Promise<number> {
    const response = await fetch(new URL(path, this.url), init);
    await response.body?.cancel();
    return response.status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
  }
}
