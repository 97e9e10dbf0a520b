import { deadline } from "@std/async/deadline";
import { PkgstashError } from "../../errors.ts";
import type { Metrics } from "../../platform/observability/metrics.ts";
import type { Client, Leases } from "../../repositories/leases.ts";
import type { SnapshotFile } from "../../repositories/repository.ts";
import { type CacheStatus, sendFile } from "../../repositories/send_file.ts";
import type { Snapshot } from "../../repositories/snapshot.ts";
import type { SnapshotRefresh } from "../databases/snapshot_refresh.ts";
import type { Snapshots } from "../databases/snapshots.ts";
import { answerInTime, sendDownload } from "./send_download.ts";

/** The part of `answerTimeoutMs` in which mirrors may confirm a snapshot before it is served. */
const REVALIDATION_SHARE = 1 / 3;
/** How often a snapshot is looked up again because it was replaced before its file was opened. */
const MAX_ATTEMPTS = 3;

export interface DatabaseRequestsOptions {
  snapshots: Snapshots;
  leases: Leases;
  metrics: Metrics;
  /** Time within which a client must get its first byte. */
  answerTimeoutMs: number;
}

/** A client's request for a database, a file list or the signature of either. */
interface DatabaseRequest {
  file: SnapshotFile;
  request: Request;
  client: Client;
}

/** Answers requests for databases, file lists and their signatures from the published snapshot. */
export class DatabaseRequests {
  readonly #options: DatabaseRequestsOptions;
  /** Refreshes for which a client has been answered MISS. */
  readonly #missed = new WeakSet<SnapshotRefresh>();

  constructor(options: DatabaseRequestsOptions) {
    this.#options = options;
  }

  async respond(file: SnapshotFile, request: Request, client: Client): Promise<Response> {
    return await this.#respond({ file, request, client });
  }

