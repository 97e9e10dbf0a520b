import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { ComponentChildren } from "preact";
import type { Visit } from "./visit.ts";

/** What elements can find out about their page. */
export interface Surroundings {
  readonly visit: Visit;
  /** The live regions rendered so far, by id. */
  readonly regions: Map<string, ComponentChildren>;
}

export const VisitContext = createContext<Surroundings | null>(null);

/** The surroundings of the current element. Throws outside a page. */
export function useSurroundings(): Surroundings {
  const found = useContext(VisitContext);
  if (found === null) throw new Error("An element is rendered outside a page");
  return found;
}

/** The visit of the current element. Throws outside a page. */
export function useVisit(): Visit {
  return useSurroundings().visit;
}
