/** What an event is about: changes that somebody made and sign-ins, and what the daemon did. */
export const EVENT_KINDS = [
  "change",
  "login",
  "daemon",
  "refresh",
  "download",
  "cleanup",
  "build",
] as const;

export type EventKind = typeof EVENT_KINDS[number];

/** What is known of something when it happens. */
export interface NewEvent {
  /** A change unless given. */
  readonly kind?: EventKind;
  /** Who did it, such as "administrator" or the name of a token. */
  readonly who: string;
  /** The address that the request came from. */
  readonly address: string;
  /** What was done, an imperative such as "Pin packages". */
  readonly action: string;
  /** Method and path of the request. */
  readonly request: string;
  /** Further facts, as far as there are any. */
  readonly details: Readonly<Record<string, unknown>>;
}

/** Something that happened. */
export interface Event extends NewEvent {
  readonly kind: EventKind;
  /** Counts from 1 on, and is never used again. */
  readonly number: number;
  /** As `Date.prototype.toISOString` writes it. */
  readonly at: string;
}
