import { join } from "@std/path";
import { searchPath } from "../child_process.ts";

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
 * Checks that the real pacman, makepkg, nginx and their companions are on this machine.
 * @throws {Error} with what is missing, and the packages of Debian and Arch Linux that have it.
 */
export function requireTools(): void {
  const missing = TOOLS.filter((tool) => !isInstalled(tool.command));
  if (missing.length === 0) return;
  const packages = (system: "debian" | "arch") =>
    [...new Set(missing.map((tool) => tool[system]))].join(" ");
  const commands = missing.map((tool) => tool.command).join(", ");
  throw new Error(
    `Cannot run the end-to-end tests: ${commands} not found. ` +
      `On Debian: apt-get install --no-install-recommends ${packages("debian")}. ` +
      `On Arch Linux: pacman -S --needed ${packages("arch")}.`,
  );
}
