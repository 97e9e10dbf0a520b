import type { ComponentChildren } from "preact";
import { useSurroundings } from "../visit_context.ts";

/**
 * A live region: with scripts, its content is updated whenever it changes. Focus and typed text are
 * kept. `id` must be unique on the page.
 */
export function Live(
  { id, isPolite = false, children }: {
    id: string;
    /** Whether screen readers announce changes. */
    isPolite?: boolean;
    children: ComponentChildren;
  },
) {
  useSurroundings().regions.set(id, children);
  return isPolite
    ? <div id={id} aria-live="polite">{children}</div>
    : <div id={id}>{children}</div>;
}
