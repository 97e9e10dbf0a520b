import { sendSignal, startProgram } from "../../support/child_process.ts";
import { PkgstashDaemon } from "../../support/end_to_end/pkgstash_daemon.ts";
import { FakeMirror } from "../../support/fake_mirror.ts";
import { freePort, isListening } from "../../support/free_port.ts";
import { startNginx, TEMP_PATHS } from "../../support/nginx.ts";
import { PublishedRepository } from "../../support/published_repository.ts";
import { TempFolder } from "../../support/temp_folder.ts";
import { until } from "../../support/until.ts";

const DEPLOY = new URL("../../../deploy/", import.meta.url);
const PACKAGES = 200;
/** How many nodes the examples name. */
const EXAMPLE_NODES = 3;

/** Nodes with a cache of their own, one mirror with 200 packages, and a balancer in front. */
export class Cluster implements AsyncDisposable {
  readonly mirror: FakeMirror;
  readonly repository: PublishedRepository;
  /** The names of the packages. */
  readonly names: readonly string[] = Array.from({ length: PACKAGES }, (_, n) => `package-${n}`);
  readonly nodes: PkgstashDaemon[] = [];
  /** The port of the balancer. */
  readonly port = freePort();
  readonly #folder: TempFolder;
  readonly #resources: AsyncDisposableStack;

  private constructor(resources: AsyncDisposableStack, folder: TempFolder, mirror: FakeMirror) {
    this.#resources = resources;
    this.#folder = folder;
    this.mirror = mirror;
    this.repository = new PublishedRepository(mirror, "extra");
  }

  /** Starts mirror and nodes, but no balancer. */
  static async start(nodeCount: number): Promise<Cluster> {
    await using resources = new AsyncDisposableStack();
    const folder = resources.use(await TempFolder.create("pkgstash-cluster-"));
    const mirror = resources.use(await FakeMirror.start());
    const nodes = await Promise.all(
      Array.from({ length: nodeCount }, async (_, index) => {
        const own = folder.join(`node${index + 1}`);
        await Deno.mkdir(own);
        return resources.use(
          await PkgstashDaemon.start(own, {
            mirror_urls: [mirror.url],
            mirrored_repos: ["extra"],
            trusted_proxies: ["127.0.0.1"],
            refresh_interval: "0",
          }),
        );
      }),
    );
    const cluster = new Cluster(resources.move(), folder, mirror);
    cluster.nodes.push(...nodes);
    await cluster.#publish();
    return cluster;
  }

  /** The address of the balancer, without a slash at the end. */
  get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** The path of a package. */
  pathOf(name: string): string {
    return this.repository.package(name, 1);
  }

  /** Starts HAProxy with the example and the first three nodes. */
  async behindHaproxy(): Promise<void> {
    const servers = this.nodes.slice(0, EXAMPLE_NODES)
      .map(({ port }, index) => `    server node${index + 1} 127.0.0.1:${port}\n`);
    const path = this.#folder.join("haproxy.cfg");
    const example = await Deno.readTextFile(new URL("haproxy.cfg", DEPLOY));
    await Deno.writeTextFile(
      path,
      example
        .replace("bind :8090", `bind 127.0.0.1:${this.port}`)
        .replace("/run/haproxy/admin.sock", this.#socket)
        .replace(/( {4}server node\d .*\n)+/, servers.join("")),
    );
    const haproxy = startProgram(["haproxy", "-db", "-f", path], { cwd: this.#folder.path });
    const ended = haproxy.output();
    this.#resources.defer(async () => {
      sendSignal(haproxy.pid, "SIGKILL");
      await ended;
    });
    await until("haproxy accepts connections", () => isListening(this.port));
  }

  /** Starts nginx with the example and the first three nodes. */
  async behindNginx(): Promise<void> {
    let example = await Deno.readTextFile(new URL("nginx-cluster.conf", DEPLOY));
    example = example.replace("listen 8090", `listen 127.0.0.1:${this.port}`);
    for (const { port } of this.nodes) {
      example = example.replace(/192\.0\.2\.\d+:8090/, `127.0.0.1:${port}`);
    }
    await Deno.writeTextFile(
      this.#folder.join("nginx.conf"),
      `daemon off; master_process off; pid nginx.pid; events { worker_connections 4096; }\n` +
        `http { access_log off; ${TEMP_PATHS}\n${example} }`,
    );
    const nginx = await startNginx(this.#folder.path, [this.port]);
    this.#resources.defer(async () => {
      sendSignal(nginx.pid, "SIGKILL");
      await nginx.status;
    });
  }

  /** Adds a further node to the running HAProxy; they are counted from one. */
  async add(number: number): Promise<void> {
    const server = `nodes/node${number}`;
    const port = this.nodes[number - 1]?.port;
    await this.#command(`add server ${server} 127.0.0.1:${port} check inter 2s`);
    await this.#command(`enable server ${server}`);
    await this.#command(`enable health ${server}`);
  }

  /** The requests for a package that reached the mirror. */
  fetchesOf(name: string): number {
    return this.mirror.count(this.pathOf(name), "GET");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
  }

  get #socket(): string {
    return this.#folder.join("haproxy.sock");
  }

  async #command(command: string): Promise<void> {
    using connection = await Deno.connect({ transport: "unix", path: this.#socket });
    await connection.write(new TextEncoder().encode(`${command}\n`));
    for await (const _ of connection.readable);
  }

  async #publish(): Promise<void> {
    for (const [number, name] of this.names.entries()) {
      this.repository.set(name, 1, { size: 20_000 + number * 1_000, seed: number, signed: false });
    }
    await this.repository.publish();
  }
}
