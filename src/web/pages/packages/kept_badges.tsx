import type { PackageReport } from "../../../api/packages.ts";
import { Badge } from "../../elements/badge.tsx";
import type { Tone } from "../../page.ts";

type Reason = PackageReport["kept_because"][number];

const REASONS: Readonly<Record<Reason, { text: string; tone: Tone }>> = {
  current: { text: "current", tone: "good" },
  unknown: { text: "no database known", tone: "warn" },
  pinned: { text: "pinned", tone: "calm" },
  version: { text: "older version", tone: "calm" },
  in_flight: { text: "in transfer", tone: "calm" },
};

/** Why cleanup keeps a package. */
export function KeptBadges({ reasons }: { reasons: readonly Reason[] }) {
  if (reasons.length === 0) return <span class="quiet">only while there is space</span>;
  return (
    <span class="badges">
      {reasons.map((reason) => (
        <Badge key={reason} tone={REASONS[reason].tone}>{REASONS[reason].text}</Badge>
      ))}
    </span>
  );
}

/** The options of the filter by reason. */
export const KEPT_CHOICES: Readonly<Record<string, string>> = {
  "": "any reason",
  current: "current",
  version: "older version",
  pinned: "pinned",
  unknown: "no database known",
  in_flight: "in transfer",
  nothing: "nothing: removed when space is needed",
};
