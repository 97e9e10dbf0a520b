import { join } from "@std/path";
import type { Choice } from "./arguments.ts";

const TOOLS = [
  { command: "nginx", debian: "nginx-light" },
  { command: "wrk", debian: "wrk" },
  { command: "pacman", debian: "pacman-package-manager" },
  ...(Deno.uid() === 0 ? [] : [{ command: "fakeroot", debian: "fakeroot" }]),
];
// Where daemons are, and what a plain user's PATH often lacks.
const DAEMON_FOLDERS = "/usr/sbin:/sbin";

/**
 * Makes sure that the programs and checkouts are there.
 * @throws {Error} naming what is missing, and the Debian packages that have it.
 */
export function requireAll(choices: readonly Choice[]): void {
  if (Deno.build.os !== "linux") {
    throw new Error("Cannot measure here: memory and CPU time are read from Linux's /proc");
  }
  // The programs are started by name, so this process needs the folders in its own PATH.
  Deno.env.set("PATH", `${Deno.env.get("PATH") ?? "/usr/bin:/bin"}:${DAEMON_FOLDERS}`);
  const missing = TOOLS.filter(({ command }) => !isInstalled(command));
  if (missing.length > 0) {
    throw new Error(
      `Cannot measure without ${missing.map(({ command }) => command).join(" and ")}. On Debian: ` +
        `apt-get install --no-install-recommends ${missing.map(({ debian }) => debian).join(" ")}`,
    );
  }
  for (const choice of choices) {
    if (!("path" in choice)) continue;
    const { name, kind, path } = choice;
    if (kind !== "checkout" && kind !== "direct") {
      if (!isFile(path)) throw new Error(`Cannot measure ${name}: there is no file ${path}`);
      continue;
    }
    for (const file of ["main.ts", "deno.json"]) {
      if (isFile(join(path, file))) continue;
      throw new Error(`Cannot measure ${name}: ${path} is no checkout, it has no ${file}`);
    }
  }
}

function isInstalled(command: string): boolean {
  const folders = (Deno.env.get("PATH") ?? "").split(":");
  return folders.some((folder) => isFile(join(folder, command)));
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
