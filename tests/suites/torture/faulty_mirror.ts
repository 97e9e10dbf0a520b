import { MirrorConnection, type RequestHead } from "../../support/fake_mirror/connection.ts";
import { type MirrorFile, type Reply, replyTo } from "../../support/fake_mirror/reply.ts";
import { sha256Of } from "../../support/sha256.ts";
import { drawFault, type Fault, faultyReply, type FileKind } from "./misbehaviour.ts";
import type { Random } from "./random.ts";
import type { TrueRepository } from "./world.ts";

/** How a mirror dates its databases. */
const DATES = { true: 70, ahead: 6, behind: 8, absent: 8, frozen: 8 };

/** How a mirror behaves for a while. */
export interface Mood {
  /** The part of its replies that are faulty, from 0 to 1. */
  readonly faultRate: number;
  /** The only fault it has; null for any. */
  readonly fault: Fault | null;
  /** The rate of its other replies, so that large files come from several mirrors; null for any. */
  readonly bytesPerSecond: number | null;
  readonly dates: keyof typeof DATES;
  /** Databases by which it is behind the truth. */
  readonly lag: number;
  /** It has the database already, and its old signature, or none. */
  readonly staleDbSignature: "old" | "missing" | null;
  /** The part of the packages that it does not have yet. */
  readonly missingPackages: number;
  /** It has no signatures of this part of the packages. */
  readonly missingSignatures: number;
  /** The repository that it no longer has. */
  readonly vanished: string | null;
}

export const HONEST: Mood = {
  faultRate: 0,
  fault: null,
  bytesPerSecond: null,
  dates: "true",
  lag: 0,
  staleDbSignature: null,
  missingPackages: 0,
  missingSignatures: 0,
  vanished: null,
};

/** A mood, anything from honest to hostile. */
export function drawMood(random: Random, repositories: readonly TrueRepository[]): Mood {
  if (random.chance(0.15)) return HONEST;
  const isUpdating = random.chance(0.25);
  return {
    faultRate: random.one([0, 0.1, 0.3, 0.9]),
    fault: random.chance(0.4) ? drawFault(random) : null,
    bytesPerSecond: random.chance(0.5) ? random.one([500_000, 2_000_000]) : null,
    dates: random.weighted(DATES),
    lag: random.one([0, 0, 0, 1, 2]),
    staleDbSignature: random.chance(0.2) ? random.one(["old", "missing"]) : null,
    missingPackages: isUpdating ? random.one([0.2, 0.6]) : 0,
    missingSignatures: isUpdating ? random.one([0, 0.3]) : 0,
    vanished: random.chance(0.08) ? random.one(repositories)?.name ?? null : null,
  };
}

interface Entry {
  readonly kind: FileKind;
  readonly file: MirrorFile | undefined;
  readonly other: Uint8Array;
}

const FROZEN = new Date("2026-11-01T12:00:00Z");
const YEAR_MS = 365 * 86_400_000;
const REMEMBERED_REPLIES = 300;

/** A mirror that has the truth, and serves it as its mood allows. */
export class FaultyMirror implements AsyncDisposable {
  mood = HONEST;
  /** Its latest replies, for the report of a failure. */
  readonly replies: string[] = [];
  requests = 0;
  readonly #repositories: readonly TrueRepository[];
  readonly #random: Random;
  readonly #port: number;
  readonly #connections = new Set<MirrorConnection>();
  readonly #serving = new Set<Promise<void>>();
  #listener: Deno.TcpListener | null;
  #accepting: Promise<void>;

