import { SHOW_PUBLIC_KEYS } from "../../../src/api/keys.ts";
import { ApiClient } from "../../../src/cli/api_client.ts";
import { TOKEN } from "../administration.ts";
import { OwnRepositoryServer } from "../end_to_end/own_repository_server.ts";
import { PackageRepository } from "../end_to_end/package_repository.ts";
import type { SigningKey } from "../end_to_end/signing_key.ts";
import { TestBed } from "../end_to_end/test_bed.ts";
import { basePackages } from "./base_packages.ts";
import { ChildBuilder } from "./child_builder.ts";
import { type FakeJob, FakeQueue, saveProducts } from "./fake_queue.ts";

/** The repository that builds are published in. */
export const OWN = "own";

/**
 * A made-up distribution with signed packages, a real daemon that mirrors it and keeps a repository,
 * a queue of the test's, and any number of builders.
 */
export class BuildBed implements AsyncDisposable {
  readonly queue: FakeQueue;
  readonly bed: TestBed;
  readonly server: OwnRepositoryServer;
  /** The repository of the distribution. */
  readonly core: PackageRepository;
  /** A keyring of pacman that trusts the distribution. */
  readonly keyring: string;
  readonly #resources: AsyncDisposableStack;

  private constructor(
    resources: AsyncDisposableStack,
    { bed, core, server, queue, keyring }: {
      bed: TestBed;
      core: PackageRepository;
      server: OwnRepositoryServer;
      queue: FakeQueue;
      keyring: string;
    },
  ) {
    this.#resources = resources;
    this.bed = bed;
    this.core = core;
    this.server = server;
    this.queue = queue;
    this.keyring = keyring;
  }

  /** `settings` are further ones of the daemon. */
  static async create(settings: Record<string, unknown> = {}): Promise<BuildBed> {
    const resources = new AsyncDisposableStack();
    const bed = resources.use(await TestBed.create());
    const key: SigningKey = await bed.signingKey();
    const tree = await bed.newFolder("tree");
    const packages = await basePackages();
    const core = await PackageRepository.create(tree, "core", packages, key);
    const mirror = await bed.mirror({ root: tree });
    const server = await OwnRepositoryServer.start(bed, {
      mirror_urls: [mirror.url()],
      mirrored_repos: ["core"],
      ...settings,
    });
    await server.run("create", OWN);
    const keyring = await bed.newFolder("keyring", 0o700);
    await key.trustIn(keyring);
    const client = new ApiClient(server.pkgstash.url.replace(/\/$/, ""), () =>
      Promise.resolve({
        token: TOKEN,
        source: "the test",
      }));
    const { fingerprint, armored } = await client.call(SHOW_PUBLIC_KEYS);
    const servers = [server.pkgstash.server];
    const queue = resources.use(
      new FakeQueue({
        repository: { name: OWN, servers, fingerprint, public_keys: armored },
        mirrored: [{ name: "core", servers }],
      }),
    );
    return new BuildBed(resources, { bed, core, server, queue, keyring });
  }

  /** Starts a builder that takes jobs from the queue. */
  async builder(settings: Record<string, unknown> = {}): Promise<ChildBuilder> {
    const folder = await this.bed.newFolder("builder");
    return this.#resources.use(
      await ChildBuilder.start(folder, {
        url: this.queue.url,
        keyring: this.keyring,
        ...settings,
      }, { token: this.queue.token }),
    );
  }

  /** Publishes what a job made in the daemon's own repository. */
  async publish(job: FakeJob): Promise<void> {
    const paths = await saveProducts(job, await this.bed.newFolder("products"));
    await this.server.run("add", OWN, ...paths);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
  }
}

/** A PKGBUILD and its `.SRCINFO`, with these lines and functions. */
export function packageSource(
  name: string,
  { fields = {}, body, more = {} }: {
    readonly fields?: Readonly<Record<string, readonly string[]>>;
    readonly body: string;
    readonly more?: Readonly<Record<string, string>>;
  },
): { package_base: string; files: Record<string, string> } {
  const arrays = Object.entries(fields)
    .map(([key, values]) => `${key}=(${values.map((value) => `'${value}'`).join(" ")})`);
  const PKGBUILD = [
    `pkgname=${name}`,
    "pkgver=1.0",
    "pkgrel=1",
    "pkgdesc='Made by a test'",
    "arch=(any)",
    "url='https://example.invalid/'",
    "license=(custom)",
    ...arrays,
    body,
    "",
  ].join("\n");
  const lines = [
    `pkgbase = ${name}`,
    "\tpkgdesc = Made by a test",
    "\tpkgver = 1.0",
    "\tpkgrel = 1",
    "\turl = https://example.invalid/",
    "\tarch = any",
    "\tlicense = custom",
    ...Object.entries(fields).flatMap(([key, values]) =>
      values.map((each) => `\t${key} = ${each}`)
    ),
    "",
    `pkgname = ${name}`,
    "",
  ];
  return { package_base: name, files: { PKGBUILD, ".SRCINFO": lines.join("\n"), ...more } };
}

/** Registers a test that gets a bed. If it fails, it prints what everything printed. */
export function buildingTest(
  name: string,
  test: (bed: BuildBed, t: Deno.TestContext) => Promise<void>,
): void {
  Deno.test(name, async (t) => {
    await using bed = await BuildBed.create();
    try {
      await test(bed, t);
    } catch (error) {
      for (const job of bed.queue.jobs) {
        console.error(`Log of ${job.job.package_base}:\n${bed.queue.logOf(job).slice(-6000)}`);
        console.error(`Its result: ${JSON.stringify(job.result)}`);
      }
      throw error;
    }
  });
}
