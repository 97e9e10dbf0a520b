import type { Answer } from "../../support/http_exchange.ts";
import { assertSameBytes } from "../../support/same_bytes.ts";
import { sha256Of } from "../../support/sha256.ts";
import type { Findings } from "./findings.ts";
import type { Listed, Revision, TrueRepository } from "./world.ts";

/** The statuses with which a client that is treated well may have to live. */
const ORDINARY = [
  200,
  201,
  204,
  206,
  304,
  400,
  403,
  404,
  405,
  409,
  412,
  413,
  414,
  416,
  417,
  421,
  429,
]
  .concat([431, 501, 502, 503, 504, 505, 507]);
const STACK_TRACE = /\n?\s+at .+:\d+:\d+|\.ts:\d+/;

/** Compares answers with the truth. */
export class Judge {
  readonly #findings: Findings;
  readonly #rotten: ReadonlySet<string>;

  /** Nothing is expected of the files `rotten`. */
  constructor(findings: Findings, rotten: ReadonlySet<string>) {
    this.#findings = findings;
    this.#rotten = rotten;
  }

  /** What holds for every answer to anything. */
  any(request: string, { status, headers, text }: Answer): void {
    this.#findings.check(
      "no answer is an internal error",
      ORDINARY.includes(status),
      () => `${request} -> ${status} ${text.slice(0, 200)}`,
    );
    this.#findings.check(
      "no answer shows a stack trace",
      status < 400 || !STACK_TRACE.test(text),
      () => `${request} -> ${text.slice(0, 300)}`,
    );
    this.#findings.check(
      "every answer has a length or chunks",
      status === 204 || status === 304 || headers.has("content-length") ||
        headers.has("transfer-encoding"),
      () => `${request} -> ${status}`,
    );
  }

  /**
   * A whole database is one of the revisions, and not older than what clients were shown before.
   * @param since The revision that had been shown when it was requested.
   * @returns the revision; null if the answer does not have one.
   */
  database(repository: TrueRepository, since: number, answer: Answer): Revision | null {
    if (answer.status !== 200 || !answer.isComplete) return null;
    const revision = repository.revisionOf(answer.body);
    const cache = answer.headers.get("x-cache");
    this.#findings.check(
      "a whole database is one that was published",
      revision !== undefined,
      () => `${repository.dbName}: ${answer.body.length} unknown bytes, X-Cache: ${cache}`,
    );
    if (revision === undefined) return null;
    this.#findings.check(
      "databases never go back",
      revision.number >= Math.min(since, repository.shown),
      () => `${repository.dbName}: revision ${revision.number} after ${since}, X-Cache: ${cache}`,
    );
    return revision;
  }

  /** A whole signature of a database is that of a revision since the one that the client has. */
  databaseSignature(repository: TrueRepository, since: number, answer: Answer): void {
    if (answer.status !== 200 || !answer.isComplete) return;
    const signed = repository.revisions.findLast(({ dbSignature }) =>
      sha256Of(dbSignature) === sha256Of(answer.body)
    );
    this.#findings.check(
      "the signature of a database is that of the database given before",
      signed !== undefined && signed.number >= since,
      () => `${repository.dbName}.sig: that of revision ${signed?.number} after database ${since}`,
    );
  }

  /** A whole package, or a whole part of it, has the bytes that a shown database lists. */
  package(repository: TrueRepository, fileName: string, { since, answer }: Asked): void {
    const legitimate = repository.legitimate(fileName, since);
    if (legitimate === null || !answer.isComplete || this.#rotten.has(fileName)) return;
    if (answer.status === 200) {
      const sha256 = sha256Of(answer.body);
      this.#findings.check(
        "no whole package has a wrong byte",
        legitimate.some(({ content }) => content.sha256 === sha256),
        () => account(repository, fileName, legitimate, answer),
      );
    }
    if (answer.status === 206 && isChecked(answer)) {
      this.#findings.check(
        "no whole range has a wrong byte",
        legitimate.some((listed) => isPart(listed, answer)),
        () => account(repository, fileName, legitimate, answer),
      );
    }
  }

  /** A whole signature is one that was made for a content that a shown database lists. */
  signature(repository: TrueRepository, fileName: string, { since, answer }: Asked): void {
    const legitimate = repository.legitimate(fileName, since);
    if (legitimate === null || answer.status !== 200 || !answer.isComplete) return;
    // Without its package in the cache, nobody can tell a signature from that of another; see
    // docs/limits.md.
    if (!repository.isEmbedded && answer.headers.get("x-cache") === "PASS") return;
    // A signature that does not fit its package any more may be given for it.
    if (this.#rotten.has(fileName) || this.#rotten.has(`${fileName}.sig`)) return;
    const sha256 = sha256Of(answer.body);
    this.#findings.check(
      "a signature is one of the listed package's",
      everySigning(repository, fileName, legitimate).some((one) => sha256Of(one) === sha256),
      () =>
        `${fileName}.sig since revision ${since}: ${answer.body.length} bytes, ` +
        `X-Cache: ${answer.headers.get("x-cache")}`,
    );
  }
}

/** An answer, and the revision that had been shown when it was asked for. */
export interface Asked {
  readonly since: number;
  readonly answer: Answer;
}

/** The package may have been signed anew at any time; an old signature of the same bytes is valid. */
function everySigning(
  repository: TrueRepository,
  fileName: string,
  legitimate: readonly Listed[],
): Uint8Array[] {
  const contents = new Map(legitimate.map(({ content }) => [content.sha256, content]));
  const signings = repository.revisions.flatMap(({ files }) => files.get(fileName)?.signing ?? []);
  return [...contents.values()].flatMap((content) =>
    [...new Set(signings)].map((signing) => content.signature(signing))
  );
}

/**
 * Whether the daemon must have checked the whole file before the end of this range: a range that ends
 * before the file does may be handed out while that arrives.
 */
function isChecked({ headers }: Answer): boolean {
  const cache = headers.get("x-cache");
  const [, end, size] = /-(\d+)\/(\d+)$/.exec(headers.get("content-range") ?? "") ?? [];
  // What comes past a cache that cannot store it has no beginning to hash; see docs/limits.md.
  return cache === "HIT" || cache !== "PASS" && Number(end) + 1 === Number(size);
}

function isPart({ content }: Listed, { headers, body }: Answer): boolean {
  const match = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(headers.get("content-range") ?? "");
  if (match === null) return false;
  const [start = 0, end = 0, size] = match.slice(1).map(Number);
  if (size !== content.size) return false;
  const expected = content.bytes.subarray(start, end + 1);
  return sha256Of(expected) === sha256Of(body);
}

function account(
  { latest, shown }: TrueRepository,
  fileName: string,
  legitimate: readonly Listed[],
  { status, headers, body }: Answer,
): string {
  const expected = legitimate[0]!.content.bytes;
  const range = headers.get("content-range");
  let difference = `${body.length} bytes instead of ${expected.length}`;
  if (range === null) {
    try {
      assertSameBytes(body, expected);
    } catch (error) {
      difference += `, ${(error as Error).message.split("\n")[0]}`;
    }
  }
  return `${fileName}: ${status} ${range ?? ""}, ${difference}, ` +
    `X-Cache: ${headers.get("x-cache")}, revision ${shown} of ${latest.number} shown`;
}
