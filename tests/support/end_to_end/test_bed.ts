import { join } from "@std/path";
import { BINARY_CACHE_ROOT } from "../../../src/config/out_of_reach.ts";
import { NAMED_BINARY } from "../binary_under_test.ts";
import { BlackHole } from "./black_hole.ts";
import { type MirrorServer, NginxMirror } from "./nginx_mirror.ts";
import { copyMirror } from "./package_repository.ts";
import { PacmanClient, type PacmanOptions } from "./pacman_client.ts";
import { PkgstashDaemon, type PkgstashOptions } from "./pkgstash_daemon.ts";
import { requireTools } from "./required_tools.ts";
import { SigningKey } from "./signing_key.ts";
import { StandardRepositories } from "./standard_repositories.ts";

export interface MirroredOptions extends Pick<MirrorServer, "limitRate"> {
  /** Signs the repositories. */
  readonly key?: SigningKey;
  /** Keys of pkgstash's configuration. */
  readonly settings?: Record<string, unknown>;
}

/** The standard repositories, a mirror of them, and a pkgstash that has only that mirror. */
export interface Mirrored {
  readonly repositories: StandardRepositories;
  readonly mirror: NginxMirror;
  readonly pkgstash: PkgstashDaemon;
}

/** A test's own folder and everything that it starts there; all of it ends with the test. */
export class TestBed implements AsyncDisposable {
  readonly folder: string;
  readonly #binary: string | null;
  readonly #resources = new AsyncDisposableStack();
  readonly #daemons: PkgstashDaemon[] = [];
  #folders = 0;

  private constructor(folder: string, binary: string | null) {
    this.folder = folder;
    this.#binary = binary;
  }

  /** @param binary The compiled pkgstash to run; null for the source. */
  static async create(binary: string | null = NAMED_BINARY): Promise<TestBed> {
    requireTools();
    const bed = new TestBed(await Deno.makeTempDir({ prefix: "pkgstash-e2e-" }), binary);
    bed.#resources.defer(() => Deno.remove(bed.folder, { recursive: true }));
    return bed;
  }

  /** What most tests begin with. */
  async mirrored({ key, settings, ...server }: MirroredOptions = {}): Promise<Mirrored> {
    const repositories = await this.repositories(key);
    const mirror = await this.mirror({ root: repositories.root, ...server });
    return { repositories, mirror, pkgstash: await this.pkgstash([mirror.url()], settings) };
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

  /** A copy of a mirror's tree, which can be changed independently. */
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

  /** A running pkgstash. Unless `settings` say otherwise, it mirrors core and extra for x86_64. */
  async pkgstash(
    mirrorUrls: readonly string[],
    settings: Record<string, unknown> = {},
    prepare?: PkgstashOptions["prepare"],
  ): Promise<PkgstashDaemon> {
    const daemon = await PkgstashDaemon.start(await this.daemonFolder(), {
      mirror_urls: mirrorUrls,
      mirrored_repos: ["core", "extra"],
      architectures: ["x86_64"],
      ...settings,
    }, { binary: this.#binary, ...(prepare === undefined ? {} : { prepare }) });
    this.#daemons.push(daemon);
    return this.#resources.use(daemon);
  }

  /** A new folder that a daemon may read and write; a binary's permissions limit where that is. */
  async daemonFolder(): Promise<string> {
    if (this.#binary === null) return await this.newFolder("pkgstash");
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
      `Last output of the test's pkgstash ${index + 1}:\n` +
      daemon.output.split("\n").slice(-60).join("\n")
    ).join("\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
  }
}

/** Registers a test that gets a test bed. If it fails, it prints pkgstash's last log lines. */
export function endToEndTest(
  name: string,
  test: (bed: TestBed) => Promise<void>,
  options: { ignore?: boolean } = {},
): void {
  Deno.test({
    name,
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
