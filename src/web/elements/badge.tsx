import type { ComponentChildren } from "preact";
import type { Tone } from "../page.ts";

/** A state in one or two words. The colour only repeats them. */
export function Badge({ tone = "calm", children }: { tone?: Tone; children: ComponentChildren }) {
  return <span class={`badge ${tone}`}>{children}</span>;
}
