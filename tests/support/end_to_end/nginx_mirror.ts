import { basename, join } from "@std/path";
import { childEnvironment, sendSignal } from "../child_process.ts";
import { accepts, freePort } from "../free_port.ts";
import { until } from "../until.ts";

/** One server block: a folder on a port of its own. */
export interface MirrorServer {
  /** The folder to serve. */
  readonly root: string;
  /** Bytes a second for each connection, as nginx writes it ("512k"); unset means no limit. */
  readonly limitRate?: string;
  /** Bytes that are sent before the limit applies ("1m"). */
  readonly limitRateAfter?: string;
}

/** A request as the mirror's access log tells of it, written when the request has ended. */
export interface MirrorRequest {
  readonly port: number;
  readonly method: string;
  /** The path, percent-decoded. */
  readonly path: string;
  /** The last segment of the path. */
  readonly file: string;
  readonly status: number;
  /** Bytes of the body that were sent. */
  readonly bytes: number;
  /** The Range header, "" when there was none. */
  readonly range: string;
  /** The If-Modified-Since header, "" when there was none. */
  readonly ifModifiedSince: string;
  /** Seconds since the epoch. */
  readonly ended: number;
  /** Seconds from the first byte of the request to the last of the answer. */
  readonly duration: number;
}

const BARRIER = "/.barrier";
// Matches nothing; with rewrite_log nginx notes each request when it starts to handle it.
const MARK_OF_START = /"\(\?!\)" does not match "([^"]*)"/;

/**
 * A real nginx as an upstream mirror. It runs as a single process, without a master: killing it
 * really ends its connections, and its access log is in the order of what happened.
 */
export class NginxMirror implements AsyncDisposable {
  readonly #folder: string;
  readonly #servers: readonly MirrorServer[];
  readonly #ports: readonly number[];
  #process: Deno.ChildProcess | undefined;
  #frozen = false;

  private constructor(folder: string, servers: readonly MirrorServer[]) {
    this.#folder = folder;
    this.#servers = servers;
    this.#ports = servers.map(() => freePort());
  }

  /** Starts nginx with the given server blocks; its own files go into `folder`, which must exist. */
  static async start(folder: string, ...servers: MirrorServer[]): Promise<NginxMirror> {
    const mirror = new NginxMirror(folder, servers);
    try {
      await mirror.start();
    } catch (error) {
      await mirror.kill();
      throw error;
    }
    return mirror;
  }

  /** The address of the n-th server block, with a slash at the end. */
  url(server = 0): string {
    return `http://127.0.0.1:${this.#ports[server]}/`;
  }

  /** Starts again on the same ports after `stop` or `kill`. */
  async start(): Promise<void> {
    await Deno.writeTextFile(join(this.#folder, "nginx.conf"), this.#configuration());
    const process = new Deno.Command("nginx", {
      args: ["-p", this.#folder, "-c", "nginx.conf", "-e", "error.log"],
      env: childEnvironment(),
      clearEnv: true,
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    this.#process = process;
    let exited = false;
    process.status.then(() => exited = true);
    for (const port of this.#ports) {
      await until(`nginx accepts connections on port ${port}`, async () => {
        if (exited) throw new Error(`nginx ended at once:\n${await this.#read("error.log")}`);
        return await accepts(port);
      });
    }
  }

  #configuration(): string {
    const servers = this.#servers.map((server, index) => `
  server {
    listen 127.0.0.1:${this.#ports[index]};
    root "${server.root}";
    ${server.limitRate === undefined ? "" : `limit_rate ${server.limitRate};`}
    ${server.limitRateAfter === undefined ? "" : `limit_rate_after ${server.limitRateAfter};`}
    rewrite "(?!)" /;
  }`);
    return `daemon off;
master_process off;
pid nginx.pid;
error_log error.log notice;
events { worker_connections 1024; }
http {
  ${
      ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((use) =>
        `${use}_temp_path temp_${use};`
      ).join(" ")
    }
  types { }
  default_type application/octet-stream;
  rewrite_log on;
  log_format requests escape=json '{"port":$server_port,"method":"$request_method",'
    '"uri":"$request_uri","status":$status,"bytes":$body_bytes_sent,"range":"$http_range",'
    '"ifModifiedSince":"$http_if_modified_since","ended":$msec,"duration":$request_time}';
  access_log access.log requests;
${servers.join("\n")}
}
`;
  }

  async #read(file: string): Promise<string> {
    try {
      return await Deno.readTextFile(join(this.#folder, file));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return "";
      throw error;
    }
  }

  /** Every request that has ended so far, in the order in which they ended. */
  async requests(): Promise<MirrorRequest[]> {
    if (this.#process !== undefined && !this.#frozen) {
      // One thread handles all: when the second of these is answered, all before the first is logged.
      for (let i = 0; i < 2; i++) await (await fetch(this.url() + BARRIER.slice(1))).body?.cancel();
    }
    const lines = (await this.#read("access.log")).split("\n").filter((line) => line !== "");
    return lines.map((line) => {
      const { uri, ...rest } = JSON.parse(line) as Omit<MirrorRequest, "path" | "file"> & {
        uri: string;
      };
      const path = decodeURIComponent(uri);
      return { ...rest, path, file: basename(path) };
    }).filter((request) => request.path !== BARRIER);
  }

  /** The requests that have ended for packages (neither databases nor signatures). */
  async packageRequests(): Promise<MirrorRequest[]> {
    return (await this.requests()).filter((request) => /\.pkg\.tar\.[a-z0-9]+$/.test(request.file));
  }

  /** Whether a request for this file has arrived, ended or not. */
  async hasStarted(file: string): Promise<boolean> {
    return (await this.#read("error.log")).split("\n").some((line) => {
      const path = MARK_OF_START.exec(line)?.[1];
      return path !== undefined && basename(path) === file;
    });
  }

  /** Ends nginx and all of its connections; with SIGKILL like a machine that loses power. */
  async stop(signal: Deno.Signal = "SIGTERM"): Promise<void> {
    const process = this.#process;
    this.#process = undefined;
    if (process === undefined) return;
    sendSignal(process.pid, signal);
    await process.status;
  }

  /** Halts nginx mid-transfer: its connections stay open and nothing comes any more. */
  freeze(): void {
    if (this.#process !== undefined) sendSignal(this.#process.pid, "SIGSTOP");
    this.#frozen = true;
  }

  /** Ends nginx at once, mid-transfer. */
  async kill(): Promise<void> {
    await this.stop("SIGKILL");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}
