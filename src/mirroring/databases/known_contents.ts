import { createHash } from "node:crypto";
import { dateOf } from "../../repositories/database_date.ts";
import type { Mirror } from "../mirrors/mirror.ts";
import type { MirrorResponse } from "../mirrors/mirror_response.ts";

/** What a mirror says about a file without sending it. */
export interface Description {
  lastModified: string | null;
  /** A strong entity tag, or null. */
  etag: string | null;
  /** In bytes, or null. */
  size: number | null;
}

/** Content that was copied from a mirror, and the mirror's description of it. */
export interface KnownContent {
  description: Description;
  /** In lower-case hexadecimal. */
  sha256: string;
  /** When the content was received, in milliseconds since the epoch. */
  receivedAt: number;
}

/**
 * A file that changes again within the second in which it was received keeps its date, so its date
 * proves nothing until this time has passed (RFC 9110, section 8.8.2.2).
 */
const SETTLING_MS = 2_000;

/** The contents that mirrors had of one file, to recognize them by their headers. */
export class KnownContents {
  /** By `mirrorKey`. */
  readonly #byMirror = new Map<string, KnownContent>();

  /** Records what the mirror of this `mirrorKey` sent. */
  remember(key: string, content: KnownContent): void {
    this.#byMirror.set(key, content);
  }

  /** What a mirror last had, if it can be recognized by its entity tag; or null. */
  taggedOf(mirror: Mirror): { etag: string; sha256: string } | null {
    const known = this.#byMirror.get(mirrorKey(mirror));
    const etag = known?.description.etag ?? null;
    return known === undefined || etag === null || !isSettled(known)
      ? null
      : { etag, sha256: known.sha256 };
  }

  /** What a mirror last had, or null. */
  lastOf(mirror: Mirror): KnownContent | null {
    return this.#byMirror.get(mirrorKey(mirror)) ?? null;
  }

  /** When content was last received, in milliseconds since the epoch; -Infinity if never. */
  receivedAt(sha256: string): number {
    const times = [...this.#byMirror.values()].filter((known) => known.sha256 === sha256)
      .map(({ receivedAt }) => receivedAt);
    return Math.max(-Infinity, ...times);
  }

  /**
   * The SHA-256 of what a mirror describes; null if it may be anything. Proof is the entity tag
   * that the same mirror gave before, or the date and length of a copy from any mirror: mirrors
   * preserve the dates of files, because that is how they detect changes.
   */
  recognize(mirror: Mirror, described: Description): string | null {
    const known = this.#byMirror.get(mirrorKey(mirror));
    if (known !== undefined && known.description.etag !== null && described.etag !== null) {
      return isSettled(known) && hasSameTag(known, described) ? known.sha256 : null;
    }
    for (const content of this.#byMirror.values()) {
      if (!isSettled(content) || !hasSameDate(content, described)) continue;
      // From now on also by the mirror's own tag, which is more precise.
      this.#byMirror.set(mirrorKey(mirror), { ...content, description: described });
      return content.sha256;
    }
    return null;
  }
}

/** Identifies a mirror, on disk as well: its address may contain a password. */
export function mirrorKey({ address }: Mirror): string {
  return fingerprintOf(address);
}

/** A short text that differs for different texts and does not reveal them. */
export function fingerprintOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}

function isSettled({ description, receivedAt }: KnownContent): boolean {
  const date = dateOf(description.lastModified);
  return date === null || date + SETTLING_MS <= receivedAt;
}

function hasSameTag({ description }: KnownContent, described: Description): boolean {
  const hasOtherLength = description.size !== null && described.size !== null &&
    description.size !== described.size;
  return description.etag === described.etag && !hasOtherLength;
}

function hasSameDate({ description }: KnownContent, described: Description): boolean {
  return dateOf(description.lastModified) !== null &&
    description.lastModified === described.lastModified &&
    description.size !== null && description.size === described.size;
}

/** How a response's headers describe its file. */
export function descriptionOf(headers: Headers): Description {
  const etag = headers.get("etag");
  const length = headers.get("content-length") ?? "";
  return {
    lastModified: headers.get("last-modified"),
    etag: etag !== null && etag.startsWith('"') ? etag : null,
    size: /^\d+$/.test(length) ? Number(length) : null,
  };
}

/** The description in a response with the whole file. */
export function descriptionBy({ headers, length }: MirrorResponse): Description {
  return { ...descriptionOf(headers), size: length };
}
