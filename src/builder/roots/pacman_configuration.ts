import type { Job } from "../../api/builder.ts";

/** Paths in the sandbox of pacman that this configuration names. */
export const PACMAN_PLACES = {
  configuration: "/etc/pacman.conf",
  keyring: "/etc/pacman.d/gnupg",
  cache: "/var/cache/pacman/pkg",
  database: "/var/lib/pacman",
  target: "/target",
} as const;

/**
 * The pacman.conf of a job's root (pacman.conf(5)). Packages of the distribution must be signed;
 * those of the own repository must be if the repository is signed.
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
    // Last, so that packages of the distribution take precedence.
    ...section(repository.name, repository.servers),
    `SigLevel = ${own}`,
    "",
  ].join("\n");
}

function section(name: string, servers: readonly string[]): string[] {
  return [`[${name}]`, ...servers.map((server) => `Server = ${server}`)];
}

/** Whether text of a job stays within its line of pacman.conf. */
export function isPlainLine(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text) && !/[\[\]#]/.test(text);
}
