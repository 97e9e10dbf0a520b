import { equals } from "@std/bytes/equals";
import { PkgstashError, reasonOf } from "../../errors.ts";
import { formatHttpDate, parseHttpDate } from "../../formats/http/http_date.ts";
import { contentTypeOf } from "../../formats/http/representation.ts";
import { readIfPresent, removeIfPresent, writeFileDurably } from "../../platform/files/durable.ts";
import { announceFileChange } from "../../platform/files/file_changes.ts";
import { eventLogger } from "../../platform/observability/logging.ts";
import type { Expectation } from "../../repositories/package_index.ts";
import type { Traffic } from "../../repositories/traffic.ts";
import { keyOf, type PackageFile, type Repository } from "../../repositories/repository.ts";
import type { HotFile } from "../../repositories/hot_file.ts";
import type { HotFiles } from "../../repositories/hot_files.ts";
import { CACHE_STATUS_HEADER, type CacheStatus } from "../../repositories/send_file.ts";
import type { CacheLayout } from "../cache/cache_layout.ts";
import type { Snapshots } from "../databases/snapshots.ts";
import type { DownloadRegistry } from "../downloads/download_registry.ts";
import type { Signature } from "../downloads/signature_body.ts";
import { SignedFile } from "../downloads/signed_file.ts";
import { isNotFound } from "../mirrors/race.ts";
import type { Upstreams } from "../mirrors/upstreams.ts";
import { ComparedSignatures, packageNameOf } from "./compared_signatures.ts";
import type { MissingFiles } from "./missing_files.ts";
import { answerBy } from "./send_download.ts";
import { requestSignature } from "./signature_request.ts";
import { unlessAbsent } from "./unless_absent.ts";

const log = eventLogger("signature");

/** How long to remember a missing signature where others are signed: it is probably late. */
const LATE_SIGNATURE_MS = 10_000;
/** The share of the answer timeout in which mirrors may replace a signature that fits. */
const REVALIDATION_SHARE = 1 / 3;

export interface PackageSignaturesOptions {
  layout: CacheLayout;
  hot: HotFiles;
  downloads: Pick<DownloadRegistry, "get">;
  missing: MissingFiles;
  traffic: Traffic;
  upstreams: Pick<Upstreams, "get" | "hops">;
  snapshots: Pick<
    Snapshots,
    | "current"
    | "doubt"
    | "embeddedSignatureOf"
    | "epochOf"
    | "expectationOf"
    | "knownCurrent"
    | "knownEmbeddedSignatureOf"
    | "runningRefresh"
  >;
  /** Called on each use, since the configuration may change. */
  settings: () => SignatureSettings;
}

export interface SignatureSettings {
  /** How long to remember a missing signature at most. */
  missingSignatureAgeMs: number;
  /** Time in which a client must get its first byte. */
  answerTimeoutMs: number;
}

/** A signature as sent by a mirror. */
interface Sent extends Signature {
  /** Whether it is cached, beside its package. */
  isStored: boolean;
  /** Whether a different one was cached before. */
  isNew: boolean;
}

/** The state of the cache and the database in which mirrors were asked. */
interface Yardstick {
  epoch: number;
  /** The package, if it is cached. */
  cached: { path: string; inode: number | null } | null;
  /** What the served database says about the package; null if it does not list it. */
  listed: Expectation | null;
}

/**
 * Answers requests for signatures of packages. A signature belongs to its package and may be
 * replaced at any time, like a database: it is kept only beside the bytes that it was made for,
 * requested again after each new database and refresh, and superseded by one that the database
 * itself contains.
 */
export class PackageSignatures {
  readonly #options: PackageSignaturesOptions;
  readonly #controller = new AbortController();
  readonly #compared: ComparedSignatures;
  readonly #asked = new Map<string, Promise<Sent>>();
  /** Directories in which a mirror had a signature. */
  readonly #signed = new Set<string>();

  constructor(options: PackageSignaturesOptions) {
    this.#options = options;
    this.#compared = new ComparedSignatures(options);
  }

  /** Answers a plain request for a signature from memory, like `respond`; null if it cannot. */
  recall(hot: HotFile, file: PackageFile, request: Request): Response | null {
    const { snapshots } = this.#options;
    const { repository } = file;
    const isAwaited = snapshots.runningRefresh(repository) !== null &&
      snapshots.knownCurrent(repository) === null;
    if (isAwaited) return null;
    const embedded = snapshots.knownEmbeddedSignatureOf(repository, packageNameOf(file));
    const isRight = embedded === null ? this.#compared.hasNow(file) : hot.isContent(embedded);
    return isRight ? hot.respond(request) : null;
  }

