import type { SnapshotFile } from "../../repositories/repository.ts";
import { PkgstashError } from "../../errors.ts";
import type { Metrics } from "../../platform/observability/metrics.ts";
import type { SnapshotRefresh } from "../databases/snapshot_refresh.ts";
import type { Client, Leases } from "../../repositories/leases.ts";
import type { Snapshot } from "../../repositories/snapshot.ts";
import type { Snapshots } from "../databases/snapshots.ts";
import { type CacheStatus, sendFile } from "../../repositories/send_file.ts";
import { within } from "./deadline.ts";
import { sendDownload } from "./send_download.ts";

/** The part of `answerTimeoutMs` that mirrors have for their word while there is a set to be served. */
const REVALIDATION_SHARE = 1 / 3;

export interface DatabaseRequestsOptions {
  snapshots: Snapshots;
  leases: Leases;
  metrics: Metrics;
  /** Milliseconds within which a client must get its first byte. */
  answerTimeoutMs: number;
}

/** Answers requests for databases, file lists and their signatures from the published set. */
export class DatabaseRequests {
  /** Refreshes that a request is known to have begun. */
  readonly #begun = new WeakSet<SnapshotRefresh>();

  constructor(private readonly options: DatabaseRequestsOptions) {}

  async respond(file: SnapshotFile, request: Request, client: Client): Promise<Response> {
    switch (file.member) {
      case "db":
        return await this.#database(file, request, client);
      case "files":
        return await this.#fileList(file, request, client);
      case "db.sig":
      case "files.sig":
        return await this.#signature(file, request, client);
    }
  }

