import { Turns } from "../async/turns.ts";
import { PkgstashError } from "../errors.ts";
import { expandServer } from "../formats/pacman/mirrorlist.ts";
import { removeTreeIfPresent } from "../platform/files/durable.ts";
import { eventLogger } from "../platform/observability/logging.ts";
import type { Repository } from "../repositories/repository.ts";
import { DAEMON } from "../version.ts";
import { withoutPackages } from "./admission.ts";
import { hasDatabases } from "./databases.ts";
import {
  changesBetween,
  type Generation,
  type GenerationFile,
  type PackageChange,
} from "./generation.ts";
import { NextGeneration } from "./next_generation.ts";
import {
  GenerationStore,
  keptPackages,
  lostHistory,
  NO_HISTORY,
  type StoredHistory,
} from "./generation_store.ts";
import { type OwnRepositoryConfig, tableText } from "../config/own_repositories.ts";
import { type PackageFacts, PackageStore } from "./package_store.ts";
import { byFileName, type PublishedPackage } from "./published_package.ts";
import { formerVersions, surplusGenerations } from "./retention.ts";
import type { Signer, TrustedSignatures } from "./signing/signer.ts";
import type { RepositoryLayout } from "./state_layout.ts";
import { generationInView } from "./views.ts";
import { ViewedPackages } from "./viewed_packages.ts";
import type { PublishedView } from "../repositories/view.ts";
import { type Draft, type WaitingFile, WaitingPublication } from "./waiting_publication.ts";
import { unstored } from "./unstored.ts";

const log = eventLogger("publishing");

/** Who requested a publication, and what. */
export interface PublicationCause {
  readonly by: string;
  /** Such as `add` or `rollback to 3`. */
  readonly action: string;
}

/** Computes the packages of the next generation from the present ones. */
export type Change = (
  present: readonly PublishedPackage[],
) => readonly PublishedPackage[] | Promise<readonly PublishedPackage[]>;

interface PublishOptions {
  readonly isForced?: boolean;
  readonly anew?: boolean;
  readonly lastStep?: () => Promise<void>;
}

export interface OwnRepositoryOptions {
  readonly settings: OwnRepositoryConfig;
  readonly layout: RepositoryLayout;
  readonly signer: Signer & TrustedSignatures;
  /** In milliseconds since the epoch. */
  readonly now?: () => number;
}

/**
 * One repository of our own packages, with the generations published from them. A publication takes
 * these steps, and a crash between any two leaves the previous generation in place:
 *
 * 1. New packages, signed, move into the package store, where nothing refers to them yet.
 * 2. The databases, their signatures and a summary are written into `staging` and synced.
 * 3. Their directory is renamed to the next number: the publication.
 * 4. Generations beyond `keep_generations` are removed, with the packages that no other generation
 *    contains and `keep_versions` does not keep.
 */
export class OwnRepository {
  readonly packages: PackageStore;
  readonly layout: RepositoryLayout;
  readonly #store: GenerationStore;
  readonly #waiting: WaitingPublication;
  readonly #signer: Signer;
  readonly #turns = new Turns();
  readonly #now: () => number;
  #settings: OwnRepositoryConfig;
  #loading: Promise<void> | null = null;
  readonly #viewed: ViewedPackages;
  #history = NO_HISTORY;

  constructor({ settings, layout, signer, now = Date.now }: OwnRepositoryOptions) {
    this.#settings = settings;
    this.layout = layout;
    this.#signer = signer;
    this.#now = now;
    this.packages = new PackageStore(layout);
    this.#store = new GenerationStore(layout, this.packages);
    this.#waiting = new WaitingPublication({ layout, packages: this.packages, trusted: signer });
    this.#viewed = new ViewedPackages(this.#store);
  }

  get settings(): OwnRepositoryConfig {
    return this.#settings;
  }

