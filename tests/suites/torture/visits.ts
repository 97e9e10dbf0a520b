import type { RawRequest } from "../../support/http_exchange.ts";
import type { Client } from "./client.ts";
import type { Judge } from "./judge.ts";
import { oddRequest, pipelined } from "./odd_requests.ts";
import type { Random } from "./random.ts";
import type { Listed, Revision, TrueRepository } from "./world.ts";

/** What clients do, and how often. */
const VISITS = {
  sync: 30,
  package: 25,
  range: 15,
  resume: 12,
  head: 6,
  conditional: 6,
  leave: 10,
  crowd: 5,
  pipeline: 3,
  halfOpen: 3,
  idle: 1,
  odd: 10,
  flat: 5,
  unknown: 4,
  listing: 3,
  refresh: 2,
  administration: 4,
};

type Visit = keyof typeof VISITS;

const CROWD = 10;
const HALF_OPEN_MS = 3_000;
const IDLE_CONNECTIONS = 40;

export interface Visitors {
  readonly client: Client;
  readonly judge: Judge;
  readonly repositories: readonly TrueRepository[];
}

/** Lets a client do one thing, drawn at random, and judges the answers. */
export async function visit(visitors: Visitors, random: Random): Promise<void> {
  await KINDS[random.weighted(VISITS)](new Visitor(visitors, random));
}

const KINDS: Record<Visit, (visitor: Visitor) => Promise<unknown>> = {
  sync: (visitor) => visitor.sync(),
  package: (visitor) => visitor.fetch(visitor.pick()),
  range: (visitor) => visitor.range(visitor.pick()),
  resume: (visitor) => visitor.resume(visitor.pick()),
  head: (visitor) => visitor.fetch(visitor.pick(), { method: "HEAD" }),
  conditional: (visitor) => visitor.conditional(visitor.pick()),
  leave: (visitor) => visitor.leave(visitor.pick()),
  crowd: (visitor) => visitor.crowd(visitor.pick()),
  pipeline: ({ client, repository, pick }) => {
    const targets = [pick(), pick(), pick()].map(({ fileName }) => repository.path(fileName));
    return client.raw(pipelined(targets), 2_000);
  },
  halfOpen: ({ client, repository }) =>
    client.raw(
      new TextEncoder().encode(`GET ${repository.path("x")} HTTP/1.1\r\nHost:`),
      HALF_OPEN_MS,
    ),
  idle: ({ client }) =>
    Promise.all(
      Array.from({ length: IDLE_CONNECTIONS }, () => client.raw(new Uint8Array(), HALF_OPEN_MS)),
    ),
  odd: ({ client, random, all }) => client.raw(oddRequest(random, all), 1_000),
  flat: (visitor) => visitor.flat(visitor.pick()),
  unknown: ({ client, repository, random }) =>
    client.ask(repository.path(`nothing-${random.whole(1, 9)}-1-any.pkg.tar.zst`)),
  listing: ({ client, repository, random }) =>
    client.ask(random.one(["/", "/healthz", "/metrics", `${repository.directory}/`])),
  refresh: ({ client }) => client.administer("POST", "refresh"),
  administration: (visitor) => visitor.administer(),
};

/** One client, with a repository that it is interested in. */
class Visitor {
  readonly client: Client;
  readonly all: readonly TrueRepository[];
  readonly repository: TrueRepository;
  readonly #judge: Judge;

  constructor({ client, judge, repositories }: Visitors, readonly random: Random) {
    this.client = client;
    this.all = repositories;
    this.repository = random.one(repositories)!;
    this.#judge = judge;
  }

  /** A package of the newest database that was shown; before the first, of the newest of all. */
  pick = (): Listed => {
    const { shown, latest } = this.repository;
    const { files } = shown === 0 ? latest : this.repository.revision(shown);
    return this.random.one([...files.values()])!;
  };

  /** What `pacman -Sy` and `-S` ask for. */
  async sync(): Promise<void> {
    const revision = await this.database();
    if (revision === null) return;
    if (!this.repository.isEmbedded) await this.#databaseSignature(revision);
    const wanted = this.random.whole(0, 3);
    for (let count = 0; count < wanted && !this.client.isOver; count++) {
      await this.fetch(this.random.one([...revision.files.values()])!);
    }
  }

