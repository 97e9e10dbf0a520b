import type { ComponentChildren } from "preact";
import type { Tone } from "../page.ts";

/** What is shown where there is nothing: why, and how something gets there. */
export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="title">{title}</p>
      {children}
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
