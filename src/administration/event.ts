/** The kinds of event: changes that somebody made, sign-ins, and what the daemon did. */
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

/** What is known about an event when it happens. */
export interface NewEvent {
  /** A change by default. */
  readonly kind?: EventKind;
  /** Who did it, such as "administrator" or the name of a token. */
  readonly who: string;
  /** The address that the request came from. */
  readonly address: string;
  /** What was done, an imperative such as "Pin packages". */
  readonly action: string;
  /** Method and path of the request. */
  readonly request: string;
  /** Further facts, if any. */
  readonly details: Readonly<Record<string, unknown>>;
}

/** Something that happened. */
export interface Event extends NewEvent {
  readonly kind: EventKind;
  /** Ascending from 1, never reused. */
  readonly number: number;
  /** In the format of `Date.prototype.toISOString`. */
  readonly at: string;
}
