/**
 * What a fact means for the verdict: a value that a version bump changes; a pin to another commit or
 * tag; a change that is harmless by proof; or one that a person must look at.
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

/** One thing that changed between two trees, or that is worth a look in a new one. */
export interface Fact {
  readonly kind: FactKind;
  readonly class: FactClass;
  /** Path in the tree. */
  readonly file: string;
  /** From 1, in the new file, or in the old one if the new one lacks it; null for a whole file. */
  readonly line: number | null;
  /** What stood there; null if nothing did. */
  readonly before: string | null;
  /** What stands there; null if nothing does. */
  readonly after: string | null;
  /** Why the fact has its class, as a sentence. */
  readonly reason: string;
}

/** What the facts of a change amount to. */
export type Verdict = "bump" | "pin" | "harmless" | "review";

/** A verdict and all that it rests on. */
export interface Judgement {
  readonly verdict: Verdict;
  readonly facts: readonly Fact[];
}

/** The names of the files that every package source has. */
export const PKGBUILD = "PKGBUILD";
export const SRCINFO = ".SRCINFO";
