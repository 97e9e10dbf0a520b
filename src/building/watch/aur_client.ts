import type { Clock } from "../../async/clock.ts";
import { isTimeout, PkgstashError, reasonOf } from "../../errors.ts";
import { type AurPackage, readInfoAnswer, readSearchAnswer } from "../../formats/aur/rpc_answer.ts";
import { parseRetryAfter } from "../../formats/http/retry_after.ts";
import type { HttpClient } from "../../platform/http_client.ts";
import type { SourceTree } from "../source_tree.ts";
import { capped, readTreeArchive, TREE_LIMITS } from "./tree_archive.ts";

export interface AurClientOptions {
  /** URL of the AUR, such as `https://aur.archlinux.org`, without a trailing slash. */
  readonly url: string;
  readonly http: Pick<HttpClient, "get" | "send">;
  readonly clock: Clock;
  /** Aborts every request. */
  readonly signal: AbortSignal;
  /** Returns a number from 0 to below 1. */
  readonly random?: () => number;
}

/** Names per request. The AUR returns at most 5000 packages; a URL could hold only about 150. */
const NAMES_PER_REQUEST = 500;
/** 5000 packages with all their lists take about 10 MB. */
const MAX_ANSWER_BYTES = 32 * 1024 ** 2;
const TIMEOUT_MS = 60_000;
/** Pause after a failure: doubled each time, and longer if the AUR asks for it. */
const FIRST_REST_MS = 30_000;
const LONGEST_REST_MS = 3_600_000;
/** The limit of the AUR covers 24 hours, so a short pause would not help. */
const RATE_LIMIT_REST_MS = 15 * 60_000;
/** The longest pause that the AUR can ask for. */
const MAX_ASKED_REST_MS = 24 * 3_600_000;
const REMEMBERED_ANSWERS = 64;

/**
 * Queries the AUR: many packages in one request, and the files of a package. After a failure it pauses,
 * longer each time, and rejects all requests meanwhile, so that nothing gets around the AUR's limit.
 */
export class AurClient {
  readonly #options: AurClientOptions;
  readonly #random: () => number;
  /** Answers with their entity tags, by request body. */
  readonly #answers = new Map<string, { readonly tag: string; readonly packages: AurPackage[] }>();
  #failures = 0;
  #restsUntil = -Infinity;

  constructor(options: AurClientOptions) {
    this.#options = options;
    this.#random = options.random ?? Math.random;
  }

  /** Milliseconds until the next request is allowed; 0 if it is now. */
  get restMs(): number {
    return Math.max(0, this.#restsUntil - this.#options.clock.monotonic());
  }

  /**
   * Information about these packages, by name. Names that are missing do not exist in the AUR: every
   * failure throws.
   *
   * @throws PkgstashError `upstream` if the AUR is unreachable, fails, or sends something else.
   */
  async info(names: Iterable<string>): Promise<Map<string, AurPackage>> {
    const wanted = [...new Set(names)].sort();
    const found = new Map<string, AurPackage>();
    for (let start = 0; start < wanted.length; start += NAMES_PER_REQUEST) {
      const batch = wanted.slice(start, start + NAMES_PER_REQUEST);
      const asked = new Set(batch);
      for (const each of await this.#infoOf(batch)) {
        if (asked.has(each.name)) found.set(each.name, each);
      }
    }
    return found;
  }

  /** Names of the packages that provide a name, including a package of that name. */
  async providersOf(name: string): Promise<string[]> {
    const what = `search the AUR for ${name}`;
    return await this.#ask(what, async (signal) => {
      const path = `/rpc/v5/search/${encodeURIComponent(name)}?by=provides`;
      const response = await this.#options.http.get(this.#options.url + path, {}, signal);
      return readSearchAnswer(await this.#textOf(response));
    });
  }

