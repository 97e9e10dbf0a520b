import { Buffer } from "node:buffer";
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { ADMINISTRATOR, type Principal } from "../../administration/principal.ts";
import type { EndedSessions } from "../../administration/ended_sessions.ts";
import type { Tokens } from "../../administration/tokens.ts";
import { type Clock, SYSTEM_CLOCK } from "../../async/clock.ts";
import type { Flash } from "../../web/visit.ts";
import { LoginBrake } from "./login_brake.ts";

/** How long a session lasts. */
export const SESSION_MS = 12 * 3600 * 1000;

/**
 * Most sessions to list, and to keep messages for. Beyond it, the least recently seen are dropped.
 */
const MAX_KNOWN = 1_000;
const SECRET_BYTES = 18;
/** `expiry.random.holder.signature`; the holder is the id of a token, or the administrator. */
const COOKIE = /^(\d{13})\.([A-Za-z0-9_-]{24})\.([0-9a-f]{12}|administrator)\.([A-Za-z0-9_-]{43})$/;
const ID_LENGTH = 12;

/** A user signed in with one browser. */
export interface Session {
  /** Identifies the session in lists; not a secret. */
  readonly id: string;
  readonly principal: Principal;
  readonly expiresAt: number;
}

/** A session as it is listed. */
export interface SessionFacts extends Session {
  readonly startedAt: number;
  readonly lastSeenAt: number;
  readonly address: string;
  readonly agent: string | null;
}

/** Where a request with a session came from. */
export interface Sighting {
  readonly address: string;
  readonly agent: string | null;
}

/**
 * The sessions of the web admin. A cookie is signed with a key derived from the token, so it
 * survives a restart of the daemon and becomes invalid with the token.
 */
export class Sessions {
  /** Slows down guessing of tokens. */
  readonly brake = new LoginBrake();
  readonly #tokens: Pick<Tokens, "withId">;
  readonly #ended: EndedSessions;
  readonly #clock: Clock;
  readonly #known = new Map<string, SessionFacts>();

  readonly #flashes = new Map<string, Flash[]>();

  constructor(
    { tokens, endedSessions }: {
      tokens: Pick<Tokens, "withId">;
      endedSessions: EndedSessions;
    },
    clock: Clock = SYSTEM_CLOCK,
  ) {
    this.#tokens = tokens;
    this.#ended = endedSessions;
    this.#clock = clock;
  }

  /**
   * Begins a session. Returns its cookie, or null if the token is no longer valid. `configured` is
   * the token of the configuration; `tokenId` is null if it was the one used.
   */
  async begin(configured: string, tokenId: string | null): Promise<string | null> {
    const holder = tokenId ?? ADMINISTRATOR.name;
    const found = await this.#holderOf(configured, holder);
    if (found === null) return null;
    const text = [
      this.#clock.now() + SESSION_MS,
      randomBytes(SECRET_BYTES).toString("base64url"),
      holder,
    ].join(".");
    return `${text}.${signatureOf(text, found.key).toString("base64url")}`;
  }

  /**
   * The session of a cookie; null if the cookie is invalid, expired or of an ended session.
   * `configured` is the token of the configuration.
   */
  async find(cookie: string, configured: string, sighting: Sighting): Promise<Session | null> {
    const [, expiry, random, holder, signature] = COOKIE.exec(cookie) ?? [];
    if (expiry === undefined || random === undefined || signature === undefined) return null;
    const found = await this.#holderOf(configured, holder!);
    const text = cookie.slice(0, cookie.lastIndexOf("."));
    if (found === null) return null;
    const given = Buffer.from(signature, "base64url");
    if (!timingSafeEqual(given, signatureOf(text, found.key))) return null;
    const now = this.#clock.now();
    const expiresAt = Number(expiry);
    const id = idOf(random);
    const startedAt = expiresAt - SESSION_MS;
    if (expiresAt <= now || await this.#ended.has({ id, startedAt, expiresAt })) return null;
    const session = { id, principal: found.principal, expiresAt };
    remember(this.#known, id, { ...session, startedAt, lastSeenAt: now, ...sighting });
    return session;
  }

  /** Unexpired sessions seen since the daemon started, the latest first. */
  list(): SessionFacts[] {
    const now = this.#clock.now();
    for (const [id, { expiresAt }] of this.#known) if (expiresAt <= now) this.#known.delete(id);
    return [...this.#known.values()].toSorted((a, b) => b.lastSeenAt - a.lastSeenAt);
  }

  /** Messages for the next page of a session. The caller adds and removes them in place. */
  flashesOf(id: string): Flash[] {
    const flashes = this.#flashes.get(id) ?? [];
    remember(this.#flashes, id, flashes);
    return flashes;
  }

  /** Ends a listed session and returns it; null if there is none with this id. */
  async end(id: string): Promise<SessionFacts | null> {
    const known = this.#known.get(id);
    if (known === undefined) return null;
    await this.#ended.add(known);
    this.#known.delete(id);
    return known;
  }

  /** Ends all sessions, including those not seen since the daemon started. */
  async endAll(): Promise<void> {
    await this.#ended.addAll();
    this.#known.clear();
  }

  /**
   * The principal of a token, and the key that signs its cookies; null if the token is not valid.
   */
  async #holderOf(
    configured: string,
    holder: string,
  ): Promise<{ principal: Principal; key: Buffer } | null> {
    if (holder === ADMINISTRATOR.name) {
      return { principal: ADMINISTRATOR, key: keyOf(configured, holder) };
    }
    const found = await this.#tokens.withId(holder);
    if (found === null) return null;
    // Only the hash is on disk. Whoever reads it there must not be able to forge a cookie.
    return { principal: found.principal, key: keyOf(configured, `${holder} ${found.sha256}`) };
  }
}

function keyOf(configured: string, holder: string): Buffer {
  return createHmac("sha256", configured).update(`pkgstash web session of ${holder}`).digest();
}

function signatureOf(text: string, key: Buffer): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

function idOf(random: string): string {
  return Buffer.from(random, "base64url").toString("hex").slice(0, ID_LENGTH);
}

/** Adds an entry as the newest, and drops the oldest if there are too many. */
function remember<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > MAX_KNOWN && oldest !== undefined) map.delete(oldest);
}
