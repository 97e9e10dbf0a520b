import { join } from "@std/path";
import type { PackageFile } from "./repository.ts";
import type { Launch } from "./workspace.ts";

/** Where one instance of a contestant runs. */
export interface Site {
  /** For its cache, configuration and log. */
  readonly folder: string;
  readonly port: number;
  readonly mirrorPort: number;
}

/** A caching mirror that can be started and compared. */
export interface Contestant {
  readonly name: string;
  /** Writes what an instance needs, and says how to start it. */
  prepare(site: Site): Promise<Launch>;
  /** Where an instance keeps a package file. */
  cachedFile(folder: string, file: PackageFile): string;
}

/** pkgstash, from a checkout. */
export function pkgstashContestant(
  name: string,
  checkout: string,
  { logLevel }: { logLevel: string },
): Contestant {
  return {
    name,
    async prepare({ folder, port, mirrorPort }) {
      // Without a file of its own it would read the one in /etc.
      const configPath = join(folder, "pkgstash.toml");
      await Deno.writeTextFile(configPath, "");
      return {
        command: Deno.execPath(),
        // The set gives each checkout what it asks for; it lets nobody write outside of itself.
        args: [
          "run",
          "-P=server",
          "--no-prompt",
          `--allow-write=${folder}`,
          "main.ts",
          "serve",
          "--config",
          configPath,
        ],
        workingDirectory: checkout,
        environment: {
          PKGSTASH_CACHE_ROOT: join(folder, "cache"),
          PKGSTASH_LISTEN_ADDRESS: "127.0.0.1",
          PKGSTASH_PORT: String(port),
          PKGSTASH_MIRROR_URLS: `http://127.0.0.1:${mirrorPort}/`,
          PKGSTASH_MIRRORED_REPOS: "core",
          PKGSTASH_REFRESH_INTERVAL: "0",
          // A nearly full disk must not make it clean up meanwhile.
          PKGSTASH_MIN_FREE_SPACE: "0",
          PKGSTASH_LOG_LEVEL: logLevel,
        },
      };
    },
    cachedFile: (folder, file) => join(folder, "cache", file.path),
  };
}
