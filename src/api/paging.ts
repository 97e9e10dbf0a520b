import { z } from "zod";

const DEFAULT_LIMIT = 50;

/** The longest page of a list. */
export const MAX_LIMIT = 1000;

const WHOLE_NUMBER = z.string().regex(/^[1-9]\d{0,14}$/, "must be a whole number from 1 on");

/** A whole number in a query, from 1 to `most`; larger ones count as that. */
export function numberInQuery(most: number, fallback: number) {
  return WHOLE_NUMBER.optional()
    .transform((text) => Math.min(most, text === undefined ? fallback : Number(text)));
}

/** How many members a page of a list has at most. */
export const LIMIT = numberInQuery(MAX_LIMIT, DEFAULT_LIMIT).describe(
  `How many at most; ${DEFAULT_LIMIT} by default, and never more than ${MAX_LIMIT}.`,
);

/** How many members a page of a list has at most that is answered as a whole without it. */
export const OPTIONAL_LIMIT = WHOLE_NUMBER.optional()
  .transform((text) => text === undefined ? null : Math.min(MAX_LIMIT, Number(text)))
  .describe(`How many at most, up to ${MAX_LIMIT}; all by default.`);

/** How many members of a list come before a page. */
export const OFFSET = z.string().regex(/^(0|[1-9]\d{0,14})$/, "must be a whole number").default("0")
  .transform(Number).describe("Number of entries to skip.");

/** Where a page of a list with names begins. */
export const AFTER = z.string().default("").describe(
  "Only what follows this one: the `next` of the page before.",
);

/** Where the page after the answered one begins. */
export const NEXT = z.string().nullable().describe(
  "Pass it as `after` for the next page; null on the last one.",
);

/** The members of a sorted list that follow `after`, at most `limit` of them. */
export function pageOf<T>(
  sorted: readonly T[],
  { limit, after, keyOf }: { limit: number; after: string; keyOf: (each: T) => string },
): { readonly page: readonly T[]; readonly next: string | null } {
  const start = after === "" ? 0 : sorted.findIndex((each) => keyOf(each) > after);
  const page = start < 0 ? [] : sorted.slice(start, start + limit);
  const last = page.at(-1);
  const isLast = last === undefined || start + limit >= sorted.length;
  return { page, next: isLast ? null : keyOf(last) };
}
