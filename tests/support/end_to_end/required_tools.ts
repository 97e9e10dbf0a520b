import { join } from "@std/path";

interface Tool {
  readonly command: string;
  readonly debian: string;
  readonly arch: string;
}

const TOOLS: readonly Tool[] = [
  { command: "nginx", debian: "nginx-light", arch: "nginx" },
  { command: "pacman", debian: "pacman-package-manager", arch: "pacman" },
  { command: "repo-add", debian: "pacman-package-manager", arch: "pacman" },
  { command: "makepkg", debian: "makepkg", arch: "pacman" },
  { command: "fakeroot", debian: "fakeroot", arch: "fakeroot" },
  { command: "bsdtar", debian: "libarchive-tools", arch: "libarchive" },
  { command: "zstd", debian: "zstd", arch: "zstd" },
  { command: "gpg", debian: "gnupg", arch: "gnupg" },
  { command: "setsid", debian: "util-linux", arch: "util-linux" },
  { command: "setpriv", debian: "util-linux", arch: "util-linux" },
];

/** Where programs are looked for: `PATH`, and the folders of daemons that a plain user's `PATH` lacks. */
export function searchPath(): string {
  return [Deno.env.get("PATH") ?? "/usr/bin:/bin", "/usr/sbin", "/sbin"].join(":");
}

function isInstalled(command: string): boolean {
  return searchPath().split(":").some((folder) => {
    try {
      return Deno.statSync(join(folder, command)).isFile;
    } catch {
      return false;
    }
  });
}

/**
 * Makes sure that the real pacman, makepkg, nginx and their companions are on this machine.
 * @throws {Error} naming what is missing and the packages of Debian and Arch Linux that hold it.
 */
export function requireTools(): void {
  const missing = TOOLS.filter((tool) => !isInstalled(tool.command));
  if (missing.length === 0) return;
  const packages = (system: "debian" | "arch") =>
    [...new Set(missing.map((tool) => tool[system]))].join(" ");
  throw new Error(
    `Cannot run the end-to-end tests: ${
      missing.map((tool) => tool.command).join(", ")
    } not found. ` +
      `On Debian: apt-get install --no-install-recommends ${packages("debian")}. ` +
      `On Arch Linux: pacman -S --needed ${packages("arch")}.`,
  );
}
