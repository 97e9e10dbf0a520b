import { join } from "@std/path";
import { BINARY_CACHE_ROOT } from "../../src/config/out_of_reach.ts";
import type { PackageFile } from "./repository.ts";
import type { Ability } from "./scenario.ts";
import type { Launch } from "./workspace.ts";

/** Where one instance of a contestant runs. */
export interface Site {
  /** For its cache, configuration and log. */
  readonly folder: string;
  readonly port: number;
  /** Of the mirrors, each of which has every file. */
  readonly mirrorPorts: readonly [number, ...number[]];
  /** Names of the mirror's repositories that it has. */
  readonly repositories: readonly string[];
}

/** A caching mirror that can be started and compared. */
export interface Contestant {
  readonly name: string;
  /** Writes what an instance needs, and says how to start it. */
  prepare(site: Site): Promise<Launch>;
  /** Where an instance keeps a package file; null if it keeps none. */
  cachedFile(folder: string, file: PackageFile): string | null;
  /** What stands before the path of a file in its URLs. */
  readonly pathPrefix?: string;
  /** Whether X-Cache says HIT or MISS; otherwise the file on the disk does. */
  readonly hasCacheStatus: boolean;
  /** Scenarios that mean nothing for it. */
  readonly skips?: readonly string[];
  readonly abilities?: readonly Ability[];
  /** The directory below which its folders must be, if it cannot write elsewhere. */
  readonly parentFolder?: string;
}

const ABILITIES: readonly Ability[] = ["stripes", "refresh", "cache layout"];

/** For the API of instances that are measured. */
export const TOKEN = "the-token-of-the-benchmark-is-no-secret";

/** pkgstash, from a checkout. */
export function pkgstashContestant(
  name: string,
  checkout: string,
  { logLevel }: { logLevel: string },
): Contestant {
  // The set gives each checkout what it asks for; it lets nobody write outside of itself.
  const args = (folder: string) => [
    "run",
    "-P=server",
    "--no-prompt",
    `--allow-write=${folder}`,
    "main.ts",
  ];
  return {
    name,
    prepare: async (site) => ({
      command: Deno.execPath(),
      args: [...args(site.folder), ...await serveArguments(site)],
      workingDirectory: checkout,
      environment: environmentOf(site, logLevel),
    }),
    cachedFile,
    hasCacheStatus: true,
    abilities: ABILITIES,
  };
}

/** pkgstash, as a compiled binary. */
export function binaryContestant(
  name: string,
  binary: string,
  { logLevel }: { logLevel: string },
): Contestant {
  return {
    name,
    prepare: async (site) => ({
      command: binary,
      args: await serveArguments(site),
      workingDirectory: site.folder,
      environment: environmentOf(site, logLevel),
    }),
    cachedFile,
    hasCacheStatus: true,
    abilities: ABILITIES,
    parentFolder: BINARY_CACHE_ROOT,
  };
}

async function serveArguments({ folder }: Site): Promise<string[]> {
  // Without a file of its own it would read the one in /etc.
  const configPath = join(folder, "pkgstash.toml");
  await Deno.writeTextFile(configPath, "");
  return ["serve", "--config", configPath];
}

function environmentOf({ folder, port, mirrorPorts, repositories }: Site, logLevel: string) {
  return {
    PKGSTASH_TOKEN: TOKEN,
    PKGSTASH_CACHE_ROOT: join(folder, "cache"),
    PKGSTASH_STATE_ROOT: join(folder, "state"),
    PKGSTASH_LISTEN_ADDRESS: "127.0.0.1",
    PKGSTASH_PORT: String(port),
    PKGSTASH_MIRROR_URLS: mirrorPorts.map((mirror) => `http://127.0.0.1:${mirror}/`).join(","),
    PKGSTASH_MIRRORED_REPOS: repositories.join(","),
    PKGSTASH_REFRESH_INTERVAL: "0",
    // A nearly full disk must not make it clean up meanwhile.
    PKGSTASH_MIN_FREE_SPACE: "0",
    // All clients of the benchmark have one address.
    PKGSTASH_MAX_CLIENT_REQUESTS: "0",
    PKGSTASH_LOG_LEVEL: logLevel,
  };
}

function cachedFile(folder: string, file: PackageFile): string {
  return join(folder, "cache", file.path);
}
