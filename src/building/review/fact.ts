/**
 * What a fact means for the verdict: a value that a version bump changes; a pin to another commit or
 * tag; a provably harmless change; or one that a person must review.
 */
export type FactClass = "value" | "pin" | "harmless" | "review";

/** What a fact is about. */
export type FactKind =
  | "version"
  | "release"
  | "checksum"
  | "pin"
  | "source"
  | "dependency"
  | "relation"
  | "metadata"
  | "license"
  | "description"
  | "install"
  | "function"
  | "statement"
  | "comment"
  | "white-space"
  | "quoting"
  | "characters"
  | "syntax"
  | "file"
  | "mode"
  | "srcinfo"
  | "network"
  | "interpreter"
  | "encoded"
  | "eval"
  | "environment"
  | "privilege";

/** A change between two trees, or something noteworthy in a new tree. */
export interface Fact {
  readonly kind: FactKind;
  readonly class: FactClass;
  /** Path in the tree. */
  readonly file: string;
  /** From 1, in the new file, or in the old one for something removed; null for a whole file. */
  readonly line: number | null;
  /** The old text; null if there was none. */
  readonly before: string | null;
  /** The new text; null if there is none. */
  readonly after: string | null;
  /** Why the fact has its class: a sentence. */
  readonly reason: string;
}

/** The class of a whole change. */
export type Verdict = "bump" | "pin" | "harmless" | "review";

/** A verdict and the facts behind it. */
export interface Judgement {
  readonly verdict: Verdict;
  readonly facts: readonly Fact[];
}

/** The names of the files that every package source has. */
export const PKGBUILD = "PKGBUILD";
export const SRCINFO = ".SRCINFO";
