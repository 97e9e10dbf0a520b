import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { ComponentChildren } from "preact";
import type { Visit } from "./visit.ts";

/** What elements know about their page. */
export interface Surroundings {
  readonly visit: Visit;
  /** The live regions of the page, by their ids, as they are met. */
  readonly regions: Map<string, ComponentChildren>;
}

export const VisitContext = createContext<Surroundings | null>(null);

/** The page that an element is rendered for. */
export function useSurroundings(): Surroundings {
  const found = useContext(VisitContext);
  if (found === null) throw new Error("An element is rendered outside a page");
  return found;
}

/** The visit that an element is rendered for. */
export function useVisit(): Visit {
  return useSurroundings().visit;
}
