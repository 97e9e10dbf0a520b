import { dirname, join } from "@std/path";
import { runCommand } from "../child_process.ts";
import { TempFolder } from "../temp_folder.ts";

/** The hooks of Arch's systemd package: they create users and files after a transaction. */
const HOOKS: Record<string, string> = {
  "20-systemd-sysusers.hook": hook("usr/lib/sysusers.d/*.conf", "/usr/bin/systemd-sysusers"),
  "30-systemd-tmpfiles.hook": hook(
    "usr/lib/tmpfiles.d/*.conf",
    "/usr/bin/systemd-tmpfiles --create",
  ),
};

function hook(target: string, command: string): string {
  return `[Trigger]
Type = Path
Operation = Install
Operation = Upgrade
Target = ${target}

[Action]
When = PostTransaction
Exec = ${command}
`;
}

/** A whole system with systemd in a folder, into which pacman installs. */
export class MachineRoot implements AsyncDisposable {
  /** The root directory of the system. */
  readonly root: string;
  readonly #folder: TempFolder;

  private constructor(folder: TempFolder) {
    this.#folder = folder;
    this.root = folder.join("root");
  }

  static async create(): Promise<MachineRoot> {
    if (Deno.uid() !== 0) {
      throw new Error("Cannot install packages: only root can. Run this test as root.");
    }
    const base = await baseSystem();
    const folder = await TempFolder.create("pkgstash-machine-");
    const machine = new MachineRoot(folder);
    await runCommand(["cp", "-a", "--reflink=auto", base, machine.root]);
    await Deno.mkdir(machine.path("var/lib/pacman"), { recursive: true });
    for (const [name, text] of Object.entries(HOOKS)) {
      await machine.write(`usr/share/libalpm/hooks/${name}`, text);
    }
    await Deno.writeTextFile(folder.join("pacman.conf"), "[options]\nSigLevel = Never\n");
    return machine;
  }

  /** Where a path in the system is for us. */
  path(relative: string): string {
    return join(this.root, relative);
  }

  async write(relative: string, text: string): Promise<void> {
    await Deno.mkdir(dirname(this.path(relative)), { recursive: true });
    await Deno.writeTextFile(this.path(relative), text);
  }

  async read(relative: string): Promise<string> {
    return await Deno.readTextFile(this.path(relative));
  }

  async has(relative: string): Promise<boolean> {
    return await Deno.lstat(this.path(relative)).then(() => true, () => false);
  }

  /** Runs pacman on the system and returns what it printed. */
  async pacman(...args: readonly string[]): Promise<string> {
    const places = ["--root", this.root, "--config", this.#folder.join("pacman.conf")];
    return await this.#withProc("pacman", ...places, "--noconfirm", ...args);
  }

  /** Installs or upgrades a package file. Pacman does not know what is there: that is Debian's. */
  async install(file: string): Promise<string> {
    const installed = DEBIANS.flatMap((name) => ["--assume-installed", `${name}=99`]);
    return await this.pacman("-U", ...installed, file);
  }

  /** Runs a program in the system, which need not be booted. */
  async run(...argv: readonly string[]): Promise<string> {
    return await this.#withProc("chroot", this.root, ...argv);
  }

  /** Runs a program while the system has a /proc, which is gone when the program ends. */
  async #withProc(...argv: readonly string[]): Promise<string> {
    const script = 'mount --bind /proc "$0/proc" && exec "$@"';
    return await runCommand(["unshare", "--mount", "sh", "-c", script, this.root, ...argv]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#folder[Symbol.asyncDispose]();
  }
}

/**
 * The release whose systemd is nearest to that of Arch Linux: that of the release before takes the right
 * to gain privileges from every service with a user and a filter of system calls.
 */
const SUITE = "trixie";
/** What the installed programs need, those of the builder included. */
const PACKAGES = [
  ...["systemd", "systemd-sysv", "dbus", "curl", "procps", "libcap2-bin"],
  ...[
    "pacman-package-manager",
    "makepkg",
    "fakeroot",
    "libarchive-tools",
    "zstd",
    "gnupg",
    "binutils",
  ],
  ...["bubblewrap", "uidmap", "git"],
];

/** What Arch Linux calls parts of it. */
const DEBIANS = [
  ...["bash", "bubblewrap", "coreutils", "gcc-libs", "glibc", "gnupg", "pacman", "shadow"],
  "util-linux",
];

/** A minimal Debian with systemd. The first call makes it, and it is kept for later runs. */
async function baseSystem(): Promise<string> {
  const kept = `/var/tmp/pkgstash-machine-base-${SUITE}`;
  const ready = await Deno.lstat(kept).then(({ uid }) => uid === 0, () => false);
  if (ready) return kept;
  const folder = await Deno.makeTempDir({ dir: "/var/tmp", prefix: "pkgstash-debootstrap-" });
  await Deno.chmod(folder, 0o755);
  await runCommand(
    ["debootstrap", "--variant=minbase", `--include=${PACKAGES.join(",")}`, SUITE, folder],
    { timeoutMs: 600_000 },
  );
  // As on Arch Linux, and not setuid.
  for (const [program, capability] of [["newuidmap", "cap_setuid"], ["newgidmap", "cap_setgid"]]) {
    await runCommand(["chmod", "u-s", join(folder, `usr/bin/${program}`)]);
    await runCommand(["chroot", folder, "setcap", `${capability}=ep`, `/usr/bin/${program}`]);
  }
  await Deno.rename(folder, kept);
  return kept;
}
