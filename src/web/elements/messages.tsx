import type { ComponentChildren } from "preact";
import type { Tone } from "../page.ts";
import { useVisit } from "../visit_context.ts";
import { hx } from "./hx.ts";

/** Replaces an empty list. Says why it is empty and how to fill it. */
export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="title">{title}</p>
      {children}
    </div>
  );
}

/**
 * A placeholder for something in preparation. The page reloads itself until it is ready, also
 * without scripts.
 */
export function Pending({ title, children }: { title: string; children?: ComponentChildren }) {
  const visit = useVisit();
  return (
    // A new id each time: htmx sends the request only when an element is new.
    <div
      id={`pending-${visit.now}`}
      class="empty pending"
      {...hx({
        get: visit.here(),
        trigger: "load delay:500ms",
        target: "#content",
        select: "#content",
        swap: "outerMorph",
      })}
    >
      <p class="title">{title}</p>
      {children}
      <noscript>
        <meta http-equiv="refresh" content="1" />
      </noscript>
    </div>
  );
}

/** A notice: what is wrong, since when, what pkgstash does about it, and what the reader can do. */
export function Notice(
  { tone, title = null, children }: {
    tone: Tone;
    /** Null if the page's heading says it. */
    title?: string | null;
    children?: ComponentChildren;
  },
) {
  return (
    <section class={`notice ${tone}`}>
      {title === null ? null : <p class="title">{title}</p>}
      {children}
    </section>
  );
}
