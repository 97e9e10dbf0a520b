import type { Clock } from "../async/clock.ts";
import { Turns } from "../async/turns.ts";
import { PkgstashError, reasonOf } from "../errors.ts";
import { readIfPresent, statIfPresent } from "../platform/files/durable.ts";
import { eventLogger } from "../platform/observability/logging.ts";
import type { Generation } from "./generation.ts";
import type { OwnRepository } from "./own_repository.ts";
import type { PublishedPackage } from "./published_package.ts";
import type { Signing } from "./signing/signing.ts";

const log = eventLogger("signing");

/** From the daemon's start to the first check: clients come first. */
const FIRST_PAUSE_MS = 30_000;
/** Between two checks of the keys. */
const MAX_PAUSE_MS = 10 * 60_000;
/** How often everything is checked, even if nothing should be outdated. */
const FULL_LOOK_MS = 24 * 3_600_000;

/** What still has signatures by a key. */
export interface KeyUse {
  readonly repository: string;
  /** Number of kept packages. */
  readonly packages: number;
  /** Numbers of the kept generations whose databases it signed. */
  readonly generations: readonly number[];
  /** Whether one of those is being served. */
  readonly isServed: boolean;
}

/**
 * Replaces the signatures of former keys in the background: first those of all kept packages, one
 * file at a time, then those of the databases, by publishing them again. Clients trust both keys
 * meanwhile, so each file has a valid signature at any moment. The files themselves show what
 * remains to be done, so the next run resumes an interrupted one. Packagers' signatures stay, and
 * so do the databases of earlier generations.
 */
export class SignatureUpkeep implements AsyncDisposable {
  readonly #signing: Signing;
  readonly #repositories: () => readonly OwnRepository[];
  readonly #clock: Clock;
  readonly #turns = new Turns();
  readonly #stop = new AbortController();
  #pause = new AbortController();
  #loop: Promise<void> = Promise.resolve();
  /** The key with which everything was signed at the last check, and the time of that check. */
  #done: { fingerprint: string; at: number } | null = null;

  constructor({ signing, repositories, clock }: {
    signing: Signing;
    repositories: () => readonly OwnRepository[];
    clock: Clock;
  }) {
    this.#signing = signing;
    this.#repositories = repositories;
    this.#clock = clock;
  }

  /** Starts maintaining the signatures, until disposed. */
  start(): void {
    this.#loop = this.#work();
  }

  /** Checks everything at once, because keys have changed. */
  wake(): void {
    this.#done = null;
    this.#pause.abort();
  }

  /** Replaces what must be replaced now; resolves when nothing remains or it was stopped. */
  run(): Promise<void> {
    return this.#turns.run(() => this.#run());
  }

  /** Where signatures by one of the daemon's keys remain. */
  async usesOf(fingerprint: string): Promise<KeyUse[]> {
    const isBy = async (path: string) => {
      const signature = await readIfPresent(path);
      if (signature === null) return false;
      return (await this.#signing.ownMakersOf(signature)).includes(fingerprint);
    };
    const uses: KeyUse[] = [];
    for (const own of this.#repositories()) {
      let packages = 0;
      for (const each of await own.kept()) {
        if (await isBy(own.packages.signatureOf(each))) packages++;
      }
      const generations: number[] = [];
      for (const generation of await own.history()) {
        for (const path of databaseSignatures(own, generation)) {
          if (generations.at(-1) !== generation.number && await isBy(path)) {
            generations.push(generation.number);
          }
        }
      }
      if (packages === 0 && generations.length === 0) continue;
      const served = (await own.current())?.number;
      const isServed = generations.some((number) => number === served);
      uses.push({ repository: own.settings.name, packages, generations, isServed });
    }
    return uses;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#loop;
    await this.#turns.settled();
  }

  async #work(): Promise<void> {
    const { signal } = this.#stop;
    let pauseMs = FIRST_PAUSE_MS;
    while (!signal.aborted) {
      await this.#clock.sleep(pauseMs, AbortSignal.any([signal, this.#pause.signal]));
      if (signal.aborted) return;
      this.#pause = new AbortController();
      pauseMs = MAX_PAUSE_MS;
      try {
        await this.run();
        pauseMs = await this.#untilNextKey();
      } catch (error) {
        log.error("cannot replace the signatures of a former key", { reason: reasonOf(error) });
      }
    }
  }

