import type { Tone } from "../page.ts";

/** A bar for a share. Screen readers read `label`. */
export function Meter(
  { share, label, tone = "calm" }: {
    /** From 0 to 1; null if unknown. */
    share: number | null;
    label: string;
    tone?: Tone;
  },
) {
  const percent = share === null ? 0 : Math.round(Math.min(1, Math.max(0, share)) * 1000) / 10;
  // An SVG, because the Content-Security-Policy forbids a style with the width.
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
