import { basename, join } from "@std/path";
import { sendSignal } from "../child_process.ts";
import { freePort } from "../free_port.ts";
import { startNginx, TEMP_PATHS } from "../nginx.ts";

/** One server block: a folder on a port of its own. */
export interface MirrorServer {
  /** The folder to serve. */
  readonly root: string;
  /** Bytes a second for each connection in nginx's notation ("512k"); unset means no limit. */
  readonly limitRate?: string;
  /** Bytes that are sent before the limit applies ("1m"). */
  readonly limitRateAfter?: string;
}

/** A request in the mirror's access log, which is written when the request has ended. */
export interface MirrorRequest {
  readonly port: number;
  readonly method: string;
  /** The path, percent-decoded. */
  readonly path: string;
  /** The last segment of the path. */
  readonly file: string;
  readonly status: number;
  /** Body bytes that were sent. */
  readonly bytes: number;
  /** The Range header, "" when there was none. */
  readonly range: string;
  /** The If-Modified-Since header, "" when there was none. */
  readonly ifModifiedSince: string;
  /** Seconds since the epoch. */
  readonly ended: number;
  /** Seconds from the first byte of the request to the last of the response. */
  readonly duration: number;
}

const BARRIER = "/.barrier";
// The pattern "(?!)" never matches; with rewrite_log, nginx logs that for each request on arrival.
const START_MARK = /"\(\?!\)" does not match "([^"]*)"/;

/**
 * A real nginx as an upstream mirror. It runs as a single process, without a master: killing it
 * ends its connections, and its access log is in the order of events.
 */
export class NginxMirror implements AsyncDisposable {
  readonly #folder: string;
  readonly #servers: readonly MirrorServer[];
  readonly #ports: readonly number[];
  #process: Deno.ChildProcess | undefined;
  #isFrozen = false;

  private constructor(folder: string, servers: readonly MirrorServer[]) {
    this.#folder = folder;
    this.#servers = servers;
    this.#ports = servers.map(() => freePort());
  }

  /** Starts nginx with these server blocks; its own files go into `folder`, which must exist. */
  static async start(folder: string, ...servers: MirrorServer[]): Promise<NginxMirror> {
    const mirror = new NginxMirror(folder, servers);
    await mirror.start();
    return mirror;
  }

  /** The address of the n-th server block, with a slash at the end. */
  url(server = 0): string {
    return `http://127.0.0.1:${this.#ports[server]}/`;
  }

  /** Starts it, also again after `kill`: on the same ports. */
  async start(): Promise<void> {
    await Deno.writeTextFile(join(this.#folder, "nginx.conf"), this.#configuration());
    this.#process = await startNginx(this.#folder, this.#ports);
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
  ${TEMP_PATHS}
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

  /** Every request that has ended, in the order in which they ended. */
  async requests(): Promise<MirrorRequest[]> {
    if (this.#process !== undefined && !this.#isFrozen) {
      // A single thread handles everything: once it has answered the second of these, all requests
      // that ended before the first are in the log.
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

  /** The requests for packages (not databases, not signatures) that have ended. */
  async packageRequests(): Promise<MirrorRequest[]> {
    return (await this.requests()).filter((request) => /\.pkg\.tar\.[a-z0-9]+$/.test(request.file));
  }

  /** Whether a request for this file has arrived; it may still be in progress. */
  async hasStarted(file: string): Promise<boolean> {
    return (await this.#read("error.log")).split("\n").some((line) => {
      const path = START_MARK.exec(line)?.[1];
      return path !== undefined && basename(path) === file;
    });
  }

  /** Halts nginx mid-transfer: its connections stay open, but it sends nothing more. */
  freeze(): void {
    if (this.#process !== undefined) sendSignal(this.#process.pid, "SIGSTOP");
    this.#isFrozen = true;
  }

  /** Ends nginx and its connections at once, mid-transfer, as if the machine had lost power. */
  async kill(): Promise<void> {
    const process = this.#process;
    this.#process = undefined;
    if (process === undefined) return;
    sendSignal(process.pid, "SIGKILL");
    await process.status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}