  async #respond(asked: DatabaseRequest): Promise<Response> {
    switch (asked.file.member) {
      case "db":
        return await this.#database(asked);
      case "files":
        return await this.#fileList(asked);
      case "db.sig":
      case "files.sig":
        return await this.#signature(asked);
    }
  }

  async #database(asked: DatabaseRequest): Promise<Response> {
    const { snapshots } = this.#options;
    if (await snapshots.current(asked.file.repository) === null) {
      return await this.#startOrJoin(asked, "db");
    }
    return await this.#sendPublished(asked, await this.#revalidate(asked.file));
  }

  async #fileList(asked: DatabaseRequest): Promise<Response> {
    const { snapshots, answerTimeoutMs } = this.#options;
    const { fileName, repository } = asked.file;
    snapshots.recordFilesRequest(repository);
    const current = await snapshots.current(repository);
    if (current?.members.files !== undefined) {
      return await this.#sendPublished(asked, await this.#revalidate(asked.file));
    }
    if (current !== null && snapshots.isFileListMissing(repository)) throw notFound(asked.file);
    const running = snapshots.runningRefresh(repository);
    // A refresh without the file list must end before another one can fetch it.
    if (running?.includesFiles === false) {
      await answerInTime(running.done.catch(() => {}), answerTimeoutMs, fileName);
    }
    return await this.#startOrJoin(asked, "files");
  }

  async #signature(asked: DatabaseRequest): Promise<Response> {
    const { snapshots, answerTimeoutMs } = this.#options;
    const { repository, fileName } = asked.file;
    if (await snapshots.current(repository) === null) {
      const refresh = await snapshots.refresh(repository);
      await answerInTime(refresh.done, answerTimeoutMs, fileName);
    }
    const leased = await this.#leasedSnapshot(asked);
    if (leased === null) return await this.#sendPublished(asked, "HIT");
    const response = await this.#send(asked, leased, "HIT");
    if (response === null) throw notFound(asked.file);
    return response;
  }

  /** The snapshot that the client has the database of; null if it has none or that failed. */
  async #leasedSnapshot({ file, client }: DatabaseRequest): Promise<Snapshot | null> {
    const { leases, answerTimeoutMs } = this.#options;
    const lease = leases.of(client, leaseKey(file));
    if (lease === null) return null;
    return await answerInTime(lease.catch(() => null), answerTimeoutMs, file.fileName);
  }

  /** Asks a mirror whether the snapshot is current, if that is due, but does not wait for long. */
  async #revalidate({ repository }: SnapshotFile): Promise<CacheStatus> {
    const { snapshots, answerTimeoutMs } = this.#options;
    if (snapshots.runningRefresh(repository) === null && !snapshots.isDue(repository)) {
      return snapshots.isFresh(repository) ? "HIT" : "STALE";
    }
    const refresh = await snapshots.refresh(repository);
    const end = refresh.startedAt + answerTimeoutMs * REVALIDATION_SHARE;
    try {
      const { changed } = await deadline(refresh.done, Math.max(0, end - performance.now()));
      return changed ? "REFRESHED" : "REVALIDATED";
    } catch {
      return "STALE";
    }
  }

  /** Sends a member of the published snapshot. */
  async #sendPublished(asked: DatabaseRequest, status: CacheStatus): Promise<Response> {
    const { snapshots, leases } = this.#options;
    const { file, client } = asked;
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const snapshot = await snapshots.current(file.repository);
      if (snapshot === null) break;
      const response = await this.#send(asked, snapshot, status);
      if (response === null) {
        if (snapshot.members[file.member] === undefined) throw notFound(file);
        // Somebody removed the files of the snapshot: fetch a new one.
        if (await snapshots.forgetLost(file.repository, snapshot)) {
          return await this.#respond(asked);
        }
        continue;
      }
      if (!file.member.endsWith(".sig")) {
        leases.grant(client, leaseKey(file), Promise.resolve(snapshot));
      }
      return response;
    }
    throw notFound(file);
  }

  /** Sends a member of a snapshot; null if there is no such member or file. */
  async #send(
    { file, request }: DatabaseRequest,
    snapshot: Snapshot,
    status: CacheStatus,
  ): Promise<Response | null> {
    const member = snapshot.members[file.member];
    if (member === undefined) return null;
    const path = this.#options.snapshots.pathOf(file.repository, member.blob);
    return await sendFile(request, { path, fileName: file.fileName, status });
  }

  /** Follows the running refresh or starts one, because nothing is published yet. */
  async #startOrJoin(asked: DatabaseRequest, member: "db" | "files"): Promise<Response> {
    const { snapshots, answerTimeoutMs, leases, metrics } = this.#options;
    const { file, request, client } = asked;
    const { fileName, repository } = file;
    const running = snapshots.runningRefresh(repository);
    const refresh = await snapshots.refresh(repository);
    const status = refresh !== running && !this.#missed.has(refresh) ? "MISS" : "JOIN";
    if (status === "MISS") this.#missed.add(refresh);
    const download = await answerInTime(refresh.transferOf(member), answerTimeoutMs, fileName);
    const opening = download === null
      ? null
      : await answerInTime(download.opened, answerTimeoutMs, fileName);
    // If the mirror sends no date, the snapshot gets one when it is published.
    if (download === null || opening === null || opening.identity.lastModified === null) {
      await answerInTime(refresh.done, answerTimeoutMs, fileName);
      return await this.#sendPublished(asked, "REFRESHED");
    }
    leases.grant(client, leaseKey(file), refresh.done.then(({ snapshot }) => snapshot));
    return await sendDownload(request, download, opening, {
      fileName,
      status,
      deadlineAt: performance.now() + answerTimeoutMs,
      openDirect: null,
      onBytes: (count) => metrics.addBytesServed(count),
    });
  }
}

/** What a lease is for: a database or file list under any of its names, and its signature. */
function leaseKey({ repository, member }: SnapshotFile): string {
  return `${repository.directory}/${member.replace(/\.sig$/, "")}`;
}

function notFound({ fileName }: SnapshotFile): PkgstashError {
  return new PkgstashError(
    "not_found",
    `Cannot get ${fileName}: the mirror of the served database does not have it.`,
  );
}
