import { Buffer } from "node:buffer";
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { BackgroundWork } from "../async/background_work.ts";
import { type Clock, SYSTEM_CLOCK } from "../async/clock.ts";
import { Turns } from "../async/turns.ts";
import { PkgstashError, reasonOf } from "../errors.ts";
import { writeFileDurably } from "../platform/files/durable.ts";
import { eventLogger } from "../platform/observability/logging.ts";
import {
  ADMINISTRATOR,
  ANYONE,
  type ExpiredToken,
  type Principal,
  type TokenPurpose,
} from "./principal.ts";
import { readTokenFile, type StoredToken, tokenFileOf } from "./token_file.ts";

const log = eventLogger("tokens");

/** Maximum age of the recorded last use on disk. */
const LAST_USE_PERIOD_MS = 60_000;
const ID_BYTES = 6;
const SECRET_BYTES = 32;
/** Lets secret scanners, and the redaction of the log, recognize a token. */
const TOKEN = /^pkgstash_([0-9a-f]{12})_[A-Za-z0-9_-]{43}$/;

/** A token as listed, without its secret. */
export type TokenFacts = Omit<StoredToken, "sha256">;

/**
 * All tokens except the configured one. Only their SHA-256 is stored: they are random, so guessing
 * is hopeless and a slow hash would add nothing.
 */
export class Tokens {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #changes = new Turns();
  readonly #background = new BackgroundWork((failure, error) =>
    log.warn(failure, { reason: reasonOf(error) })
  );
  #loaded: Promise<Map<string, StoredToken>> | null = null;
  #usesWrittenAt = -Infinity;
  #hasUnwrittenUses = false;

  /** They are read from the file at `path` on first use. */
  constructor(path: string, clock: Clock = SYSTEM_CLOCK) {
    this.#path = path;
    this.#clock = clock;
  }

  /** Creates a token. It is returned once, and cannot be recovered. */
  async create(
    { name, purpose, repositories, expiresAfterMs = null }: {
      name: string;
      purpose: TokenPurpose;
      repositories: readonly string[];
      /** Null for never. */
      expiresAfterMs?: number | null;
    },
  ): Promise<{ token: string; facts: TokenFacts }> {
    const id = randomBytes(ID_BYTES).toString("hex");
    const token = `pkgstash_${id}_${randomBytes(SECRET_BYTES).toString("base64url")}`;
    const createdAt = this.#clock.now();
    const expiresAt = expiresAfterMs === null ? null : createdAt + expiresAfterMs;
    const facts = { id, name, purpose, repositories, createdAt, expiresAt, lastUsedAt: null };
    await this.#change((tokens) => {
      const isTaken = [...tokens.values()].some((each) => each.name === name || each.id === name);
      if (isTaken || RESERVED_NAMES.includes(name)) {
        throw new PkgstashError(
          "conflict",
          `Cannot create the token ${name}: a token of this name exists. Revoke it first, or ` +
            "choose another name.",
        );
      }
      tokens.set(id, { ...facts, sha256: digestOf(token).toString("hex") });
    });
    return { token, facts };
  }

  /** All tokens, oldest first. */
  async list(): Promise<TokenFacts[]> {
    return [...(await this.#tokens()).values()].map(({ sha256: _, ...facts }) => facts);
  }

  /** Revokes a token, given its name or ID, with immediate effect; null if there is none. */
  async revoke(nameOrId: string): Promise<TokenFacts | null> {
    let revoked: TokenFacts | null = null;
    await this.#change((tokens) => {
      const found = [...tokens.values()].find(({ id, name }) =>
        nameOrId === id || nameOrId === name
      );
      if (found === undefined) return;
      const { sha256: _, ...facts } = found;
      revoked = facts;
      tokens.delete(found.id);
    });
    return revoked;
  }

  /**
   * The owner of a token, even of an expired one; null if it is nobody's. The time that this takes
   * reveals nothing about a secret, because hashes are compared.
   */
  async find(token: string): Promise<Principal | ExpiredToken | null> {
    const id = TOKEN.exec(token)?.[1];
    if (id === undefined) return null;
    const found = (await this.#tokens()).get(id);
    const expected = found === undefined ? NO_DIGEST : Buffer.from(found.sha256, "hex");
    const isSame = timingSafeEqual(digestOf(token), expected);
    if (found === undefined || !isSame) return null;
    const { name, expiresAt } = found;
    if (this.#isOver(expiresAt)) return { name, expiredAt: expiresAt };
    this.#recordUse(found);
    return found;
  }

  /**
   * The owner of the token with this ID, and its SHA-256, for what ends with the token; null if
   * there is none, or it has expired.
   */
  async withId(id: string): Promise<{ principal: Principal; sha256: string } | null> {
    const found = (await this.#tokens()).get(id);
    if (found === undefined) return null;
    const { expiresAt, sha256 } = found;
    if (this.#isOver(expiresAt)) return null;
    return { principal: found, sha256 };
  }

  #isOver(expiresAt: number | null): expiresAt is number {
    return expiresAt !== null && expiresAt <= this.#clock.now();
  }

  /** Resolves when everything is written. */
  async close(): Promise<void> {
    if (this.#hasUnwrittenUses) this.#writeUses();
    await this.#background.settled();
    await this.#changes.settled();
  }

  #recordUse(token: StoredToken): void {
    token.lastUsedAt = this.#clock.now();
    this.#hasUnwrittenUses = true;
    if (token.lastUsedAt - this.#usesWrittenAt >= LAST_USE_PERIOD_MS) this.#writeUses();
  }

  #writeUses(): void {
    this.#usesWrittenAt = this.#clock.now();
    this.#hasUnwrittenUses = false;
    this.#background.add(
      "cannot record when tokens were last used",
      this.#changes.run(async () => await this.#write(await this.#tokens())),
    );
  }

  /** Applies a change on disk first, so that nothing is in force that a restart would forget. */
  async #change(change: (tokens: Map<string, StoredToken>) => void): Promise<void> {
    await this.#changes.run(async () => {
      const changed = new Map(await this.#tokens());
      change(changed);
      await this.#write(changed);
      this.#loaded = Promise.resolve(changed);
    });
  }

  async #write(tokens: ReadonlyMap<string, StoredToken>): Promise<void> {
    try {
      await writeFileDurably(this.#path, tokenFileOf(tokens.values()), { mode: 0o600 });
    } catch (error) {
      throw new PkgstashError("storage", `Cannot write the tokens: ${reasonOf(error)}.`, {
        cause: error,
      });
    }
  }

  #tokens(): Promise<Map<string, StoredToken>> {
    return this.#loaded ??= readTokenFile(this.#path)
      .then((tokens) => new Map(tokens.map((token) => [token.id, token])))
      .catch((error) => {
        this.#loaded = null;
        throw error;
      });
  }
}

/** How the audit log names others. */
const RESERVED_NAMES = [ADMINISTRATOR.name, ANYONE];

/** Equals no possible digest. */
const NO_DIGEST = new Uint8Array(32);

function digestOf(token: string) {
  return createHash("sha256").update(token).digest();
}