  constructor(repositories: readonly TrueRepository[], random: Random) {
    this.#repositories = repositories;
    this.#random = random;
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.#port = this.#listener.addr.port;
    this.#accepting = this.#accept(this.#listener);
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get isUp(): boolean {
    return this.#listener !== null;
  }

  /** Closes all connections and refuses new ones. */
  async down(): Promise<void> {
    this.#listener?.close();
    this.#listener = null;
    for (const connection of this.#connections) connection.close();
    await Promise.all([this.#accepting, ...this.#serving]);
  }

  /** Ends every reply, so that no fault of it lasts. */
  endReplies(): void {
    for (const connection of this.#connections) connection.close();
  }

  up(): void {
    if (this.#listener !== null) return;
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: this.#port });
    this.#accepting = this.#accept(this.#listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.down();
  }

  async #accept(listener: Deno.TcpListener): Promise<void> {
    for await (const accepted of listener) {
      const connection = new MirrorConnection(accepted, () => {});
      this.#connections.add(connection);
      const serving = connection.serve((head) => this.#answer(head), () => {})
        .finally(() => {
          this.#connections.delete(connection);
          this.#serving.delete(serving);
        });
      this.#serving.add(serving);
    }
  }

  #answer(head: RequestHead): Reply {
    this.requests += 1;
    const target = decoded(head.path);
    const path = target.replace(/^\/elsewhere/, "");
    const { kind, file, other } = this.#entry(path);
    const { faultRate, fault: only, bytesPerSecond } = this.mood;
    // The target of a redirect has no faults.
    const isFaulty = path === target && this.#random.chance(faultRate);
    const fault = isFaulty ? only ?? drawFault(this.#random) : null;
    const elsewhere = `${this.url}/elsewhere${path}`;
    const reply = fault === null
      ? replyTo(
        file,
        head.headers,
        bytesPerSecond === null ? [] : [{ kind: "slow", bytesPerSecond }],
      )
      : faultyReply(fault, { file, headers: head.headers, kind, other, elsewhere }, this.#random);
    const range = head.headers.get("range") ?? "";
    const dates = this.mood.dates === "true" ? "" : `, dates ${this.mood.dates}`;
    this.replies.push(
      `:${this.#port} ${head.method} ${path} ${range} -> ${reply.status}, ` +
        `${reply.body.length} bytes, ${fault ?? "as asked"}${dates}`,
    );
    if (this.replies.length > REMEMBERED_REPLIES) this.replies.shift();
    return reply;
  }

  #entry(path: string): Entry {
    const slash = path.lastIndexOf("/");
    const name = path.slice(slash + 1);
    const repository = this.#repositories.find((one) => one.directory === path.slice(0, slash));
    const nothing = { kind: "package", file: undefined, other: new Uint8Array([1, 2, 3]) } as const;
    if (repository === undefined || repository.name === this.mood.vanished) return nothing;
    const { lag, staleDbSignature, missingPackages, missingSignatures } = this.mood;
    const revision = repository.revision(Math.max(1, repository.latest.number - lag));
    const before = repository.revision(Math.max(1, revision.number - 1));
    if (name === repository.dbName) {
      return { kind: "database", file: this.#dated(revision.db, revision.date), other: before.db };
    }
    if (name === `${repository.dbName}.sig`) {
      if (repository.isEmbedded || staleDbSignature === "missing") return nothing;
      const { dbSignature } = staleDbSignature === "old" ? before : revision;
      const file = this.#dated(dbSignature, revision.date);
      return { kind: "signature", file, other: before.dbSignature };
    }
    const fileName = name.replace(/\.sig$/, "");
    // The files of the database before are kept a little longer.
    const listed = revision.files.get(fileName) ?? before.files.get(fileName);
    if (listed === undefined) return nothing;
    const built = new Date(listed.buildSeconds * 1000);
    const signed = listed.signing === 0 ? built : repository.revision(listed.signing).date;
    const another = [...revision.files.values()][0]!;
    if (name === fileName) {
      const body = listed.content.bytes;
      const isMissing = isAmong(missingPackages, fileName, revision.number);
      const file = isMissing ? undefined : this.#dated(body, built);
      return { kind: "package", file, other: another.content.bytes };
    }
    const isMissing = isAmong(missingSignatures, fileName, revision.number);
    const body = listed.content.signature(listed.signing);
    const other = another.content.signature(0);
    return { kind: "signature", file: isMissing ? undefined : this.#dated(body, signed), other };
  }

  #dated(body: Uint8Array, date: Date): MirrorFile {
    const { dates } = this.mood;
    const lastModified = {
      true: date,
      ahead: new Date(Date.now() + YEAR_MS),
      behind: new Date(date.getTime() - YEAR_MS),
      absent: null,
      frozen: FROZEN,
    }[dates];
    const etag = `"${sha256Of(body).slice(0, 20)}"`;
    return { body, lastModified, etag: dates === "frozen" || dates === "absent" ? null : etag };
  }
}

/** Whether a name belongs to this part of all names, always the same ones for a revision. */
function isAmong(part: number, name: string, revision: number): boolean {
  let hash = revision;
  for (const character of name) hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193);
  return (hash >>> 8) % 1000 < part * 1000;
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
