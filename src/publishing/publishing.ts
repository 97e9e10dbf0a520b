import { basename } from "@std/path";
import { type Clock, SYSTEM_CLOCK } from "../async/clock.ts";
import { BackgroundWork } from "../async/background_work.ts";
import { asFaultOfRequest, PkgstashError, reasonOf } from "../errors.ts";
import type { DirectoryLock } from "../platform/files/directory_lock.ts";
import { statIfPresent } from "../platform/files/durable.ts";
import { hostName } from "../platform/host_name.ts";
import { eventLogger } from "../platform/observability/logging.ts";
import type { Client } from "../repositories/leases.ts";
import type { Repository, RepositoryFile, RepositoryTree } from "../repositories/repository.ts";
import type { View } from "../repositories/view.ts";
import type { Consent } from "./admission.ts";
import type { WithDebug } from "./debug_packages.ts";
import type { Generation } from "./generation.ts";
import { OwnRepositories, type PublishingConfig } from "./own_repositories.ts";
import type { OwnRepository } from "./own_repository.ts";
import { prepareState } from "./prepare_state.ts";
import { keyringPackage } from "./keyring_package.ts";
import { packagesFor } from "./published_package.ts";
import { receivePackage } from "./received_package.ts";
import { promote, type PromotionOptions } from "./promotion.ts";
import { type RemovalOptions, removePackages } from "./removal.ts";
import { rebuild, type RebuildOptions, type RebuildResult } from "./rebuild.ts";
import { OwnRequests } from "./requests.ts";
import { assertUnused, SignatureUpkeep } from "./signature_upkeep.ts";
import { Signing } from "./signing/signing.ts";
import { StateLayout } from "./state_layout.ts";
import type { UploadResult } from "./staged_packages.ts";
import { type FindNamesakes, signatureIn, Uploads } from "./uploads.ts";
import { type VerifiedRepository, verifyRepository } from "./verification.ts";

const log = eventLogger("publishing");

export interface PublishingOptions {
  /** The passphrase of the signing keys; null for none. */
  readonly readPassphrase: () => string | null;
  /** Finds mirrored packages by name. */
  readonly namesakes: FindNamesakes;
  /** In milliseconds since the epoch. */
  readonly now?: () => number;
  /** The clock for signatures. */
  readonly clock?: Clock;
}

/**
 * Repositories of our own packages: the door of this wing, which creates its rooms and connects
 * them. The way of a package:
 *
 * 1. `uploads` opens an upload; `received_package` writes each file to `staging`, reading and
 *    checking it as it arrives.
 * 2. `admission` decides, over plain values, whether all of them may join the repository.
 * 3. `own_repository` moves them into the package store, has `databases` written, and publishes the
 *    next generation in one step.
 * 4. `requests` serves the files of the newest generation, or of the one with which a client began.
 */