  async #database(file: SnapshotFile, request: Request, client: Client): Promise<Response> {
    const { snapshots } = this.options;
    const { repository } = file;
    if (await snapshots.current(repository) === null) {
      const underWay = snapshots.underWay(repository);
      const refresh = await snapshots.refresh(repository);
      const started = refresh !== underWay && this.#isFirst(refresh);
      return await this.#follow(file, request, client, refresh, "db", started);
    }
    return await this.#published(file, request, client, await this.#revalidate(file));
  }

  async #fileList(file: SnapshotFile, request: Request, client: Client): Promise<Response> {
    const { snapshots } = this.options;
    const { fileName, repository } = file;
    snapshots.filesAsked(repository);
    const current = await snapshots.current(repository);
    if (current?.members.files !== undefined) {
      return await this.#published(file, request, client, await this.#revalidate(file));
    }
    if (current !== null && snapshots.filesAreMissing(repository)) throw notThere(file);
    const underWay = snapshots.underWay(repository);
    // One that leaves the file list out has to end before another can fetch it.
    if (underWay?.includesFiles === false) await this.#ended(underWay, fileName);
    const refresh = await snapshots.refresh(repository);
    const started = refresh !== underWay && this.#isFirst(refresh);
    return await this.#follow(file, request, client, refresh, "files", started);
  }

  async #signature(file: SnapshotFile, request: Request, client: Client): Promise<Response> {
    const { snapshots, answerTimeoutMs } = this.options;
    const { repository, fileName } = file;
    if (await snapshots.current(repository) === null) {
      const refresh = await snapshots.refresh(repository);
      await within(refresh.done, answerTimeoutMs, fileName);
    }
    const leased = await this.#leased(file, client);
    if (leased === null) return await this.#published(file, request, client, "HIT");
    const response = await this.#send(file, request, leased, "HIT");
    if (response === null) throw notThere(file);
    return response;
  }

  /** The set that the client began with, if it did and the set came to be. */
  async #leased(file: SnapshotFile, client: Client): Promise<Snapshot | null> {
    const { leases, answerTimeoutMs } = this.options;
    const lease = leases.of(client, leaseKey(file));
    return lease === null
      ? null
      : await within(lease.catch(() => null), answerTimeoutMs, file.fileName);
  }

  /** Asks a mirror whether the set is current if that is due, but not for long. */
  async #revalidate({ repository }: SnapshotFile): Promise<CacheStatus> {
    const { snapshots, answerTimeoutMs } = this.options;
    if (snapshots.underWay(repository) === null && !snapshots.isDue(repository)) {
      return snapshots.isFresh(repository) ? "HIT" : "STALE";
    }
    const refresh = await snapshots.refresh(repository);
    const end = refresh.startedAt + answerTimeoutMs * REVALIDATION_SHARE;
    const budget = Math.max(0, end - performance.now());
    try {
      const { changed } = await within(refresh.done, budget, repository.directory);
      return changed ? "REFRESHED" : "REVALIDATED";
    } catch {
      return "STALE";
    }
  }

  /** Whether nobody else that waited for `refresh` to begin has been told so before. */
  #isFirst(refresh: SnapshotRefresh): boolean {
    if (this.#begun.has(refresh)) return false;
    this.#begun.add(refresh);
    return true;
  }

  /** Waits for a refresh to end, well or not. */
  #ended({ done }: SnapshotRefresh, fileName: string): Promise<unknown> {
    return within(done.catch(() => {}), this.options.answerTimeoutMs, fileName);
  }

  async #published(
    file: SnapshotFile,
    request: Request,
    client: Client,
    status: CacheStatus,
  ): Promise<Response> {
    const { snapshots, leases } = this.options;
    // A set may be replaced, and its files go, between the look at it and the opening of a file.
    for (let attempt = 0; attempt < 3; attempt++) {
      const snapshot = await snapshots.current(file.repository);
      if (snapshot === null) break;
      const response = await this.#send(file, request, snapshot, status);
      if (response === null) {
        if (snapshot.members[file.member] === undefined) throw notThere(file);
        // Its files were removed behind our back: without them there is no set.
        if (await snapshots.lost(file.repository, snapshot)) {
          return await this.respond(file, request, client);
        }
        continue;
      }
      if (!file.member.endsWith(".sig")) {
        leases.grant(client, leaseKey(file), Promise.resolve(snapshot));
      }
      return response;
    }
    throw notThere(file);
  }

  async #send(
    file: SnapshotFile,
    request: Request,
    snapshot: Snapshot,
    status: CacheStatus,
  ): Promise<Response | null> {
    const member = snapshot.members[file.member];
    if (member === undefined) return null;
    const path = this.options.snapshots.pathOf(file.repository, member.blob);
    return await sendFile(request, { path, fileName: file.fileName, status });
  }

  /** Sends from the transfer of a refresh, for want of a published set. */
  async #follow(
    file: SnapshotFile,
    request: Request,
    client: Client,
    refresh: SnapshotRefresh,
    member: "db" | "files",
    started: boolean,
  ): Promise<Response> {
    const { answerTimeoutMs, leases, metrics } = this.options;
    const { fileName } = file;
    const download = await within(refresh.transferOf(member), answerTimeoutMs, fileName);
    const opening = download === null
      ? null
      : await within(download.opened, answerTimeoutMs, fileName);
    // Without a date of the mirror's, the set has one only when it is published.
    if (download === null || opening === null || opening.identity.lastModified === null) {
      await within(refresh.done, answerTimeoutMs, fileName);
      return await this.#published(file, request, client, "REFRESHED");
    }
    leases.grant(client, leaseKey(file), refresh.done.then(({ snapshot }) => snapshot));
    return await sendDownload(request, download, opening, {
      fileName,
      status: started ? "MISS" : "JOIN",
      answerTimeoutMs,
      direct: () => Promise.reject(new Error("databases are sent whole")),
      onBytes: (count) => metrics.addBytesServed(count),
    });
  }
}

/** What a lease is for: a database or file list, whatever its name, and its signature with it. */
function leaseKey({ repository, member }: SnapshotFile): string {
  return `${repository.directory}/${member.replace(/\.sig$/, "")}`;
}

function notThere({ fileName }: SnapshotFile): PkgstashError {
  return new PkgstashError("not_found", `The mirror that the database is from has no ${fileName}`);
}
