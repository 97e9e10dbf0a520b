import type { Tone } from "../page.ts";

/** How much of something: a bar, read as `label`. */
export function Meter(
  { share, label, tone = "calm" }: {
    /** From 0 to 1; null while it is not known. */
    share: number | null;
    label: string;
    tone?: Tone;
  },
) {
  const percent = share === null ? 0 : Math.round(Math.min(1, Math.max(0, share)) * 1000) / 10;
  // Not a style, which the policy of the page forbids: a drawing takes its width from an attribute.
  return (
    <svg
      class={`meter ${tone}`}
      role="img"
      aria-label={label}
      viewBox="0 0 100 6"
      preserveAspectRatio="none"
    >
      <rect class="track" width="100" height="6" rx="1" />
      <rect class="bar" width={percent} height="6" rx="1" />
    </svg>
  );
}