  /**
   * Answers a GET or HEAD for a signature by `deadlineAt`, in milliseconds of the monotonic clock.
   */
  async respond(file: PackageFile, request: Request, deadlineAt: number): Promise<Response> {
    const { fileName } = file;
    const path = this.#options.layout.fileOf(file);
    const send = (status: CacheStatus) =>
      this.#options.hot.send(request, file, { path, fileName, status });
    const embedded = await this.#embedded(file);
    if (embedded !== null || await this.#compared.has(file)) {
      const hit = await send("HIT");
      if (hit !== null) return hit;
      if (embedded !== null) return respondWith(request, fileName, embedded);
    }
    const isKept = await this.#compared.fits(file);
    try {
      this.#throwIfMissing(file);
      const isJoined = this.#asked.has(keyOf(file));
      const sent = await this.#inTime(file, deadlineAt, isKept);
      const status = isKept ? sent.isNew ? "REFRESHED" : "REVALIDATED" : isJoined ? "JOIN" : "MISS";
      const stored = sent.isStored ? await send(status) : null;
      return stored ?? respondWith(request, fileName, sent);
    } catch (error) {
      const kept = isKept ? await send("STALE") : null;
      if (kept === null) throw error;
      return kept;
    }
  }

  /** Caches a signature, beside its package. Throws `not_found` if there is none. */
  async fetch(file: PackageFile): Promise<void> {
    if (await this.#embedded(file) !== null || await this.#compared.has(file)) return;
    this.#throwIfMissing(file);
    await this.#ask(file);
  }

  /**
   * Removes the cached signature of a package about to be put in place, unless it was made for the
   * bytes at `partPath`.
   */
  async makeWayFor(packageFile: PackageFile, partPath: string): Promise<void> {
    const file = signatureOf(packageFile);
    const path = this.#options.layout.fileOf(file);
    this.#compared.delete(file);
    // A package rebuilt under its name may be signed where the old one was not.
    this.#options.missing.forget(keyOf(file));
    const signature = await readIfPresent(path);
    if (signature === null || await new SignedFile(partPath).maySign(signature) !== false) return;
    await removeIfPresent(path);
    log.info("removed a signature that does not match its package", { file: keyOf(file) });
  }

  /** The signature that the served database contains, now cached too; or null. */
  async #embedded(file: PackageFile): Promise<Signature | null> {
    const { repository } = file;
    const bytes = await this.#options.snapshots.embeddedSignatureOf(
      repository,
      packageNameOf(file),
    );
    if (bytes === null) return null;
    this.#signed.add(repository.directory);
    // No mirror has dated it, and a date of ours would mislead.
    const signature = { bytes, lastModified: null };
    const isCached = isSame(await readIfPresent(this.#options.layout.fileOf(file)), bytes);
    if (!isCached) await this.#store(file, signature);
    return signature;
  }

  /** Stops asking mirrors, and waits for requests in flight. */
  async stop(): Promise<void> {
    this.#controller.abort(
      new PkgstashError("upstream", "Cannot get a signature: the daemon is stopping."),
    );
    await Promise.allSettled(this.#asked.values());
  }

  /** Caches a signature; false if the cache is not writable. */
  async #store(file: PackageFile, { bytes, lastModified }: Signature): Promise<boolean> {
    const path = this.#options.layout.fileOf(file);
    const modified = parseHttpDate(lastModified ?? "") ?? 0;
    try {
      await writeFileDurably(path, bytes);
      await Deno.utime(path, modified, modified);
      announceFileChange(path);
      return true;
    } catch (error) {
      log.warn("cannot store a signature", { file: keyOf(file), reason: reasonOf(error) });
      return false;
    }
  }

