import { join } from "@std/path";
import { BandwidthCap } from "../../async/bandwidth_cap.ts";
import { type Clock, SYSTEM_CLOCK } from "../../async/clock.ts";
import type { Config } from "../../config/config.ts";
import { PkgstashError, reasonOf } from "../../errors.ts";
import { eventLogger } from "../../platform/observability/logging.ts";
import {
  fileKey,
  type PackageFile,
  type Repository,
  type RepositoryTree,
} from "../../repositories/repository.ts";
import type { CacheIndex } from "../cache/cache_index.ts";
import type { CacheLayout } from "../cache/cache_layout.ts";
import type { CachedPackage, Inventory } from "../cache/inventory.ts";
import type { Quarantine } from "../cache/quarantine.ts";
import type { Snapshots } from "../databases/snapshots.ts";
import type { ClientDownloads } from "../downloads/client_downloads.ts";
import {
  checkPackage,
  type PackageCheckOptions,
  type PackageFacts,
  type PackageVerdict,
} from "./package_check.ts";

const log = eventLogger("verification");

/** Interval between two progress events. */
const PROGRESS_INTERVAL_MS = 500;
/**
 * How long clients' downloads may delay the next read, so that an endless one cannot stop it
 * forever.
 */
const MAX_PAUSE_MS = 20_000;

/** One step of a verification. Sizes are in bytes, files are paths below the server's root. */
export type VerificationEvent =
  | { event: "plan"; packages: number; bytes: number }
  | { event: "progress"; packages: number; bytes: number }
  | { event: "file"; file: string; status: "wrong" | "failed"; reason: string }
  | { event: "file"; file: string; status: "set_aside" | "fetched" }
  | ({ event: "done" } & VerificationReport);

/** The result of a verification. */
export interface VerificationReport {
  /** Number of packages read. */
  packages: number;
  /** Their total size. */
  bytes: number;
  /** Packages and signatures that differ from what they should be. */
  wrong: number;
  /** How many of them were fetched again. */
  repaired: number;
  /** Packages for which nothing says what they should be. */
  unknown: number;
}

export interface VerificationRequest {
  /** Whether to set wrong files aside and fetch them again. */
  repair: boolean;
  /** Name or directory of a repository; null for all. */
  repository: string | null;
  listener?: (event: VerificationEvent) => void;
  signal?: AbortSignal;
}

export interface VerificationOptions {
  layout: CacheLayout;
  index: Pick<CacheIndex, "file" | "recordDigest">;
  inventory: Pick<Inventory, "packages" | "isInFlight">;
  quarantine: Pick<Quarantine, "setAside">;
  snapshots: Pick<Snapshots, "expectationOf" | "embeddedSignatureOf">;
  clients: Pick<ClientDownloads, "count" | "change">;
  /** Called on each use, since the configuration may change. */
  tree: () => Pick<RepositoryTree, "repositories" | "repositoryAt">;
  settings: () => Pick<Config, "verifyBytesPerSecond">;
  /** Fetches a file into the cache again. */
  refetch: (file: PackageFile) => Promise<void>;
  clock?: Clock;
}

/**
 * Compares cached packages with what the served databases, or else the index, say about them, and
 * signatures with their packages. It reads no faster than `verify_bandwidth`, and makes way for
 * clients' downloads.
 */
export class Verification {
  readonly #options: VerificationOptions;
  readonly #clock: Clock;
  readonly #controller = new AbortController();
  #running: Promise<VerificationReport> | null = null;

  constructor(options: VerificationOptions) {
    this.#options = options;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
  }

  get isRunning(): boolean {
    return this.#running !== null;
  }

  /**
   * Verifies, and passes every step to the listener. Throws `conflict` while another one runs,
   * `not_found` if there is no such repository, and the signal's reason if it is aborted.
   */
  async run(request: VerificationRequest): Promise<VerificationReport> {
    if (this.#running !== null) {
      throw new PkgstashError(
        "conflict",
        "Cannot verify: a verification is already in progress. Wait for it to finish.",
      );
    }
    const signals = [
      this.#controller.signal,
      ...request.signal === undefined ? [] : [request.signal],
    ];
    const run = this.#verify(request, AbortSignal.any(signals));
    this.#running = run;
    try {
      return await run;
    } finally {
      this.#running = null;
    }
  }

  /** Like `run`, but waits for a running one to end instead of throwing. */
  async runInTurn(request: VerificationRequest): Promise<VerificationReport> {
    while (this.#running !== null) await this.#running.catch(() => {});
    return await this.run(request);
  }

  /** Stops the running verification, waits for its end, and makes every later one fail. */
  async stop(): Promise<void> {
    this.#controller.abort(
      new PkgstashError("conflict", "Cannot verify: the daemon is stopping."),
    );
    await this.#running?.catch(() => {});
  }

