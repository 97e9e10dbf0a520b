import { DatabaseSync } from "node:sqlite";
import { join } from "@std/path";
import { runCommand, sendSignal } from "../../support/child_process.ts";
import { PkgstashDaemon } from "../../support/end_to_end/pkgstash_daemon.ts";
import { FakeMirror } from "../../support/fake_mirror.ts";
import { freePort } from "../../support/free_port.ts";
import { type Answer, exchange, type RawRequest } from "../../support/http_exchange.ts";
import { startNginx, TEMP_PATHS } from "../../support/nginx.ts";
import { PublishedRepository } from "../../support/published_repository.ts";
import { TempFolder } from "../../support/temp_folder.ts";

const PROJECT = new URL("../../../", import.meta.url);
/** Whether nginx can be another user than pkgstash, as it is on a real machine. */
export const IS_OTHER_USER = Deno.uid() === 0;
const NGINX_USER = "nobody";

/** A request that reached pkgstash, from its log. */
export interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  readonly status: number;
}

/** One pkgstash, and nginx in front of it that reads its cache. */
export class DirectNginx implements AsyncDisposable {
  readonly mirror: FakeMirror;
  readonly repository: PublishedRepository;
  readonly daemon: PkgstashDaemon;
  /** Of nginx. */
  readonly #port: number;
  readonly #resources: AsyncDisposableStack;

  private constructor(
    resources: AsyncDisposableStack,
    { mirror, daemon, port }: { mirror: FakeMirror; daemon: PkgstashDaemon; port: number },
  ) {
    this.#resources = resources;
    this.mirror = mirror;
    this.daemon = daemon;
    this.#port = port;
    this.repository = new PublishedRepository(mirror);
  }

  /** Starts both, with the example's configuration and the access of docs/scaling.md. */
  static async start(): Promise<DirectNginx> {
    await using resources = new AsyncDisposableStack();
    const folder = resources.use(await TempFolder.create("pkgstash-direct-"));
    await Deno.chmod(folder.path, 0o711);
    const mirror = resources.use(await FakeMirror.start());
    const node = folder.join("node");
    await Deno.mkdir(node);
    // These modes are those of the unit.
    await Deno.mkdir(join(node, "cache"), { mode: 0o750 });
    await Deno.mkdir(join(node, "cache/.pkgstash"), { mode: 0o700 });
    if (IS_OTHER_USER) await grantAccess(join(node, "cache"));
    const umask = Deno.umask(0o077);
    const daemon = resources.use(
      await PkgstashDaemon.start(node, {
        mirror_urls: [mirror.url],
        mirrored_repos: ["core"],
        trusted_proxies: ["127.0.0.1"],
        refresh_interval: "0",
      }).finally(() => Deno.umask(umask)),
    );
    const port = freePort();
    resources.use(await startDirect(folder, daemon, port));
    return new DirectNginx(resources.move(), { mirror, daemon, port });
  }

  /** A whole response of nginx; the target is sent exactly as it is here. */
  async ask(target: string, request: RawRequest = {}): Promise<Answer> {
    return await exchange(`http://127.0.0.1:${this.#port}`, target, request);
  }

  /** The path on disk of something in the cache. */
  cached(path: string): string {
    return join(this.daemon.cacheRoot, path);
  }

  /** Stops pkgstash, and returns the requests that have reached it, in the order of their ends. */
  async requestsToTheEnd(): Promise<ReceivedRequest[]> {
    await this.daemon.stop();
    return this.daemon.output.split("\n").filter((line) => line.includes('"message":"request"'))
      .map((line) => JSON.parse(line));
  }

  /** How often the index says that a package was used; pkgstash must have been stopped. */
  usesOf(fileName: string): number {
    using index = new DatabaseSync(this.cached(".pkgstash/index.sqlite"), { readOnly: true });
    const row = index.prepare("SELECT uses FROM files WHERE file_name = ?").get(fileName);
    return Number(row?.["uses"]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
  }
}

/** Starts nginx with the example, on this port and for the cache of this daemon. */
async function startDirect(
  parent: TempFolder,
  daemon: PkgstashDaemon,
  port: number,
): Promise<AsyncDisposable> {
  const folder = parent.join("nginx");
  await Deno.mkdir(folder);
  // What nginx caches and buffers there belongs to its workers.
  if (IS_OTHER_USER) await runCommand(["chown", NGINX_USER, folder]);
  const example = (await Deno.readTextFile(new URL("deploy/nginx-direct.conf", PROJECT)))
    .replace("listen 80;", `listen 127.0.0.1:${port};`)
    .replace("server 127.0.0.1:8090;", `server 127.0.0.1:${daemon.port};`)
    .replaceAll("/var/cache/pkgstash", daemon.cacheRoot)
    .replaceAll("/var/cache/nginx", folder);
  await Deno.writeTextFile(
    join(folder, "nginx.conf"),
    `daemon off; ${IS_OTHER_USER ? `user ${NGINX_USER} nogroup;` : ""} pid nginx.pid; events {}\n` +
      `http { access_log off; ${TEMP_PATHS}\n${example} }`,
  );
  const nginx = await startNginx(folder, [port]);
  const stop = async () => {
    sendSignal(nginx.pid, "SIGTERM");
    await nginx.status;
  };
  return { [Symbol.asyncDispose]: stop };
}

/** Runs the commands of docs/scaling.md for this directory and this user. */
async function grantAccess(cacheRoot: string): Promise<void> {
  const text = await Deno.readTextFile(new URL("docs/scaling.md", PROJECT));
  const commands = [...text.matchAll(/^ {4}(setfacl .*)$/gm)].map(([, command]) => command!);
  if (commands.length === 0) throw new Error("docs/scaling.md has no setfacl command.");
  for (const command of commands) {
    const words = command.replaceAll("/var/cache/pkgstash", cacheRoot)
      .replaceAll("u:http:", `u:${NGINX_USER}:`);
    await runCommand(words.split(" "));
  }
}
