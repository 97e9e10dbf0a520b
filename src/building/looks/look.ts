/** A reference of a git repository: a branch, or what its server shows first. */
export interface GitReference {
  readonly url: string;
  /** `HEAD` or `refs/...`. */
  readonly reference: string;
}

/** What a builder is asked to look at: which commits the references are. */
export interface Look {
  readonly kind: "references";
  readonly references: readonly GitReference[];
}

/** What a builder says of a look. */
export type LookResult =
  /** In the order of the references; null for one that the repository does not have. */
  | { readonly outcome: "references"; readonly commits: readonly (string | null)[] }
  | { readonly outcome: "failed"; readonly reason: string };

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
