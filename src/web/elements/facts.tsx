import type { ComponentChildren } from "preact";
import type { Tone } from "../page.ts";

/** A number that matters, in a row of them. */
export function Fact(
  { value, label, tone = "calm", href, children }: {
    value: ComponentChildren;
    label: string;
    tone?: Tone;
    /** Where there is more of it. */
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

/** A row of the numbers that matter. */
export function Facts({ children }: { children: ComponentChildren }) {
  return <dl class="facts">{children}</dl>;
}

/** A part of a page under its own heading. */
export function Part(
  { title, aside, children }: {
    title: string;
    /** What stands beside the heading: a link to more, a button. */
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
