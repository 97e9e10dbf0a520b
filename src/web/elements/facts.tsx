import type { ComponentChildren } from "preact";
import type { Tone } from "../page.ts";

/** A key figure, to be placed in `Facts`. */
export function Fact(
  { value, label, tone = "calm", href, children }: {
    value: ComponentChildren;
    label: string;
    tone?: Tone;
    /** Link to details. */
    href?: string;
    children?: ComponentChildren;
  },
) {
  return (
    <div class={`fact ${tone}`}>
      <dt>{href === undefined ? label : <a href={href}>{label}</a>}</dt>
      <dd>
        <span class="value">{value}</span>
        {children}
      </dd>
    </div>
  );
}

/** A row of key figures. */
export function Facts({ children }: { children: ComponentChildren }) {
  return <dl class="facts">{children}</dl>;
}

/** A section of a page with a heading. */
export function Part(
  { title, aside, children }: {
    title: string;
    /** Shown beside the heading, such as a link or a button. */
    aside?: ComponentChildren;
    children: ComponentChildren;
  },
) {
  return (
    <section class="part">
      <div class="part-head">
        <h2>{title}</h2>
        {aside}
      </div>
      {children}
    </section>
  );
}