  /**
   * The current files of a package base.
   *
   * @throws PkgstashError `not_found` if the AUR does not have it, `content` if the files are rejected,
   * `upstream` if the AUR fails.
   */
  async tree(base: string): Promise<SourceTree> {
    const path = `/cgit/aur.git/snapshot/${encodeURIComponent(base)}.tar.gz`;
    const archive = await this.#ask(`fetch the files of ${base} from the AUR`, async (signal) => {
      const response = await this.#options.http.get(this.#options.url + path, {}, signal);
      if (response.status === 404) {
        await response.body?.cancel();
        throw new PkgstashError(
          "not_found",
          `Cannot fetch the files of ${base}: the AUR has no such package base.`,
        );
      }
      return await this.#bytesOf(response, TREE_LIMITS.maxArchiveBytes);
    });
    return await readTreeArchive(archive.stream());
  }

  async #infoOf(names: readonly string[]): Promise<AurPackage[]> {
    const body = names.map((name) => `arg%5B%5D=${encodeURIComponent(name)}`).join("&");
    const known = this.#answers.get(body);
    const headers = {
      "content-type": "application/x-www-form-urlencoded",
      ...(known === undefined ? {} : { "if-none-match": known.tag }),
    };
    const subject = names.length === 1 ? names[0] : `${names.length} packages`;
    return await this.#ask(`ask the AUR about ${subject}`, async (signal) => {
      const url = `${this.#options.url}/rpc/v5/info`;
      const response = await this.#options.http.send(url, { body, headers, signal });
      if (response.status === 304 && known !== undefined) {
        await response.body?.cancel();
        return known.packages;
      }
      const tag = response.headers.get("etag");
      const packages = readInfoAnswer(await this.#textOf(response));
      if (tag !== null) this.#remember(body, { tag, packages });
      return packages;
    });
  }

  #remember(body: string, answer: { tag: string; packages: AurPackage[] }): void {
    this.#answers.delete(body);
    this.#answers.set(body, answer);
    const [oldest] = this.#answers.keys();
    if (this.#answers.size > REMEMBERED_ANSWERS && oldest !== undefined) {
      this.#answers.delete(oldest);
    }
  }

  async #ask<T>(what: string, send: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { restMs } = this;
    if (restMs > 0) {
      throw failure(
        what,
        `it failed before; the next request is allowed in ${Math.ceil(restMs / 1000)} s`,
      );
    }
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    try {
      const result = await send(AbortSignal.any([timeout, this.#options.signal]));
      this.#failures = 0;
      return result;
    } catch (error) {
      if (this.#options.signal.aborted) throw failure(what, "the daemon is stopping");
      if (error instanceof PkgstashError && error.kind === "not_found") throw error;
      if (!(error instanceof RestWanted)) this.#rest(null);
      throw failure(what, isTimeout(error) ? "it did not respond in time" : reasonOf(error), error);
    }
  }

  async #textOf(response: Response): Promise<string> {
    return await (await this.#bytesOf(response, MAX_ANSWER_BYTES)).text();
  }

  async #bytesOf(response: Response, maxBytes: number): Promise<Blob> {
    await this.#check(response);
    return await new Response(response.body?.pipeThrough(capped(maxBytes)) ?? null).blob();
  }

  async #check(response: Response): Promise<void> {
    if (response.status === 200) return;
    await response.body?.cancel();
    const asked = response.headers.get("retry-after");
    const wait = parseRetryAfter(asked, new Date(this.#options.clock.now()));
    if (response.status === 429) {
      this.#rest(wait ?? RATE_LIMIT_REST_MS);
      throw new RestWanted("its request limit is reached");
    }
    if (wait === null) {
      throw new PkgstashError("upstream", `it responded with status ${response.status}`);
    }
    this.#rest(wait);
    throw new RestWanted(`it responded with status ${response.status}`);
  }

  /** Pauses for twice the last time and at least for `leastMs`, plus up to a quarter at random. */
  #rest(leastMs: number | null): void {
    const doubled = FIRST_REST_MS * 2 ** Math.min(this.#failures, 10);
    this.#failures++;
    const least = Math.min(leastMs ?? 0, MAX_ASKED_REST_MS);
    const rest = Math.max(least, Math.min(doubled, LONGEST_REST_MS));
    this.#restsUntil = this.#options.clock.monotonic() + rest * (1 + this.#random() / 4);
  }
}

/** A failure after which the pause has already been set. */
class RestWanted extends PkgstashError {
  constructor(reason: string) {
    super("upstream", reason);
  }
}

function failure(what: string, reason: string, cause?: unknown): PkgstashError {
  return new PkgstashError(
    "upstream",
    `Cannot ${what}: ${reason}. No package counts as gone. Try again later; the daemon's own checks do.`,
    { cause },
  );
}
