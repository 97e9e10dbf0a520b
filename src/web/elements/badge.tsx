import type { ComponentChildren } from "preact";
import type { Tone } from "../page.ts";

/** A state in a word. The colour only repeats what the word says. */
export function Badge({ tone = "calm", children }: { tone?: Tone; children: ComponentChildren }) {
  return <span class={`badge ${tone}`}>{children}</span>;
}
