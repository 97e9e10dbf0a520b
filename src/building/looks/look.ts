import type { SourceTree } from "../source_tree.ts";

/** A reference of a git repository: a branch, or its HEAD. */
export interface GitReference {
  readonly url: string;
  /** `HEAD` or `refs/...`. */
  readonly reference: string;
}

/** A commit or tag of a git repository that a source is pinned to. */
export interface Pin {
  readonly url: string;
  readonly kind: "tag" | "commit";
  readonly value: string;
}

/** A request to a builder. */
export type Look =
  /** Look up the commits of references. */
  | { readonly kind: "references"; readonly references: readonly GitReference[] }
  /** Fetch the files of a repository, unless its reference is at the known commit. */
  | { readonly kind: "tree"; readonly from: GitReference; readonly known: string | null }
  /** Look up a branch or tag that contains each pin. */
  | { readonly kind: "pins"; readonly pins: readonly Pin[] };

/** A builder's response to a look. */
export type LookResult =
  /** In the order of the references; null for one that does not exist. */
  | { readonly outcome: "references"; readonly commits: readonly (string | null)[] }
  | { readonly outcome: "tree"; readonly commit: string; readonly tree: SourceTree }
  /** In the order of the pins; null for one that no branch or tag contains. */
  | { readonly outcome: "pins"; readonly places: readonly (string | null)[] }
  /** The reference is at the known commit. */
  | { readonly outcome: "unchanged" }
  | { readonly outcome: "failed"; readonly reason: string };

/** A look that is due. */
export interface DueLook {
  /** The subject; one builder at a time checks each. */
  readonly about: string;
  readonly look: Look;
  /** Receives the builder's response. */
  readonly take: (result: LookResult) => Promise<void>;
}

/** The due looks of one kind. */
export interface LookSource {
  /** The first due look about none of these subjects, and the time until the next one. */
  next(taken: ReadonlySet<string>): Promise<
    { readonly due: DueLook | null; readonly untilNextMs: number }
  >;
  /** Makes everything due now. */
  lookNow(): void;
}

/** A failure that a builder reports; the text comes from a server and is shown on terminals. */
export function failureText(reason: string): string {
  return reason.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ").trim().slice(0, 500)
    .replace(/\.$/, "");
}

/** What is known about the sources of a package base; survives a restart. */
export interface SeenSources {
  /** The accepted tree whose sources were checked. */
  readonly treeHash: string;
  /** When, in milliseconds since the epoch. */
  readonly at: number;
  /** By URL and reference. */
  readonly commits: Readonly<Record<string, string>>;
  /** Why they cannot be checked; null if they can. */
  readonly failure: string | null;
}

/** Identifies a reference. */
export function keyOf({ url, reference }: GitReference): string {
  return `${url} ${reference}`;
}

/** Whether a builder may check a URL: nothing on a machine, only what a server shows everybody. */
const URL = /^(?:https?|git):\/\/[!-~]{1,2000}$/;
const REFERENCE = /^(?:HEAD|refs\/heads\/[!-~]{1,200})$/;

export function isUsable({ url, reference }: GitReference): boolean {
  return URL.test(url) && REFERENCE.test(reference) && !reference.includes("..");
}
