import { join } from "@std/path";
import { BlackHole } from "./black_hole.ts";
import { type MirrorServer, NginxMirror } from "./nginx_mirror.ts";
import { copyMirror } from "./package_repository.ts";
import { PacmanClient, type PacmanOptions } from "./pacman_client.ts";
import { BINARY_CACHE_ROOT } from "../../../src/config/out_of_reach.ts";
import { PkgstashDaemon, testsBinary } from "./pkgstash_daemon.ts";
import { requireTools } from "./required_tools.ts";
import { SigningKey } from "./signing_key.ts";
import { StandardRepositories } from "./standard_repositories.ts";

/** A folder of a test's own, and everything that it starts there; all of it ends with the test. */
export class TestBed implements AsyncDisposable {
  readonly #resources = new AsyncDisposableStack();
  readonly #daemons: PkgstashDaemon[] = [];
  #folders = 0;

  private constructor(readonly folder: string) {}

  static async create(): Promise<TestBed> {
    requireTools();
    const bed = new TestBed(await Deno.makeTempDir({ prefix: "pkgstash-e2e-" }));
    bed.#resources.defer(() => Deno.remove(bed.folder, { recursive: true }));
    return bed;
  }

  /** A new empty folder. */
  async newFolder(name: string, mode = 0o755): Promise<string> {
    const folder = join(this.folder, `${name}-${++this.#folders}`);
    await Deno.mkdir(folder, { mode });
    return folder;
  }

  /** A new key to sign packages with. */
  async signingKey(): Promise<SigningKey> {
    return this.#resources.use(await SigningKey.generate(await this.newFolder("key", 0o700)));
  }

  /** The repositories `core` and `extra` in a new tree. */
  async repositories(key?: SigningKey): Promise<StandardRepositories> {
    return await StandardRepositories.create(await this.newFolder("tree"), key);
  }

  /** A copy of a mirror's tree, to be changed apart from it. */
  async copyOf(root: string): Promise<string> {
    const copy = await this.newFolder("tree");
    await copyMirror(root, copy);
    return copy;
  }

  /** A running nginx with these server blocks. */
  async mirror(...servers: MirrorServer[]): Promise<NginxMirror> {
    return this.#resources.use(await NginxMirror.start(await this.newFolder("nginx"), ...servers));
  }

  /** A mirror that accepts connections and never answers. */
  blackHole(): BlackHole {
    return this.#resources.use(new BlackHole());
  }

  /**
   * A running pkgstash; without further keys it mirrors core and extra for x86_64. `prepare` may
   * write its files before it starts, and gives a whole configuration instead.
   */
  async pkgstash(
    mirrorUrls: readonly string[],
    configuration: Record<string, unknown> = {},
    prepare?: (daemon: PkgstashDaemon) => Promise<string>,
  ): Promise<PkgstashDaemon> {
    const daemon = await PkgstashDaemon.start(await this.#daemonFolder(), {
      mirror_urls: mirrorUrls,
      mirrored_repos: ["core", "extra"],
      architectures: ["x86_64"],
      ...configuration,
    }, prepare);
    this.#daemons.push(daemon);
    return this.#resources.use(daemon);
  }

  /** A new folder that a daemon may write: the binary's permissions say where that can be. */
  async #daemonFolder(): Promise<string> {
    if (!testsBinary()) return await this.newFolder("pkgstash");
    await Deno.mkdir(BINARY_CACHE_ROOT, { recursive: true });
    const folder = await Deno.makeTempDir({ dir: BINARY_CACHE_ROOT, prefix: "e2e-" });
    this.#resources.defer(() => Deno.remove(folder, { recursive: true }));
    return folder;
  }

  /** A client of a pkgstash, or of any servers. */
  async client(
    from: PkgstashDaemon | readonly string[],
    options: Omit<PacmanOptions, "servers"> = {},
  ): Promise<PacmanClient> {
    const servers = from instanceof PkgstashDaemon ? [from.server] : from;
    const folder = await this.newFolder("client");
    return this.#resources.use(await PacmanClient.create(folder, { ...options, servers }));
  }

  /** The last lines that each pkgstash printed. */
  report(): string {
    return this.#daemons.map((daemon, index) =>
      `pkgstash ${index + 1} of the test said last:\n${daemon.lines.slice(-60).join("\n")}`
    ).join("\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
  }
}

/** Registers a test that gets a test bed; when it fails, pkgstash's last log lines are printed. */
export function endToEndTest(
  property: string,
  test: (bed: TestBed) => Promise<void>,
  options: { ignore?: boolean } = {},
): void {
  Deno.test({
    name: property,
    ignore: options.ignore ?? false,
    fn: async () => {
      await using bed = await TestBed.create();
      try {
        await test(bed);
      } catch (error) {
        console.error(bed.report());
        throw error;
      }
    },
  });
}
