import type { Job } from "../../api/builder.ts";

/** Where the sandbox of pacman has what this configuration names. */
export const PACMAN_PLACES = {
  configuration: "/etc/pacman.conf",
  keyring: "/etc/pacman.d/gnupg",
  cache: "/var/cache/pacman/pkg",
  database: "/var/lib/pacman",
  target: "/target",
} as const;

/**
 * The pacman.conf of a job's root (pacman.conf(5)). Packages of the distribution must be signed, as
 * its own configuration demands; those of the own repository as far as it is.
 */
export function pacmanConfiguration(
  { architecture, mirrored, repository }: Pick<Job, "architecture" | "mirrored" | "repository">,
): string {
  const { keyring, cache } = PACMAN_PLACES;
  const own = repository.fingerprint === null ? "Optional TrustAll" : "Required TrustedOnly";
  return [
    "[options]",
    `Architecture = ${architecture}`,
    "SigLevel = Required DatabaseOptional",
    "LocalFileSigLevel = Optional",
    `GPGDir = ${keyring}`,
    `CacheDir = ${cache}`,
    "ParallelDownloads = 5",
    ...mirrored.flatMap(({ name, servers }) => section(name, servers)),
    // The last one: a name of the distribution is the distribution's.
    ...section(repository.name, repository.servers),
    `SigLevel = ${own}`,
    "",
  ].join("\n");
}

function section(name: string, servers: readonly string[]): string[] {
  return [`[${name}]`, ...servers.map((server) => `Server = ${server}`)];
}

/** Whether text of a job can be part of a line of pacman.conf, and nothing more. */
export function isPlainLine(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text) && !/[\[\]#]/.test(text);
}