  /** How long to wait: until the next key signs, if that is soon. */
  async #untilNextKey(): Promise<number> {
    if (this.#signed().length === 0) return MAX_PAUSE_MS;
    const next = (await this.#signing.list()).find(({ state }) => state === "next");
    if (next === undefined) return MAX_PAUSE_MS;
    return Math.min(MAX_PAUSE_MS, Math.max(0, next.signsFrom.getTime() - this.#clock.now()));
  }

  #signed(): readonly OwnRepository[] {
    return this.#repositories().filter(({ settings }) => settings.signing === "required");
  }

  async #run(): Promise<void> {
    const repositories = this.#signed();
    if (repositories.length === 0) return;
    const keys = await this.#signing.list();
    await this.#signing.warnOfExpiry();
    const signing = keys.find(({ state }) => state === "signing");
    if (signing === undefined || !keys.some(({ state }) => state === "former")) return;
    const { fingerprint } = signing;
    const isDone = this.#done?.fingerprint === fingerprint &&
      this.#clock.monotonic() - this.#done.at < FULL_LOOK_MS;
    if (isDone) return;
    const at = this.#clock.monotonic();
    for (const own of repositories) {
      await this.#signAgain(own, fingerprint);
      if (this.#stop.signal.aborted) return;
    }
    this.#done = { fingerprint, at };
  }

  async #signAgain(own: OwnRepository, fingerprint: string): Promise<void> {
    let packages = 0;
    for (const each of await own.kept()) {
      if (this.#stop.signal.aborted) return;
      if (await this.#signPackage(own, each)) packages++;
    }
    const current = await own.current();
    const isOutdated = current !== null && await this.#hasOutdated(own, current);
    if (isOutdated) await own.publishAgain(`sign with ${fingerprint}`);
    if (packages === 0 && !isOutdated) return;
    log.info("signed again with the new key", {
      repository: own.settings.name,
      fingerprint,
      packages,
    });
  }

  /** Returns whether the package had an outdated signature. */
  async #signPackage(own: OwnRepository, each: PublishedPackage): Promise<boolean> {
    const before = await readIfPresent(own.packages.signatureOf(each));
    if (before === null || !await this.#isOutdated(before)) return false;
    try {
      const after = await this.#signing.sign(own.packages.pathOf(each));
      return await own.replaceSignature(each, { before, after });
    } catch (error) {
      // It has been removed meanwhile.
      if (await statIfPresent(own.packages.pathOf(each)) === null) return false;
      throw error;
    }
  }

  async #hasOutdated(own: OwnRepository, generation: Generation): Promise<boolean> {
    for (const path of databaseSignatures(own, generation)) {
      const signature = await readIfPresent(path);
      if (signature !== null && await this.#isOutdated(signature)) return true;
    }
    return false;
  }

  async #isOutdated(signature: Uint8Array): Promise<boolean> {
    const makers = await this.#signing.ownMakersOf(signature);
    if (makers.length === 0) return false;
    const keys = await this.#signing.list();
    return keys.some(({ fingerprint, state }) =>
      state === "former" && makers.includes(fingerprint)
    );
  }
}

/**
 * Refuses to retire a key while anything that clients get needs it.
 *
 * @throws PkgstashError `conflict` with what needs it.
 */
export function assertUnused(fingerprint: string, uses: readonly KeyUse[], force: boolean): void {
  const what = `Cannot retire ${fingerprint}:`;
  const inUse = uses.filter(({ packages, isServed }) => packages > 0 || isServed);
  if (inUse.length > 0) {
    throw new PkgstashError(
      "conflict",
      `${what} its signatures in ${inUse.map(({ repository }) => repository).join(", ")} is ` +
        "not yet replaced by the new key's. That happens in the background; try again later.",
    );
  }
  if (uses.length === 0 || force) return;
  const kept = uses.map(({ repository, generations }) =>
    `generation${generations.length === 1 ? "" : "s"} ${generations.join(", ")} of ${repository}`
  );
  throw new PkgstashError(
    "conflict",
    `${what} it signed the databases of ${kept.join(" and ")}, which views show. They go with ` +
      "keep_generations (--force retires it now; clients that have it keep it).",
  );
}

function databaseSignatures(own: OwnRepository, generation: Generation): string[] {
  return Object.keys(generation.files).filter((name) => name.endsWith(".sig"))
    .map((name) => own.pathIn(generation, name));
}
