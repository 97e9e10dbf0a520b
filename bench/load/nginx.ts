import { join } from "@std/path";
import { Daemon, freePort } from "./daemon.ts";
import type { PackageFile } from "./repository.ts";
import type { Launch, Workspace } from "./workspace.ts";

/** Directives for `http` that keep nginx's temporary files in its own folder. */
const TEMPORARY_PATHS: string = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
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
    await Daemon.start(workspace, { name: "mirror", folder, port, launch, probePath: probe.path });
    return new Mirror(port, folder);
  }

  /** Bytes of the bodies of a file, or of all below a folder, that it has sent so far, in all. */
  async bytesSentOf(path: string): Promise<number> {
    const log = await Deno.readTextFile(join(this.#folder, "access.log"));
    const isWanted = path.endsWith("/")
      ? (uri: string) => uri.startsWith(path)
      : (uri: string) => uri === path;
    let sum = 0;
    for (const line of log.split("\n")) {
      const space = line.indexOf(" ");
      if (isWanted(line.slice(space + 1))) sum += Number(line.slice(0, space));
    }
    return sum;
  }
}

/** As `nginxLaunch`, of a subject that is nginx, with these directives for `http`. */
export async function nginxSubjectLaunch(folder: string, http: string): Promise<Launch> {
  return await nginxLaunch(
    folder,
    `
worker_processes auto;
# When root starts it, the workers would be a user that cannot get into the temporary directory.
${Deno.uid() === 0 ? "user root;" : ""}
events { worker_connections 2048; }
http {
  ${TEMPORARY_PATHS}
  keepalive_requests 1000000;
  access_log access.log combined buffer=64k flush=1s;
  ${http}
}`,
  );
}

/** Writes the configuration of an nginx, and says how to start it. */
async function nginxLaunch(folder: string, configuration: string): Promise<Launch> {
  const common = "daemon off;\npid nginx.pid;\nerror_log error.log warn;\n";
  await Deno.writeTextFile(join(folder, "nginx.conf"), common + configuration);
  return {
    command: "nginx",
    args: ["-p", folder, "-c", "nginx.conf", "-e", "stderr"],
    workingDirectory: folder,
  };
}
