import { delay } from "@std/async/delay";
import { dateOf } from "../../repositories/database_date.ts";
import type { Repository } from "../../repositories/repository.ts";
import type { Mirror } from "../mirrors/mirror.ts";
import { MirrorRefusal } from "../mirrors/mirror_response.ts";
import type { Upstream } from "../mirrors/upstream.ts";
import { type Description, descriptionOf } from "./known_contents.ts";

/** A mirror to copy a database from. */
export interface Candidate {
  mirror: Mirror;
  /** How the mirror describes its database; null if it was not asked or does not say. */
  described: Description | null;
  /** Whether to examine its content even if it is dated before the served one. */
  isForced?: boolean;
  /** Whether to examine its content whatever its headers say. */
  isUnconditional?: boolean;
  /** Whether to examine it even if another mirror agrees with the served one. */
  isPromising?: boolean;
  /** Whether to examine it even if another mirror has a newer one. */
  isWeighty?: boolean;
}

/**
 * Asks all mirrors at once to describe their databases. Omits those that fail or keep the others
 * waiting; a mirror that says it has none stays, to be asked again in another way.
 */
export async function surveyMirrors(
  upstream: Upstream,
  repository: Repository,
  { mirrors, patienceMs, signal }: {
    mirrors: readonly Mirror[];
    /** How long to wait for further mirrors once one has answered. */
    patienceMs: number;
    signal: AbortSignal;
  },
): Promise<Candidate[]> {
  const over = new AbortController();
  const limit = AbortSignal.any([signal, over.signal]);
  const found: Candidate[] = [];
  const askedAt = performance.now();
  const asked = mirrors.map(async (mirror) => {
    try {
      const headers = await upstream.describe(mirror, repository, `${repository.name}.db`, limit);
      found.push({ mirror, described: headers === null ? null : descriptionOf(headers) });
    } catch (error) {
      if (!(error instanceof MirrorRefusal && error.reason === "missing")) throw error;
      found.push({ mirror, described: null });
    }
  });
  const all = Promise.allSettled(asked);
  await Promise.any(asked).catch(() => {});
  const leftMs = Math.max(0, askedAt + patienceMs - performance.now());
  await Promise.race([all, delay(leftMs, { signal: limit }).catch(() => {})]);
  over.abort();
  signal.throwIfAborted();
  return found;
}

/**
 * Candidates that seem to have the same file, with its date; mirrors without a description are
 * alone.
 */
export interface Group {
  candidates: Candidate[];
  /** In milliseconds since the epoch, or null. */
  date: number | null;
}

/** Groups candidates by their descriptions: latest first, those without a plausible date last. */
export function groupsOf(candidates: readonly Candidate[]): Group[] {
  const groups = new Map<string, Group>();
  for (const candidate of candidates) {
    const { mirror, described } = candidate;
    const date = dateOf(described?.lastModified);
    const key = date === null ? mirror.address : `${date} ${described?.size ?? mirror.address}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { candidates: [candidate], date });
    else group.candidates.push(candidate);
  }
  return [...groups.values()].sort((a, b) => (b.date ?? -1) - (a.date ?? -1));
}
