import type { ComponentChildren } from "preact";
import { useSurroundings } from "../visit_context.ts";

/**
 * A part of a page that is kept current where scripts run, by its id. What it holds is rendered again
 * and sent when it has changed; the focus and what was typed stay.
 */
export function Live(
  { id, isPolite = false, children }: {
    id: string;
    /** Whether screen readers tell of changes. */
    isPolite?: boolean;
    children: ComponentChildren;
  },
) {
  useSurroundings().regions.set(id, children);
  return isPolite
    ? <div id={id} aria-live="polite">{children}</div>
    : <div id={id}>{children}</div>;
}
