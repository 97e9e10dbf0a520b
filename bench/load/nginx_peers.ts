import { createHash } from "node:crypto";
import { join } from "@std/path";
import type { Contestant, Site } from "./contestant.ts";
import { nginxSubjectLaunch } from "./nginx.ts";
import type { Launch } from "./workspace.ts";

/** nginx with proxy_cache, set up as well as it can be. */
export function proxyCacheContestant(name: string): Contestant {
  return {
    name,
    prepare: (site) =>
      launchOf(site, {
        http: "proxy_cache_path cache levels=1:2 keys_zone=packages:1m inactive=1d " +
          "use_temp_path=off;",
        location: `
      proxy_pass http://mirror;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_cache packages;
      proxy_cache_key $uri;
      proxy_cache_valid 200 1d;
      # Clients that come while a file is fetched wait until it is there: one upstream transfer.
      proxy_cache_lock on;
      proxy_cache_lock_timeout 60s;
      proxy_cache_lock_age 60s;
      add_header X-Cache $upstream_cache_status;`,
      }),
    cachedFile: (folder, file) => {
      const key = createHash("md5").update(file.path).digest("hex");
      return join(folder, "cache", key.slice(-1), key.slice(-3, -1), key);
    },
    hasCacheStatus: true,
  };
}

/** nginx with proxy_store, as in the recipe of the Arch wiki: each client fetches for itself. */
export function proxyStoreContestant(name: string): Contestant {
  return {
    name,
    prepare: async (site) => {
      await Deno.mkdir(join(site.folder, "store"), { recursive: true });
      return await launchOf(site, {
        location: `
      root store;
      error_page 404 = @mirror;`,
        more: `
    location @mirror {
      internal;
      proxy_pass http://mirror;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_store store$uri;
      proxy_temp_path store/.temporary;
    }`,
      });
    },
    cachedFile: (folder, file) => join(folder, "store", file.path),
    hasCacheStatus: false,
  };
}

/** nginx that serves the mirror's own files: the bound for hits, with nothing to fetch. */
export function staticContestant(name: string, root: string): Contestant {
  return {
    name,
    prepare: (site) => launchOf(site, { location: `root "${root}";` }),
    cachedFile: () => null,
    hasCacheStatus: false,
    skips: ["miss", "herd", "first-byte", "pacman", "databases"],
  };
}

async function launchOf(
  { folder, port, mirrorPorts: [mirrorPort] }: Site,
  { http = "", location, more = "" }: { http?: string; location: string; more?: string },
): Promise<Launch> {
  return await nginxSubjectLaunch(
    folder,
    `types { }
  default_type application/octet-stream;
  sendfile on;
  tcp_nopush on;
  open_file_cache max=1000 inactive=60s;
  ${http}
  upstream mirror { server 127.0.0.1:${mirrorPort}; keepalive 16; }
  server {
    listen 127.0.0.1:${port} backlog=1024;
    location / {${location}
    }${more}
  }`,
  );
}
