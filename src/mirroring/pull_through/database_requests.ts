import { basename } from "@std/path";
import { PkgstashError } from "../../errors.ts";
import { parseHttpDate } from "../../formats/http/http_date.ts";
import { isAhead, isPlausible } from "../../repositories/database_date.ts";
import type { Client, Leases } from "../../repositories/leases.ts";
import type { HotFile } from "../../repositories/hot_file.ts";
import type { HotFiles } from "../../repositories/hot_files.ts";
import type { SnapshotFile } from "../../repositories/repository.ts";
import type { CacheStatus } from "../../repositories/send_file.ts";
import type { Snapshot } from "../../repositories/snapshot.ts";
import type { SnapshotRefresh } from "../databases/snapshot_refresh.ts";
import type { Snapshots } from "../databases/snapshots.ts";
import type { Upstreams } from "../mirrors/upstreams.ts";
import { inTime } from "./send_download.ts";
import { unlessAbsent } from "./unless_absent.ts";

/** The share of `answerTimeoutMs` in which mirrors may confirm a snapshot before it is served. */
const REVALIDATION_SHARE = 1 / 3;
/** How often to look up a snapshot again because it was replaced before its file was opened. */
const MAX_ATTEMPTS = 3;

export interface DatabaseRequestsOptions {
  hot: HotFiles;
  snapshots: Snapshots;
  leases: Leases;
  upstreams: Pick<Upstreams, "get" | "hops">;
  /** Time in which a client must get its first byte. */
  answerTimeoutMs: number;
}

/** A client's request for a database, a file list or the signature of either. */
interface DatabaseRequest {
  file: SnapshotFile;
  request: Request;
  client: Client;
  /** Deadline in milliseconds of the monotonic clock. */
  deadlineAt: number;
}

/** Answers requests for databases, file lists and their signatures from the published snapshot. */
export class DatabaseRequests {
  readonly #options: DatabaseRequestsOptions;
  /** Refreshes for which a client was answered MISS. */
  readonly #missed = new WeakSet<SnapshotRefresh>();

  constructor(options: DatabaseRequestsOptions) {
    this.#options = options;
  }

  /**
   * Answers a plain request for a database or file list from memory, like `respond` if it is
   * current; null if it cannot. The date in the client's condition is ours, so it is no evidence.
   */
  recall(hot: HotFile, file: SnapshotFile, request: Request, client: Client): Response | null {
    const { member, repository } = file;
    if (member !== "db" && member !== "files") return null;
    const { snapshots } = this.#options;
    const current = snapshots.knownCurrent(repository);
    const served = current?.members[member];
    if (current === null || served === undefined || current.goneSince !== null) return null;
    if (basename(hot.path) !== served.blob || !snapshots.isFresh(repository)) return null;
    if (member === "db" && (current.origin?.size ?? hot.size) !== hot.size) return null;
    if (isAhead(hot.lastModified?.getTime() ?? 0, Date.now())) return null;
    const response = hot.respond(request);
    if (response === null) return null;
    if (member === "files") snapshots.recordFilesRequest(repository);
    this.#options.leases.grant(client, leaseKey(file), Promise.resolve(current));
    return response;
  }

  async respond(file: SnapshotFile, request: Request, client: Client): Promise<Response> {
    const deadlineAt = performance.now() + this.#options.answerTimeoutMs;
    await this.#refuseIfVanished(file);
    const asked = { file, request, client, deadlineAt };
    switch (file.member) {
      case "db":
      case "files":
        return await this.#database(asked, file.member);
      case "db.sig":
      case "files.sig":
        return await this.#signature(asked);
    }
  }

