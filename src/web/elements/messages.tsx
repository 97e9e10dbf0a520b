import type { ComponentChildren } from "preact";
import type { Tone } from "../page.ts";
import { useVisit } from "../visit_context.ts";
import { hx } from "./hx.ts";

/** Replaces an empty list: why it is empty, and how to fill it. */
export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="title">{title}</p>
      {children}
    </div>
  );
}

/**
 * A placeholder for something in preparation. With and without scripts, the page asks again until it
 * is ready.
 */
export function Pending({ title, children }: { title: string; children?: ComponentChildren }) {
  const visit = useVisit();
  return (
    // A new element each time: it asks when it is loaded.
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

/** What the reader has to know: what, since when, what pkgstash does, what they can do. */
export function Notice(
  { tone, title = null, children }: {
    tone: Tone;
    /** Null where the heading of the page says it. */
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
