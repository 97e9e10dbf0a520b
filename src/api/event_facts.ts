import type { EventReport } from "./events.ts";

/** The details of an event as text, by name. */
export function factsOf({ details }: Pick<EventReport, "details">): [name: string, text: string][] {
  return Object.entries(details).map(([name, value]) => [name, factText(value)]);
}

/** A list becomes its distinct members, separated by commas; an object becomes its values. */
function factText(value: unknown): string {
  if (Array.isArray(value)) return [...new Set(value.map(factText))].join(", ");
  if (typeof value !== "object" || value === null) return String(value);
  return Object.values(value).filter((each) => each !== null).map(factText).join(" ");
}
