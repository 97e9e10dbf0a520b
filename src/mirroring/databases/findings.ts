import { PkgstashError } from "../../errors.ts";
import type { Snapshot } from "../../repositories/snapshot.ts";
import type { Mirror } from "../mirrors/mirror.ts";
import { MirrorRefusal } from "../mirrors/mirror_response.ts";
import type { MirrorFailure } from "../mirrors/race.ts";
import type { CopiedSet } from "./copy_set.ts";
import { isComplete } from "./set_choice.ts";
import type { Candidate } from "./survey.ts";

/** What a refresh has found on the mirrors, and what follows from it. */
export class Findings {
  /** Mirrors that have the served database. */
  readonly same = new Set<Mirror>();
  /** Mirrors that have an older one, with its SHA-256. */
  readonly older = new Map<Mirror, string>();
  /** Mirrors that could not be examined in this round. */
  failures: MirrorFailure[] = [];
  readonly #current: Snapshot | null;
  #sets: CopiedSet[] = [];

  /** `current` is the served snapshot, or null. */
  constructor(current: Snapshot | null) {
    this.#current = current;
  }

  /** New databases, with everything that belongs to them; one per mirror. */
  get sets(): readonly CopiedSet[] {
    return this.#sets;
  }

  /** Adds a set, replacing an earlier one from its mirror. */
  addSet(set: CopiedSet): void {
    this.#sets = [...this.#sets.filter(({ mirror }) => mirror !== set.mirror), set];
  }

  /** Whether nothing that remains could change the outcome. */
  isDecided(left: readonly Candidate[]): boolean {
    if (left.some(({ isWeighty }) => isWeighty === true)) return false;
    if (this.#hasCompleteSet) return true;
    if (this.same.size === 0 || left.some(({ isPromising }) => isPromising === true)) return false;
    return this.keepsServed || left.length === 0;
  }

  /** Whether the served database has a signature, so that a new one should. */
  get expectsSignature(): boolean {
    return this.#current?.members["db.sig"] !== undefined;
  }

  /** Whether the served set, confirmed by a mirror, is better than the new ones. */
  get keepsServed(): boolean {
    return this.same.size > 0 &&
      (this.expectsSignature || this.#sets.every(({ index }) => index.problems.length > 0));
  }

  /** Whether to ask the mirrors once more, because they are being updated. */
  get isInUpdate(): boolean {
    if (this.same.size > 0 || this.#hasCompleteSet) return false;
    const mayBeSigned = this.#current === null || this.expectsSignature;
    return this.failures.some(({ error }) => isChange(error)) ||
      mayBeSigned &&
        this.#sets.some(({ companions, hasWrongSignature }) =>
          hasWrongSignature || !("db.sig" in companions) && this.expectsSignature
        );
  }

  /** Whether most mirrors that sent anything have databases older than the served one. */
  get isOutvoted(): boolean {
    const unusable = this.failures.filter(({ error }) =>
      error instanceof PkgstashError && error.kind === "content"
    );
    return this.older.size > this.same.size + unusable.length;
  }

  get #hasCompleteSet(): boolean {
    return this.#sets.some((set) => isComplete(set, this.expectsSignature));
  }
}

/** Whether a mirror seems to be in the middle of an update. */
export function isChange(error: unknown): boolean {
  return error instanceof MirrorRefusal && error.reason === "different";
}
