import { settingsHash } from "../build_settings.ts";
import type { Approval } from "../decisions/approvals.ts";

/** A message about something that waits for a person. */
export interface Notice {
  /** What it is about: exactly these files, so that nobody is told twice. */
  readonly key: string;
  /** One line. */
  readonly title: string;
  /** A few lines, the last with what to do. */
  readonly text: string;
  /** For programs. */
  readonly packages: readonly {
    readonly base: string;
    readonly accepted: string | null;
    readonly version: string;
  }[];
}

/** What is said of an approval: what changed in a sentence, and how to decide. */
export function noticeOf({ id, kind, members, reasons }: Approval): Notice {
  const packages = members.map(({ watched: { base, accepted }, candidate: { version } }) => ({
    base,
    accepted: accepted?.version ?? null,
    version,
  }));
  const names = packages.map(({ base, accepted, version }) =>
    accepted === null ? `${base} ${version}` : `${base} ${accepted} -> ${version}`
  );
  const title = kind === "first"
    ? `First build waits for approval: ${names.join(", ")}`
    : kind === "settings"
    ? `Other settings wait for approval: ${packages.map(({ base }) => base).join(", ")}`
    : `Change waits for approval: ${names.join(", ")}`;
  return {
    key: members.map(({ candidate, proposed }) =>
      candidate.treeHash + (proposed === null ? "" : `+${settingsHash(proposed.settings)}`)
    ).sort().join(" "),
    title: shown(title),
    text: shown(`${sentence(reasons.join("; "))}\nDecide with: pkgstash approvals show ${id}`),
    packages,
  };
}

/** Several messages as one. */
export function digestOf(notices: readonly Notice[]): Notice {
  const [only, ...others] = notices;
  if (only !== undefined && others.length === 0) return only;
  return {
    key: notices.map(({ key }) => key).join(" "),
    title: `${notices.length} things wait for approval`,
    text: notices.map(({ title, text }) => `${title}\n${text}`).join("\n\n"),
    packages: notices.flatMap(({ packages }) => packages),
  };
}

function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;
}

/** Names and reasons come from elsewhere, and headers of e-mail are made of the title. */
function shown(text: string): string {
  return text.replace(/[\p{Cf}\p{Cs}\p{Zl}\p{Zp}]|(?!\n)\p{Cc}/gu, "\ufffd").slice(0, 4000);
}