export class Publishing {
  readonly layout: StateLayout;
  readonly signing: Signing;
  readonly uploads: Uploads;
  readonly signatures: SignatureUpkeep;
  readonly #requests = new OwnRequests();
  readonly #own: OwnRepositories;
  readonly #now: () => number;
  readonly #namesakes: FindNamesakes;
  #lock: Promise<DirectoryLock> | null = null;
  readonly #background = new BackgroundWork((failure, error) =>
    log.error(failure, { reason: reasonOf(error) })
  );

  private constructor(config: PublishingConfig, options: PublishingOptions) {
    const { readPassphrase, namesakes, now, clock = SYSTEM_CLOCK } = options;
    this.#now = now ?? Date.now;
    this.layout = new StateLayout(config.stateRoot);
    this.signing = new Signing({
      directory: this.layout.keys,
      readPassphrase,
      userName: `pkgstash on ${hostName()}`,
      clock,
      onChanged: () => this.signatures.wake(),
    });
    this.#own = new OwnRepositories(config, {
      layout: this.layout,
      signer: this.signing,
      now: this.#now,
      claim: () => this.claim(),
    });
    this.signatures = new SignatureUpkeep({
      signing: this.signing,
      repositories: () => this.repositories,
      clock,
    });
    this.#namesakes = namesakes;
    this.uploads = new Uploads({
      signing: this.signing,
      namesakes,
      debugOf: ({ settings }) => this.#own.debugOf(settings.name),
      clock,
    });
  }

  /**
   * Loads the repositories. The state directory is locked if there are any, and otherwise left
   * alone until there are: most servers only mirror.
   */
  static async open(config: PublishingConfig, options: PublishingOptions): Promise<Publishing> {
    const publishing = new Publishing(config, options);
    try {
      const { layout } = publishing;
      if (await statIfPresent(layout.repositories) !== null) await publishing.claim();
      await publishing.#own.load();
      await publishing.#own.publishAsConfigured();
      publishing.signatures.start();
      return publishing;
    } catch (error) {
      await publishing.stop();
      throw error;
    }
  }

  /** Every path that clients may request. */
  get tree(): RepositoryTree {
    return this.#own.tree;
  }

  /** All repositories, by name. */
  get repositories(): OwnRepository[] {
    return this.#own.all;
  }

  /** @throws PkgstashError `not_found` if there is no repository of this name. */
  repository(name: string): OwnRepository {
    return this.#own.find(name);
  }

  /** Like `repository`, but for a change: locks the state directory unless it is already locked. */
  async repositoryToChange(name: string): Promise<OwnRepository> {
    const found = this.repository(name);
    await this.claim();
    return found;
  }

  /** Creates a repository and publishes it, empty; see `OwnRepositories`. */
  async create(
    name: string,
    table: Readonly<Record<string, unknown>>,
    by: string,
  ): Promise<OwnRepository> {
    return await this.#own.create(name, table, by);
  }

  /** Publishes packages of one repository in another; see `promotion.ts`. */
  async promote(
    options: Omit<PromotionOptions, "from" | "to" | "namesakes"> & { from: string; to: string },
  ): Promise<UploadResult> {
    const from = await this.#withDebug(options.from);
    const to = await this.#withDebug(options.to);
    return await promote({ ...options, from, to, namesakes: this.#namesakes });
  }

  /** Removes packages of a repository; see `removal.ts`. */
  async remove(
    name: string,
    options: Omit<RemovalOptions, "repository" | "debug">,
  ): Promise<UploadResult> {
    return await removePackages({ ...options, ...await this.#withDebug(name) });
  }

  async #withDebug(name: string): Promise<WithDebug> {
    return { repository: await this.repositoryToChange(name), debug: this.#own.debugOf(name) };
  }

  /** Writes and reads a package that another wing keeps until its publication. */
  receive = receivePackage;

  /** Finds mirrored packages by name. */
  get namesakesOf(): FindNamesakes {
    return this.#namesakes;
  }

  /**
   * Publishes packages on this machine as one upload.
   *
   * @throws PkgstashError `conflict` if they would have to await external signatures: the caller
   * takes them for published once this returns.
   */
  async publishFiles(
    name: string,
    paths: readonly string[],
    cause: { consent: Consent; by: string },
  ): Promise<UploadResult> {
    const repository = await this.repositoryToChange(name);
    assertSignedHere(repository);
    const upload = await this.uploads.open(repository);
    try {
      for (const path of paths) {
        const { readable: body } = await Deno.open(path, { read: true });
        await this.uploads.put(repository, upload, { fileName: basename(path), body });
      }
      return await this.uploads.publish(repository, upload, cause);
    } catch (error) {
      // It is already gone if its publication failed halfway.
      await this.uploads.abandon(repository, upload).catch(() => {});
      throw error;
    }
  }

  /** Publishes a repository again from its package files; see `rebuild.ts`. */
  async rebuild(name: string, options: Omit<RebuildOptions, "signing">): Promise<RebuildResult> {
    const repository = await this.repositoryToChange(name);
    return await rebuild(repository, { ...options, signing: this.signing });
  }

  /** Verifies everything that a repository serves. */
  async verify(name: string): Promise<VerifiedRepository> {
    return await verifyRepository(this.repository(name), this.signing);
  }

  /**
   * Publishes the public keys as the package `NAME-keyring`, for clients that have an older one or
   * already trust the repository.
   */
  async publishKeyring(name: string, by: string): Promise<UploadResult> {
    const repository = await this.repositoryToChange(name);
    if (repository.settings.signing === "none") {
      throw new PkgstashError(
        "conflict",
        `Cannot publish the keys of ${name}: it is not signed, so clients need none. ` +
          'Create the repository with signing = "required".',
      );
    }
    const { binary } = await this.signing.publicKeys();
    const { fileName, bytes } = keyringPackage({
      name,
      keys: binary,
      fingerprints: (await this.signing.list()).map(({ fingerprint }) => fingerprint),
      time: this.#now(),
    });
    const upload = await this.uploads.open(repository);
    await this.uploads.put(repository, upload, { fileName, body: ReadableStream.from([bytes]) });
    const consent = { downgrade: false, replace: false, shadow: false };
    return await this.uploads.publish(repository, upload, { consent, by });
  }

  /**
   * Accepts the signature of a file that awaits it. Returns the generation if that was the last
   * one.
   *
   * @throws PkgstashError `invalid_request` if it is not a valid one by a trusted key, `not_found`
   * if no such file awaits one.
   */
  async sign(
    name: string,
    { fileName, body }: { fileName: string; body: ReadableStream<Uint8Array> },
  ): Promise<Generation | null> {
    const own = await this.repositoryToChange(name);
    if (!fileName.endsWith(".sig")) {
      await body.cancel();
      throw new PkgstashError(
        "invalid_request",
        `Cannot take ${fileName}: a signature is named after its file, with .sig appended.`,
      );
    }
    const signature = await signatureIn(body, fileName);
    try {
      return await own.sign(fileName.slice(0, -".sig".length), signature);
    } catch (error) {
      throw asFaultOfRequest(error, `${fileName}: `);
    }
  }

  /**
   * Retires a former signing key; clients no longer get it.
   *
   * @throws PkgstashError `conflict` while anything that clients get needs it; `force` disregards
   * views of earlier generations.
   */
  async retireKey(fingerprint: string, { force }: { force: boolean }): Promise<void> {
    await this.signing.assertFormer(fingerprint);
    const uses = await this.signatures.usesOf(fingerprint);
    if (uses.some(({ packages, isServed }) => packages > 0 || isServed)) this.signatures.wake();
    assertUnused(fingerprint, uses, force);
    await this.signing.retire(fingerprint);
  }

  /**
   * Answers a GET or HEAD for a file of one of these repositories, in its current state or in a
   * view.
   */
  async respond(
    file: RepositoryFile,
    request: Request,
    client: Client,
    view: View | null = null,
  ): Promise<Response> {
    const own = this.repository(file.repository.name);
    return await this.#requests.respond({ own, file, view, request, client });
  }

  /** The files of a repository, with sizes in bytes and times in milliseconds since the epoch. */
  filesOf = async (
    { name, architecture }: Repository,
  ): Promise<{ name: string; size: number; modified: number }[]> => {
    const own = this.repository(name);
    const current = await own.current();
    if (current === null) return [];
    const members = Object.entries(current.files).flatMap(([file, { size }]) =>
      file.startsWith(`${architecture}.`)
        ? [{
          name: `${name}${file.slice(architecture.length)}`,
          size,
          modified: current.publishedAt,
        }]
        : []
    );
    const packages = packagesFor(await own.published(), architecture)
      .map(({ fileName, size, addedAt }) => ({ name: fileName, size, modified: addedAt }));
    return [...members, ...packages].sort((one, other) => one.name < other.name ? -1 : 1);
  };

  /** Applies a new configuration, whose tables override `repo create`. */
  reconfigure(config: PublishingConfig): void {
    this.#own.reconfigure(config);
    void this.#background.add(
      "cannot publish the configured repositories",
      this.#own.publishAsConfigured(),
    );
  }

  /** Waits for publications in progress, and releases the state directory. */
  async stop(): Promise<void> {
    await this.signatures[Symbol.asyncDispose]();
    await this.uploads[Symbol.asyncDispose]();
    await this.#requests[Symbol.asyncDispose]();
    await this.#background.settled();
    await Promise.all(this.repositories.map((repository) => repository.settled()));
    (await this.#lock?.catch(() => null))?.[Symbol.dispose]();
    this.#lock = null;
  }

  /** Locks the state directory once, creating it if missing. Other wings keep state there. */
  async claim(): Promise<void> {
    this.#lock ??= prepareState(this.layout).catch((error) => {
      this.#lock = null;
      throw error;
    });
    await this.#lock;
  }
}

/** @throws PkgstashError `conflict` if packages built for it would await external signatures. */
export function assertSignedHere({ settings }: Pick<OwnRepository, "settings">): void {
  if (settings.signing !== "external") return;
  throw new PkgstashError(
    "conflict",
    `Cannot build for ${settings.name}: it is signed externally, and a build needs the packages ` +
      "built before it. Choose another repository for AUR packages, and promote them to " +
      `${settings.name} from there, or let the server sign.`,
  );
}
