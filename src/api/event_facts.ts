import type { EventReport } from "./events.ts";

/** The facts of an event for people, by name; none if only its request says what it was about. */
export function factsOf({ details }: Pick<EventReport, "details">): [name: string, text: string][] {
  return Object.entries(details).map(([name, value]) => [name, factText(value)]);
}

/** Lists as their members, each once, and objects as their values. */
function factText(value: unknown): string {
  if (Array.isArray(value)) return [...new Set(value.map(factText))].join(", ");
  if (typeof value !== "object" || value === null) return String(value);
  return Object.values(value).filter((each) => each !== null).map(factText).join(" ");
}
