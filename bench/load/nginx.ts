import { join } from "@std/path";
import { createHash } from "node:crypto";
import type { Contestant } from "./contestant.ts";
import { Daemon, freePort } from "./daemon.ts";
import type { PackageFile } from "./repository.ts";
import type { Launch, Workspace } from "./workspace.ts";

const TEMPORARY_PATHS = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
  .map((use) => `${use}_temp_path temp_${use};`).join(" ");

/** A real nginx as the mirror that all subjects fetch from; its log has what they fetched. */
export class Mirror {
  readonly port: number;
  readonly #folder: string;

  private constructor(port: number, folder: string) {
    this.port = port;
    this.#folder = folder;
  }

  /** Serves the files below `root`; the workspace ends it. */
  static async start(workspace: Workspace, root: string, probe: PackageFile): Promise<Mirror> {
    const folder = await workspace.makeFolder("mirror");
    const port = freePort();
    // One process, without a master: its log is in the order of what happened.
    const launch = await nginxLaunch(
      folder,
      `
master_process off;
events { worker_connections 1024; }
http {
  ${TEMPORARY_PATHS}
  types { }
  default_type application/octet-stream;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000;
  log_format bytes '$body_bytes_sent $uri';
  access_log access.log bytes;
  server {
    listen 127.0.0.1:${port};
    root "${root}";
  }
}`,
    );
    await Daemon.start(workspace, { name: "mirror", folder, port, launch, probe });
    return new Mirror(port, folder);
  }

  /** Bytes of the file's bodies that it has sent so far, in all. */
  async bytesSentOf(file: PackageFile): Promise<number> {
    const log = await Deno.readTextFile(join(this.#folder, "access.log"));
    return log.split("\n")
      .filter((line) => line.endsWith(` ${file.path}`))
      .reduce((sum, line) => sum + Number(line.split(" ")[0]), 0);
  }
}

/** nginx with proxy_cache, set up as well as it can be: the peer. */
export function nginxContestant(name: string): Contestant {
  return {
    name,
    prepare: async ({ folder, port, mirrorPort }) =>
      await nginxLaunch(
        folder,
        `
worker_processes auto;
# When root starts it, the workers would be a user that cannot get into the temporary directory.
${Deno.uid() === 0 ? "user root;" : ""}
events { worker_connections 1024; }
http {
  ${TEMPORARY_PATHS}
  types { }
  default_type application/octet-stream;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000;
  open_file_cache max=1000 inactive=60s;
  access_log access.log combined buffer=64k flush=1s;
  proxy_cache_path cache levels=1:2 keys_zone=packages:1m inactive=1d use_temp_path=off;
  upstream mirror { server 127.0.0.1:${mirrorPort}; keepalive 16; }
  server {
    listen 127.0.0.1:${port} backlog=512;
    location / {
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
      add_header X-Cache $upstream_cache_status;
    }
  }
}`,
      ),
    cachedFile: (folder, file) => {
      const key = createHash("md5").update(file.path).digest("hex");
      return join(folder, "cache", key.slice(-1), key.slice(-3, -1), key);
    },
  };
}

async function nginxLaunch(folder: string, configuration: string): Promise<Launch> {
  const common = "daemon off;\npid nginx.pid;\nerror_log error.log warn;\n";
  await Deno.writeTextFile(join(folder, "nginx.conf"), common + configuration);
  return {
    command: "nginx",
    args: ["-p", folder, "-c", "nginx.conf", "-e", "stderr"],
    workingDirectory: folder,
  };
}
