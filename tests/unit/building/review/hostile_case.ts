import { ACCEPTED, BUMPED, type Edit, edited, type Files } from "./made_source.ts";

/** A change that must not pass as a version bump. */
export interface HostileCase {
  readonly name: string;
  /** What was accepted, if it is not the usual source. */
  readonly before?: Files;
  readonly after: Files;
}

/** The honest bump with edits. */
export function bumpWith(name: string, ...edits: Edit[]): HostileCase {
  return { name, after: edited(BUMPED, edits) };
}

/** The bump of an edited source, with further edits before and after it. */
export function bumpAfter(
  name: string,
  edits: readonly Edit[],
  before: readonly Edit[],
  after: readonly Edit[],
): HostileCase {
  return {
    name,
    before: edited(edited(ACCEPTED, edits), before),
    after: edited(edited(BUMPED, edits), after),
  };
}
