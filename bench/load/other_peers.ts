import { join } from "@std/path";
import type { Contestant } from "./contestant.ts";

/** pacoloco, a cache for pacman in Go: https://github.com/anatol/pacoloco. */
export function pacolocoContestant(name: string, binary: string): Contestant {
  return {
    name,
    prepare: async ({ folder, port, mirrorPorts: [mirrorPort] }) => {
      const cache = join(folder, "cache");
      await Deno.mkdir(cache, { recursive: true });
      const configPath = join(folder, "pacoloco.yaml");
      await Deno.writeTextFile(
        configPath,
        `cache_dir: ${cache}\naddress: 127.0.0.1\nport: ${port}\n` +
          `repos:\n  bench:\n    url: http://127.0.0.1:${mirrorPort}\n`,
      );
      return { command: binary, args: ["--config", configPath], workingDirectory: folder };
    },
    pathPrefix: "/repo/bench",
    cachedFile: (folder, file) =>
      join(folder, "cache", "pkgs", "bench", file.path.slice(file.path.lastIndexOf("/") + 1)),
    hasCacheStatus: false,
  };
}

/** flexo, a cache for pacman in Rust: https://github.com/nroi/flexo. */
export function flexoContestant(name: string, binary: string): Contestant {
  return {
    name,
    prepare: async ({ folder, port, mirrorPorts: [mirrorPort] }) => {
      const cache = join(folder, "cache");
      await Deno.mkdir(cache, { recursive: true });
      return {
        command: binary,
        args: [],
        workingDirectory: folder,
        environment: {
          FLEXO_CACHE_DIRECTORY: cache,
          FLEXO_MIRRORLIST_FALLBACK_FILE: join(folder, "mirrorlist"),
          FLEXO_LISTEN_IP_ADDRESS: "127.0.0.1",
          FLEXO_PORT: String(port),
          FLEXO_MIRROR_SELECTION_METHOD: "predefined",
          FLEXO_MIRRORS_PREDEFINED: `['http://127.0.0.1:${mirrorPort}/']`,
          FLEXO_CONNECT_TIMEOUT: "3000",
          FLEXO_NUM_VERSIONS_RETAIN: "0",
        },
      };
    },
    cachedFile: (folder, file) => join(folder, "cache", file.path),
    hasCacheStatus: false,
    // It sends no Last-Modified, and ignores the end of a range.
    skips: ["not-modified", "hit-range"],
  };
}