  /** Its table in the configuration file. */
  get configuration(): string {
    return tableText(this.#settings);
  }

  /** Takes effect on the next publication. */
  reconfigure(settings: OwnRepositoryConfig): void {
    this.#settings = settings;
  }

  /** How the request path sees it: one repository for each architecture. */
  get repositories(): Repository[] {
    const { name, architectures, clientPath } = this.#settings;
    return architectures.map((architecture) => ({
      upstream: "",
      name,
      architecture,
      directory: expandServer(clientPath, name, architecture),
    }));
  }

  /** The generations, earliest first; the last one is served. Read on the first call. */
  async history(): Promise<readonly Generation[]> {
    await this.#loaded();
    return this.#history.generations;
  }

  /** The generation being served; null before the first publication. */
  async current(): Promise<Generation | null> {
    return (await this.history()).at(-1) ?? null;
  }

  /** The packages of the generation being served. */
  async published(): Promise<readonly PublishedPackage[]> {
    await this.#loaded();
    return this.#history.packages;
  }

  /** The packages to which the next change applies, including those that await signatures. */
  async nextPackages(): Promise<readonly PublishedPackage[]> {
    await this.#loaded();
    return this.#nextPackages;
  }

  /**
   * The packages of the latest publication with a readable list, even if some of the files are
   * lost.
   */
  async listed(): Promise<readonly PublishedPackage[] | null> {
    await this.#loaded();
    return await this.#store.listed();
  }

  /** The packages that `keep_versions` keeps for download and the database does not list. */
  async former(): Promise<readonly PublishedPackage[]> {
    await this.#loaded();
    return this.#history.former;
  }

  /** The package served under a file name; null if there is none. */
  async find(fileName: string): Promise<PublishedPackage | null> {
    return byFileName(await this.published()).get(fileName) ?? null;
  }

  /** The generation that a view shows; see `generationInView`. */
  async generationIn(view: PublishedView): Promise<Generation> {
    await this.#loaded();
    const { name } = this.#settings;
    return generationInView(view, this.#history, { name, now: this.#now() });
  }

  /** The package that a kept generation has under a file name; null if it has none. */
  async findIn(generation: Generation, fileName: string): Promise<PublishedPackage | null> {
    return await this.#viewed.find(generation, fileName);
  }

  /** The path of a file of a generation, such as `x86_64.db`. */
  pathIn(generation: Generation, file: string): string {
    return this.#store.pathOf(generation, file);
  }

  /**
   * Publishes the present packages again unless the databases already match the settings, so that
   * clients find one in a new repository and for a new architecture.
   */
  async publishAsConfigured(): Promise<Generation | null> {
    const current = await this.current();
    if (this.#isLost) throw lostHistory(this.layout);
    const action = current === null ? "create" : "new settings";
    return await this.publish({ by: DAEMON, action }, (present) => present);
  }

  /**
   * Publishes what `change` makes of the present packages, one publication at a time. Returns the
   * generation, or null if nothing changes. With `anew`, publishes in any case and builds the
   * databases from scratch. `lastStep` runs right before the publication, or in its place if
   * nothing changes; if it fails, so does the publication.
   */
  async publish(
    cause: PublicationCause,
    change: Change,
    options: Omit<PublishOptions, "isForced"> = {},
  ): Promise<Generation | null> {
    return await this.#inTurn(() => this.#publish(cause, change, options));
  }

  /** Every package on disk that is needed: served, former, or in a kept generation. */
  async kept(): Promise<readonly PublishedPackage[]> {
    await this.#loaded();
    return keptPackages(this.#history);
  }

  /** Replaces the signature of a package if it is still `before`; returns whether it was. */
  async replaceSignature(
    stored: PublishedPackage,
    signatures: { before: Uint8Array; after: Uint8Array },
  ): Promise<boolean> {
    return await this.#turns.run(() => this.packages.replaceSignature(stored, signatures));
  }

  /** Publishes the present packages as a new generation with newly signed databases. */
  async publishAgain(action: string): Promise<Generation | null> {
    return await this.#inTurn(() =>
      this.#publish({ by: DAEMON, action }, (present) => present, { isForced: true })
    );
  }

  /** Removes packages by name; see `withoutPackages`. */
  async remove(
    names: readonly string[],
    { force, by, action = "remove" }: { force: boolean; by: string; action?: string },
  ): Promise<Generation | null> {
    return await this.publish(
      { by, action },
      (present) => withoutPackages(names, present, force),
    );
  }

  /** Publishes the packages of an earlier generation again; null if nothing would change. */
  async rollback(number: number, by: string): Promise<Generation | null> {
    return await this.publish({ by, action: `rollback to ${number}` }, async () => {
      if (!this.#history.generations.some((each) => each.number === number)) {
        throw new PkgstashError(
          "not_found",
          `Cannot roll back to ${number}: there is no such generation. See pkgstash repo history.`,
        );
      }
      return (await this.#store.read(number)).packages;
    });
  }

  /** The files of the next generation that await an external signature, and those that have one. */
  async waiting(): Promise<{ draft: Draft; files: readonly WaitingFile[] } | null> {
    await this.#loaded();
    const { draft } = this.#waiting;
    return draft === null ? null : { draft, files: await this.#waiting.files() };
  }

  /**
   * Accepts the signature of a file that awaits it. Returns the generation if that was the last
   * one.
   */
  async sign(name: string, signature: Uint8Array): Promise<Generation | null> {
    return await this.#inTurn(async () => {
      await this.#loaded();
      await this.#waiting.sign(name, signature);
      return await this.#publishSigned();
    });
  }

  /**
   * Discards the change that awaits signatures; what is published stays. Returns what the change
   * would have been.
   *
   * @throws PkgstashError `conflict` if nothing awaits signatures.
   */
  async discardWaiting(): Promise<PublicationCause & { changes: readonly PackageChange[] }> {
    return await this.#inTurn(async () => {
      await this.#loaded();
      const { draft } = this.#waiting;
      const { generations, packages } = this.#history;
      const changes = draft === null ? [] : changesBetween(packages, draft.packages);
      if (draft === null || (changes.length === 0 && generations.length === 0)) {
        throw new PkgstashError(
          "conflict",
          `Cannot discard changes of ${this.#settings.name}: no change of its packages awaits signatures.`,
        );
      }
      const { by, action } = draft;
      await this.#waiting.drop();
      await this.#prune();
      log.info("discarded the change that awaited signatures", {
        repository: this.#settings.name,
        ...{ by, action, changes: changes.length },
      });
      // Clients still need the databases that the settings require.
      const cause = { by: DAEMON, action: generations.length === 0 ? "create" : "new settings" };
      await this.#publish(cause, (present) => present, {});
      return { by, action, changes };
    });
  }

  /** Resolves when no publication is in progress. */
  settled(): Promise<void> {
    return this.#turns.settled();
  }

  /** Moves a directory with a package into the store, signing it if packages are signed. */
  async take(directory: string, published: PublishedPackage, facts: PackageFacts): Promise<void> {
    await this.packages.take(directory, published, { facts, sign: this.#sign });
  }

  /** Signs as this server; null if signing is external or off. */
  get #sign(): Signer["sign"] | null {
    return this.#settings.signing === "required" ? (data) => this.#signer.sign(data) : null;
  }

  /** Builds the files of the next generation. */
  get #next(): NextGeneration {
    return new NextGeneration({
      architectures: this.#settings.architectures,
      store: this.#store,
      packages: this.packages,
      sign: this.#sign,
      now: this.#now,
    });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    return this.#turns.run(async () => {
      try {
        return await work();
      } catch (error) {
        throw unstored(`publish ${this.#settings.name}`, error);
      }
    });
  }

  get #nextPackages(): readonly PublishedPackage[] {
    const { packages } = this.#history;
    if (this.#settings.signing !== "external") return packages;
    return this.#waiting.draft?.packages ?? packages;
  }

  /** Whether something was published, but nothing of it can be read. */
  get #isLost(): boolean {
    return this.#history.generations.length === 0 && !this.#history.isWhole;
  }

  async #publish(
    cause: PublicationCause,
    change: Change,
    { anew = false, isForced = anew, lastStep = () => Promise.resolve() }: PublishOptions,
  ): Promise<Generation | null> {
    await this.#loaded();
    const { generations, packages: present, lastNumber } = this.#history;
    if (!anew && this.#isLost) throw lostHistory(this.layout);
    const isExternal = this.#settings.signing === "external";
    const head = this.#nextPackages;
    const packages = await change(head);
    const isWaiting = isExternal && this.#waiting.draft !== null &&
      changesBetween(head, packages).length === 0;
    if (isWaiting && !isForced) return await this.#publishSigned();
    const changes = changesBetween(present, packages);
    const current = generations.at(-1) ?? null;
    const isSame = changes.length === 0 && hasDatabases(current, this.#settings);
    if (isSame && !isForced) {
      await lastStep();
      await this.#waiting.drop();
      return null;
    }
    const reused = anew ? null : current;
    const next = this.#next;
    await next.signPackages(packages, { changes, current: reused });
    const replaced = [...this.#history.former, ...changes.flatMap(({ from }) => from ?? [])];
    const former = formerVersions(replaced, packages, this.#settings);
    const write = async (directory: string) => {
      const files = await next.writeDatabases(directory, packages, { current, reused });
      await lastStep();
      return files;
    };
    if (isExternal) {
      await this.#waiting.replace({ base: lastNumber, ...cause, packages, former }, write);
      return await this.#publishSigned();
    }
    return await this.#add(cause, { packages, former }, write);
  }

  /** Publishes the change that awaits signatures once it has all of them; null until then. */
  async #publishSigned(): Promise<Generation | null> {
    const { draft } = this.#waiting;
    if (draft === null) return null;
    const files = await this.#waiting.files();
    const missing = files.filter(({ isSigned }) => !isSigned).length;
    if (missing > 0) {
      log.info("awaiting signatures", { repository: this.#settings.name, files: missing });
      return null;
    }
    const { by, action, packages, former } = draft;
    const { packages: published } = this.#history;
    return await this.#add(
      { by, action },
      { packages, former },
      (directory) => this.#waiting.write(directory, published),
    );
  }

  async #add(
    cause: PublicationCause,
    { packages, former }: Pick<StoredHistory, "packages" | "former">,
    write: (directory: string) => Promise<Record<string, GenerationFile>>,
  ): Promise<Generation> {
    const { generations, packages: present, lastNumber } = this.#history;
    const number = lastNumber + 1;
    const publishedAt = this.#next.timeAfter(generations.at(-1) ?? null);
    const changes = changesBetween(present, packages);
    const generation = await this.#store.publish(
      { number, publishedAt, ...cause, changes },
      { packages, former },
      write,
    );
    this.#history = {
      ...this.#history,
      generations: [...generations, generation],
      packages,
      former,
      lastNumber: number,
    };
    await this.#waiting.drop();
    log.info("published", {
      repository: this.#settings.name,
      generation: number,
      ...cause,
      changes: changes.length,
    });
    await this.#prune().catch((error) =>
      log.warn("cannot remove obsolete files", { reason: String(error) })
    );
    return generation;
  }

  #loaded(): Promise<void> {
    return this.#loading ??= this.#load().catch((error) => {
      this.#loading = null;
      throw error;
    });
  }

  async #load(): Promise<void> {
    // Left by an earlier run that did not publish it.
    await removeTreeIfPresent(this.layout.staging);
    this.#history = await this.#store.load();
    await this.#waiting.load(this.#history.lastNumber);
    await this.#prune();
  }

  async #prune(): Promise<void> {
    const { generations, isWhole } = this.#history;
    if (!isWhole) return;
    const surplus = surplusGenerations(generations, this.#settings, this.#now());
    for (const generation of surplus) await this.#store.remove(generation);
    const kept = generations.slice(surplus.length);
    this.#history = { ...this.#history, generations: kept };
    const needed = [...keptPackages(this.#history), ...this.#waiting.draft?.packages ?? []];
    await this.packages.prune(new Set(needed.map(({ sha256 }) => sha256)));
  }
}