  async #database(asked: DatabaseRequest, member: "db" | "files"): Promise<Response> {
    const { snapshots } = this.#options;
    const { repository } = asked.file;
    if (member === "files") snapshots.recordFilesRequest(repository);
    const current = await snapshots.current(repository);
    const served = current?.members[member];
    if (served === undefined) return await this.#sendFirst(asked, member, current);
    await this.#doubtIfOlder(asked, snapshots.pathOf(repository, served.blob));
    return await this.#sendPublished(asked, await this.#revalidate(asked));
  }

  async #signature(asked: DatabaseRequest): Promise<Response> {
    const { snapshots } = this.#options;
    const { repository } = asked.file;
    if (await snapshots.current(repository) === null) {
      const joined = snapshots.runningRefresh(repository);
      const refresh = await snapshots.refresh(repository);
      await (refresh === joined
        ? this.#join(refresh.done, asked)
        : this.#inTime(refresh.done, asked));
    }
    const leased = await this.#leasedSnapshot(asked);
    if (leased === null) return await this.#sendPublished(asked, "HIT");
    const response = await this.#send(asked, leased, "HIT");
    if (response === null) throw notFound(asked.file);
    return response;
  }

  /** The snapshot whose database the client has; null if there is none. */
  async #leasedSnapshot(asked: DatabaseRequest): Promise<Snapshot | null> {
    const { file, client } = asked;
    const lease = this.#options.leases.of(client, leaseKey(file));
    return lease === null ? null : await this.#inTime(lease.catch(() => null), asked);
  }

  /** Treats a client's later database than the served one at `path` as evidence. */
  async #doubtIfOlder({ file, request }: DatabaseRequest, path: string): Promise<void> {
    const since = parseHttpDate(request.headers.get("if-modified-since") ?? "")?.getTime() ?? null;
    if (since === null || !isPlausible(since, Date.now())) return;
    const modified = (await Deno.stat(path).catch(() => null))?.mtime?.getTime() ?? null;
    // The client's date has whole seconds.
    if (modified === null || since <= modified) return;
    this.#options.snapshots.doubt(file.repository, "a client has a later database");
  }

  /**
   * Asks the mirrors whether the snapshot is current, if that is due, but does not wait for long.
   */
  async #revalidate(asked: DatabaseRequest): Promise<CacheStatus> {
    const { snapshots, answerTimeoutMs } = this.#options;
    const { repository } = asked.file;
    if (snapshots.isFresh(repository)) return "HIT";
    if (snapshots.runningRefresh(repository) === null && !snapshots.isDue(repository)) {
      return "STALE";
    }
    const refresh = await snapshots.refresh(repository);
    const end = refresh.startedAt + answerTimeoutMs * REVALIDATION_SHARE;
    try {
      const { changed } = await this.#inTime(refresh.done, {
        ...asked,
        deadlineAt: Math.min(end, asked.deadlineAt),
      });
      return changed ? "REFRESHED" : "REVALIDATED";
    } catch {
      return "STALE";
    }
  }

  /** Sends a member that is not published yet, once it is. */
  async #sendFirst(
    asked: DatabaseRequest,
    member: "db" | "files",
    current: Snapshot | null,
  ): Promise<Response> {
    const { snapshots } = this.#options;
    const { repository } = asked.file;
    if (current !== null && snapshots.isFileListMissing(repository)) throw notFound(asked.file);
    const running = snapshots.runningRefresh(repository);
    // A refresh without the file list must end before another one can fetch it.
    if (member === "files" && running?.includesFiles === false) {
      await this.#join(running.done.catch(() => {}), asked);
    }
    const joined = snapshots.runningRefresh(repository);
    const refresh = await snapshots.refresh(repository);
    const status = refresh !== joined && !this.#missed.has(refresh) ? "MISS" : "JOIN";
    if (status === "MISS") this.#missed.add(refresh);
    await (refresh === joined
      ? this.#join(refresh.done, asked)
      : this.#inTime(refresh.done, asked));
    return await this.#sendPublished(asked, status);
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
        // Somebody removed or truncated the files of the snapshot: fetch a new one.
        if (await snapshots.forgetLost(file.repository, snapshot)) {
          const refresh = await snapshots.refresh(file.repository);
          await this.#inTime(refresh.done, asked);
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
    const { hot, snapshots } = this.#options;
    const path = snapshots.pathOf(file.repository, member.blob);
    const expectedSize = file.member === "db" ? snapshot.origin?.size ?? null : null;
    const sent = { path, fileName: file.fileName, status, expectedSize };
    if (!isDatedAhead(request)) return await hot.sendOrRecall(request, file, sent);
    snapshots.recordUndated(file.repository);
    const response = await hot.send(withoutCondition(request), file, sent);
    response?.headers.delete("last-modified");
    return response;
  }

  async #refuseIfVanished({ repository, fileName }: SnapshotFile): Promise<void> {
    const { snapshots } = this.#options;
    const since = await snapshots.vanishedSince(repository);
    if (since === null) return;
    snapshots.checkBehind(repository);
    throw new PkgstashError(
      "not_found",
      `Cannot get ${fileName}: no mirror has had ${repository.directory} since ` +
        `${since.toISOString()}. Remove it from the configuration, or from pacman.conf.`,
    );
  }

  /** Like `#inTime`, for a refresh that another request began. */
  async #join(work: Promise<unknown>, asked: DatabaseRequest): Promise<void> {
    const { file, deadlineAt } = asked;
    const { upstreams } = this.#options;
    await this.#inTime(unlessAbsent(work, upstreams, { ...file, deadlineAt }), asked);
  }

  /** The outcome of a promise, or an `upstream_timeout` at the request's deadline. */
  async #inTime<T>(promise: Promise<T>, { file, deadlineAt }: DatabaseRequest): Promise<T> {
    const message = `Cannot get ${file.fileName}: no mirror sent it in time. Try again later.`;
    return await inTime(deadlineAt, promise, message);
  }
}

/**
 * Whether a client has a file from a mirror whose clock was ahead. Such a condition is invalid (RFC
 * 2616, section 14.25). libcurl drops an answer with an earlier date, so the client would keep that
 * file until then; it accepts one without a date, and dates it by its own clock.
 */
function isDatedAhead({ headers }: Request): boolean {
  const since = parseHttpDate(headers.get("if-modified-since") ?? "")?.getTime() ?? 0;
  return isAhead(since, Date.now());
}

function withoutCondition({ method, url, headers }: Request): Request {
  const others = new Headers(headers);
  others.delete("if-modified-since");
  return new Request(url, { method, headers: others });
}

/** What a lease covers: a database or file list under any of its names, and its signature. */
function leaseKey({ repository, member }: SnapshotFile): string {
  return `${repository.directory}/${member.replace(/\.sig$/, "")}`;
}

function notFound({ fileName }: SnapshotFile): PkgstashError {
  return new PkgstashError(
    "not_found",
    `Cannot get ${fileName}: the mirror that the served database came from does not have it.`,
  );
}
