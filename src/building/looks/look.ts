import type { SourceTree } from "../source_tree.ts";

/** A reference of a git repository: a branch, or what its server shows first. */
export interface GitReference {
  readonly url: string;
  /** `HEAD` or `refs/...`. */
  readonly reference: string;
}

/** A fixed place in a git repository that a source names. */
export interface Pin {
  readonly url: string;
  readonly kind: "tag" | "commit";
  readonly value: string;
}

/** What a builder is asked to look at. */
export type Look =
  /** Which commits the references are. */
  | { readonly kind: "references"; readonly references: readonly GitReference[] }
  /** The files of a repository, unless its reference is the known commit. */
  | { readonly kind: "tree"; readonly from: GitReference; readonly known: string | null }
  /** On which branch or tag of their repositories pins are. */
  | { readonly kind: "pins"; readonly pins: readonly Pin[] };

/** What a builder says of a look. */
export type LookResult =
  /** In the order of the references; null for one that the repository does not have. */
  | { readonly outcome: "references"; readonly commits: readonly (string | null)[] }
  | { readonly outcome: "tree"; readonly commit: string; readonly tree: SourceTree }
  /** In the order of the pins; null for one that is on none. */
  | { readonly outcome: "pins"; readonly places: readonly (string | null)[] }
  /** It is the known commit. */
  | { readonly outcome: "unchanged" }
  | { readonly outcome: "failed"; readonly reason: string };

/** A look that is due. */
export interface DueLook {
  /** Whom it is about: of each, one builder looks at a time. */
  readonly about: string;
  readonly look: Look;
  /** Takes what a builder says of it. */
  readonly take: (result: LookResult) => Promise<void>;
}

/** What looks are due, of one kind. */
export interface LookSource {
  /** The first that is due and about none of these, and how long it is until there is one. */
  next(taken: ReadonlySet<string>): Promise<
    { readonly due: DueLook | null; readonly untilNextMs: number }
  >;
  /** Makes everything due now. */
  lookNow(): void;
}

/** A failure as a builder tells it: it comes from a server, and is shown on terminals. */
export function failureText(reason: string): string {
  return reason.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ").trim().slice(0, 500)
    .replace(/\.$/, "");
}

/** What is known of the sources of a package base, as it is kept over a restart. */
export interface SeenSources {
  /** The accepted tree whose sources were looked at. */
  readonly treeHash: string;
  /** When, in milliseconds since the epoch. */
  readonly at: number;
  /** By URL and reference. */
  readonly commits: Readonly<Record<string, string>>;
  /** Why they cannot be looked at since some time; null if they can. */
  readonly failure: string | null;
}

/** Names a reference. */
export function keyOf({ url, reference }: GitReference): string {
  return `${url} ${reference}`;
}

/** What a builder may look at: nothing of a machine, and no more than a server shows everybody. */
const URL = /^(?:https?|git):\/\/[!-~]{1,2000}$/;
const REFERENCE = /^(?:HEAD|refs\/heads\/[!-~]{1,200})$/;

export function isUsable({ url, reference }: GitReference): boolean {
  return URL.test(url) && REFERENCE.test(reference) && !reference.includes("..");
}