  async database(): Promise<Revision | null> {
    const { repository, random } = this;
    const since = repository.shown;
    const known = since === 0 ? null : repository.revision(since);
    const headers: Record<string, string> = random.chance(0.3) && known !== null
      ? { "if-modified-since": known.date.toUTCString() }
      : {};
    const answer = await this.client.ask(repository.path(repository.dbName), { headers });
    if (answer === null) return null;
    const revision = this.#judge.database(repository, since, answer);
    if (revision !== null && since <= repository.shown) {
      repository.shown = Math.max(repository.shown, revision.number);
    }
    return revision;
  }

  async fetch(listed: Listed, request: RawRequest = {}): Promise<void> {
    const { repository, random } = this;
    const target = repository.path(listed.fileName);
    const since = repository.shown;
    const answer = await this.client.ask(random.chance(0.2) ? encoded(target) : target, request);
    if (answer === null || request.method === "HEAD") return;
    this.#judge.package(repository, listed.fileName, { since, answer });
    if (random.chance(0.5)) await this.#signature(listed);
  }

  async range(listed: Listed): Promise<void> {
    const size = listed.content.size;
    const start = this.random.whole(0, size + 5);
    const end = this.random.whole(start, size + 5);
    const suffix = this.random.whole(0, 500);
    const range = this.random.one([`${start}-`, `${start}-${end}`, `-${suffix}`, "0-", "0-0"]);
    await this.fetch(listed, { headers: { range: `bytes=${range}` } });
  }

  /** Begins, breaks off, and asks for the rest, sometimes at a wrong place. */
  async resume(listed: Listed): Promise<void> {
    const { size } = listed.content;
    const kept = this.random.whole(1, size - 1);
    await this.client.leave(this.repository.path(listed.fileName), kept);
    const offset = this.random.one([kept, kept, kept, 0, size - 1, size, size + 100]);
    await this.fetch(listed, { headers: { range: `bytes=${offset}-` } });
  }

  async conditional(listed: Listed): Promise<void> {
    const built = new Date(listed.buildSeconds * 1000);
    const headers = this.random.one<Record<string, string>>([
      { "if-modified-since": built.toUTCString() },
      { "if-modified-since": new Date(0).toUTCString() },
      { "if-none-match": '"x"' },
      { "if-none-match": "*" },
      { "if-range": '"x"', "range": "bytes=7-" },
      { "if-range": built.toUTCString(), "range": "bytes=7-" },
    ]);
    await this.fetch(listed, { headers });
  }

  leave(listed: Listed): Promise<void> {
    const bytes = this.random.whole(0, listed.content.size);
    return this.client.leave(this.repository.path(listed.fileName), bytes);
  }

  async crowd(listed: Listed): Promise<void> {
    await Promise.all(Array.from({ length: CROWD }, () => this.fetch(listed)));
  }

  /** By file name alone, from the cache only. */
  async flat(listed: Listed): Promise<void> {
    const since = this.repository.shown;
    const answer = await this.client.ask(`/cache/${listed.fileName}`);
    if (answer !== null) this.#judge.package(this.repository, listed.fileName, { since, answer });
  }

  async administer(): Promise<void> {
    const { client, random, repository } = this;
    const { fileName } = this.pick();
    const key = `${repository.directory.slice(1)}/${fileName}`;
    const calls: [string, string][] = [
      ["GET", "status"],
      ["GET", "packages"],
      ["GET", `packages/${key}`],
      ["DELETE", `packages/${key}`],
      ["POST", "cleanup"],
      ["GET", "pins"],
      ["PUT", "pins/alpha"],
      ["DELETE", "pins/alpha"],
      ["GET", "mirrors"],
      ["POST", "mirrors/test"],
      ["GET", "downloads"],
    ];
    const [method, path] = random.one(calls)!;
    await client.administer(method, path);
  }

  async #databaseSignature({ number }: Revision): Promise<void> {
    const { repository } = this;
    const answer = await this.client.ask(repository.path(`${repository.dbName}.sig`));
    if (answer !== null) this.#judge.databaseSignature(repository, number, answer);
  }

  async #signature({ fileName }: Listed): Promise<void> {
    const { repository } = this;
    const since = repository.shown;
    const answer = await this.client.ask(repository.path(`${fileName}.sig`));
    if (answer !== null) this.#judge.signature(repository, fileName, { since, answer });
  }
}

/** The same path with its special characters escaped, as other clients than pacman send it. */
function encoded(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}