  async #verify(
    { repair, repository, listener = () => {} }: VerificationRequest,
    signal: AbortSignal,
  ): Promise<VerificationReport> {
    signal.throwIfAborted();
    const packages = (await this.#options.inventory.packages()).filter(this.#filter(repository));
    const total = packages.reduce((sum, { file }) => sum + file.size, 0);
    listener({ event: "plan", packages: packages.length, bytes: total });
    const report = { packages: 0, bytes: 0, wrong: 0, repaired: 0, unknown: 0 };
    const paced = this.#pace(signal);
    let reportedAt = -Infinity;
    const pace = async (bytes: number) => {
      report.bytes += bytes;
      const now = this.#clock.monotonic();
      if (now - reportedAt >= PROGRESS_INTERVAL_MS) {
        reportedAt = now;
        listener({ event: "progress", packages: report.packages, bytes: report.bytes });
      }
      await paced(bytes);
    };
    for (const cached of packages) {
      signal.throwIfAborted();
      if (this.#options.inventory.isInFlight(cached)) continue;
      const checked = await this.#check(cached, { pace, signal }).catch((error) => {
        signal.throwIfAborted();
        const reason = reasonOf(error);
        log.error("cannot verify a cached file", { file: cached.path, reason });
        listener({ event: "file", file: cached.path, status: "failed", reason });
        return null;
      });
      if (checked === null) continue;
      const { facts, verdict } = checked;
      report.packages++;
      for (const fault of faultsOf(cached, verdict)) {
        report.wrong++;
        listener({ event: "file", file: fault.file, status: "wrong", reason: fault.reason });
        if (!repair) {
          log.warn("a cached file is damaged", { file: fault.file, reason: fault.reason });
        } else if (await this.#repair(cached, fault, listener)) report.repaired++;
      }
      if (facts.sha256 === null) report.unknown++;
      if (verdict.fault === null) this.#record(cached, verdict);
    }
    listener({ event: "done", ...report });
    log.info("verification done", { ...report });
    return report;
  }

  /** What a package should be, and what it is; null if it is gone. */
  async #check(cached: CachedPackage, options: PackageCheckOptions) {
    const facts = await this.#factsOf(cached);
    const path = join(this.#options.layout.root, cached.path);
    const verdict = await checkPackage(path, facts, options);
    return verdict === null ? null : { facts, verdict };
  }

  #filter(repository: string | null): (cached: CachedPackage) => boolean {
    if (repository === null) return () => true;
    const tree = this.#options.tree();
    const directories = new Set(
      [...tree.repositories]
        .filter(({ name, directory }) => repository === name || repository === directory)
        .map(({ directory }) => directory),
    );
    if (directories.size === 0) {
      throw new PkgstashError(
        "not_found",
        `Cannot verify ${repository}: no such repository. Use one that the configuration lists.`,
      );
    }
    return ({ directory }) => directories.has(directory);
  }

  /** What the served database says about a package, or the index if it is in none. */
  async #factsOf({ directory, fileName }: CachedPackage): Promise<PackageFacts> {
    const { index, snapshots } = this.#options;
    const repository = this.#repositoryAt(directory);
    const listed = repository === null ? null : await snapshots.expectationOf(repository, fileName);
    if (repository !== null && listed !== null && listed.sha256 !== null) {
      const signature = await snapshots.embeddedSignatureOf(repository, fileName);
      return { size: listed.size, sha256: listed.sha256, signature };
    }
    const recorded = index.file(directory, fileName);
    return {
      size: listed?.size ?? recorded?.size ?? null,
      sha256: recorded?.sha256 ?? null,
      signature: null,
    };
  }

  /** Records the SHA-256 of a package for which nothing said what it should be. */
  #record({ directory, fileName }: CachedPackage, { sha256 }: PackageVerdict): void {
    const { index } = this.#options;
    if (sha256 !== null && index.file(directory, fileName)?.sha256 === null) {
      index.recordDigest(directory, fileName, sha256);
    }
  }

  /** Sets a wrong file aside and fetches it again; returns whether that succeeded. */
  async #repair(
    { directory }: CachedPackage,
    { fileName, file, kind, reason }: Fault,
    listener: (event: VerificationEvent) => void,
  ): Promise<boolean> {
    const { quarantine, refetch } = this.#options;
    try {
      await quarantine.setAside(directory, fileName, reason);
      listener({ event: "file", file, status: "set_aside" });
      const repository = this.#repositoryAt(directory);
      if (repository === null) return false;
      await refetch({ repository, fileName, kind });
      listener({ event: "file", file, status: "fetched" });
      return true;
    } catch (error) {
      log.warn("cannot repair a cached file", { file, reason: reasonOf(error) });
      listener({ event: "file", file, status: "failed", reason: reasonOf(error) });
      return false;
    }
  }

  /** Slows down reading: by the bandwidth limit, and while clients download. */
  #pace(signal: AbortSignal): (bytes: number) => Promise<void> {
    const { settings, clients } = this.#options;
    const clock = this.#clock;
    const { verifyBytesPerSecond: rate } = settings();
    const cap = rate === 0 ? null : new BandwidthCap(rate, () => clock.monotonic());
    return async (bytes) => {
      const waitMs = cap?.take(bytes) ?? 0;
      if (waitMs > 0) await clock.sleep(waitMs, signal);
      const resumeAt = clock.monotonic() + MAX_PAUSE_MS;
      while (clients.count > 0 && !signal.aborted && clock.monotonic() < resumeAt) {
        const woken = new AbortController();
        const sleeping = clock.sleep(MAX_PAUSE_MS, AbortSignal.any([signal, woken.signal]));
        await Promise.race([clients.change, sleeping]);
        woken.abort();
      }
    };
  }

  #repositoryAt(directory: string): Repository | null {
    return this.#options.tree().repositoryAt(directory);
  }
}

/** A file that differs from what it should be. */
interface Fault {
  fileName: string;
  /** Path below the server's root. */
  file: string;
  kind: PackageFile["kind"];
  reason: string;
}

function faultsOf(
  { directory, fileName }: CachedPackage,
  { fault, signatureFault }: PackageVerdict,
): Fault[] {
  const of = (fileName: string, kind: PackageFile["kind"], reason: string | null): Fault[] =>
    reason === null ? [] : [{ fileName, file: fileKey(directory, fileName), kind, reason }];
  return [
    ...of(fileName, "package", fault),
    ...of(`${fileName}.sig`, "signature", signatureFault),
  ];
}