  #throwIfMissing(file: PackageFile): void {
    const { missing, snapshots } = this.#options;
    if (!missing.has(keyOf(file), snapshots.epochOf(file.repository))) return;
    throw new PkgstashError("not_found", `Cannot get ${file.fileName}: no mirror has it.`);
  }

  /**
   * What the mirrors send, within the answer timeout, or within a share of it if a fitting one is
   * cached.
   */
  async #inTime(file: PackageFile, deadlineAt: number, isKept: boolean): Promise<Sent> {
    const { settings, upstreams } = this.#options;
    const { answerTimeoutMs } = settings();
    const revalidatedBy = performance.now() + answerTimeoutMs * REVALIDATION_SHARE;
    const endsAt = isKept ? Math.min(deadlineAt, revalidatedBy) : deadlineAt;
    const joined = this.#asked.get(keyOf(file));
    const sent = joined === undefined
      ? this.#ask(file)
      : unlessAbsent(joined, upstreams, { ...file, deadlineAt: endsAt });
    return await answerBy(endsAt, sent, { fileName: file.fileName, answerTimeoutMs });
  }

  /** Asks the mirrors, once for all concurrent requests. */
  #ask(file: PackageFile): Promise<Sent> {
    const key = keyOf(file);
    let asked = this.#asked.get(key);
    if (asked === undefined) {
      asked = this.#learn(file).finally(() => this.#asked.delete(key));
      // Nobody may be waiting any more.
      asked.catch(() => {});
      this.#asked.set(key, asked);
    }
    return asked;
  }

  async #learn(file: PackageFile): Promise<Sent> {
    const { missing, downloads } = this.#options;
    const { repository } = file;
    const packageKey = keyOf({ repository, fileName: packageNameOf(file) });
    // pacman requests the signature as soon as it has the last byte of the package.
    const download = downloads.get(packageKey);
    if (download?.complete === true) await download.done.catch(() => {});
    while (true) {
      const yardstick = await this.#yardstickOf(file);
      const asking = this.#fetchAndStore(file, yardstick);
      await Promise.allSettled([asking]);
      // Clients that have joined may know the database that replaced the package meanwhile.
      const isOutdated = !isSameYardstick(await this.#yardstickOf(file), yardstick);
      if (isOutdated && !this.#controller.signal.aborted) continue;
      try {
        const sent = await asking;
        this.#signed.add(repository.directory);
        return sent;
      } catch (error) {
        if (isNotFound(error)) {
          missing.add(keyOf(file), yardstick.epoch, await this.#missingAgeMs(repository));
        }
        throw error;
      }
    }
  }

  async #yardstickOf(file: PackageFile): Promise<Yardstick> {
    const { snapshots } = this.#options;
    const { repository } = file;
    return {
      epoch: snapshots.epochOf(repository),
      cached: await this.#compared.packageOf(file),
      listed: await snapshots.expectationOf(repository, packageNameOf(file)),
    };
  }

  async #fetchAndStore(file: PackageFile, { epoch, cached, listed }: Yardstick): Promise<Sent> {
    const signed = cached === null ? null : new SignedFile(cached.path);
    const signature = await requestSignature(file, { signed, listed }, {
      ...this.#options,
      signal: this.#controller.signal,
    });
    // It is kept only beside its package, which another may have replaced.
    if (cached === null || (await this.#compared.packageOf(file))?.inode !== cached.inode) {
      return { ...signature, isStored: false, isNew: true };
    }
    const present = await readIfPresent(this.#options.layout.fileOf(file));
    const isNew = !isSame(present, signature.bytes);
    const isStored = !isNew || await this.#store(file, signature);
    if (isStored) this.#compared.add(file, { epoch, inode: cached.inode });
    return { ...signature, isStored, isNew };
  }

  async #missingAgeMs(repository: Repository): Promise<number> {
    const { snapshots, settings } = this.#options;
    const { missingSignatureAgeMs } = settings();
    const isSigned = this.#signed.has(repository.directory) ||
      (await snapshots.current(repository))?.members["db.sig"] !== undefined;
    return isSigned ? Math.min(LATE_SIGNATURE_MS, missingSignatureAgeMs) : missingSignatureAgeMs;
  }
}

function signatureOf({ repository, fileName }: PackageFile): PackageFile {
  return { repository, fileName: `${fileName}.sig`, kind: "signature" };
}

/** Sends a signature that is not cached: its package is not, or the cache is not writable. */
function respondWith(
  request: Request,
  fileName: string,
  { bytes, lastModified }: Signature,
): Response {
  const headers = new Headers({
    "content-type": contentTypeOf(fileName),
    "content-length": String(bytes.length),
    [CACHE_STATUS_HEADER]: "PASS" satisfies CacheStatus,
  });
  const date = parseHttpDate(lastModified ?? "");
  if (date !== null) headers.set("last-modified", formatHttpDate(date));
  return new Response(request.method === "HEAD" ? null : Uint8Array.from(bytes), { headers });
}

function isSameYardstick(one: Yardstick, other: Yardstick): boolean {
  return one.cached?.inode === other.cached?.inode &&
    one.listed?.size === other.listed?.size && one.listed?.sha256 === other.listed?.sha256;
}

function isSame(one: Uint8Array | null, other: Uint8Array): boolean {
  return one !== null && equals(one, other);
}
