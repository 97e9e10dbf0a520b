import { settingsHash } from "../build_settings.ts";
import type { Approval } from "../decisions/approvals.ts";
import { type Build, type Hold, titleOf } from "../queue/build.ts";

/** A message about something that needs a person. */
export interface Notice {
  /** Identifies the subject, down to the exact files, so that nothing is announced twice. */
  readonly key: string;
  readonly event: "approval_needed" | "build_held" | "build_failed";
  /** Whether it is sent immediately, whatever the schedule. */
  readonly isUrgent: boolean;
  /** One line. */
  readonly title: string;
  /** A few lines; the last says what to do. */
  readonly text: string;
  /** Where to decide; null if the URL of this server is not configured. */
  readonly url: string | null;
  /** For programs. */
  readonly packages: readonly {
    readonly base: string;
    readonly accepted: string | null;
    readonly version: string;
  }[];
}

/** The message about an approval: a sentence about the change, and how to decide. */
export function noticeOf(
  { id, kind, members, reasons }: Approval,
  publicUrl: string | null,
): Notice {
  const packages = members.map(({ watched: { base, accepted }, candidate: { version } }) => ({
    base,
    accepted: accepted?.version ?? null,
    version,
  }));
  const names = packages.map(({ base, accepted, version }) =>
    accepted === null ? `${base} ${version}` : `${base} ${accepted} -> ${version}`
  );
  const title = kind === "first"
    ? `First build needs approval: ${names.join(", ")}`
    : kind === "settings"
    ? `New settings need approval: ${packages.map(({ base }) => base).join(", ")}`
    : `Change needs approval: ${names.join(", ")}`;
  const url = decisionUrl(publicUrl, packages.at(-1)?.base ?? "");
  return {
    key: members.map(({ candidate, proposed }) =>
      candidate.treeHash + (proposed === null ? "" : `+${settingsHash(proposed.settings)}`)
    ).sort().join(" "),
    event: "approval_needed",
    // Somebody has just added it.
    isUrgent: kind === "first",
    title: shown(title),
    text: shown([
      sentence(reasons.join("; ")),
      url === null ? `Decide with: pkgstash approvals show ${id}` : `Decide at: ${url}`,
    ].join("\n")),
    url,
    packages,
  };
}

/** The message about a held or failed build: the findings or the failure, and how to decide. */
export function noticeOfBuild(build: Build, publicUrl: string | null): Notice {
  const { number, packageBase, version, state, hold, failure, attempts } = build;
  const isHeld = state === "held";
  const reason = (isHeld ? hold : failure)?.reason ?? "";
  const failureClass = failure?.class.replaceAll("_", " ") ?? "build error";
  const step = failure === null || failure.step === null ? "" : ` while ${failure.step}`;
  const url = decisionUrl(publicUrl, packageBase);
  return {
    // The next attempt may fail differently.
    key: `build ${number} ${state} ${attempts.length}`,
    event: isHeld ? "build_held" : "build_failed",
    isUrgent: false,
    title: shown(
      isHeld
        ? `Build held: ${titleOf(build)}`
        : `Build failed (${failureClass}): ${titleOf(build)}`,
    ),
    text: shown([
      ...isHeld ? surprises(hold, reason) : [sentence(`${failureClass}${step}: ${reason}`)],
      url === null ? `See: pkgstash builds show ${number}` : `Decide at: ${url}`,
    ].join("\n")),
    url,
    packages: [{ base: packageBase, accepted: version, version }],
  };
}

/** Several messages as one. */
export function digestOf(notices: readonly Notice[]): Notice {
  const [only, ...others] = notices;
  if (only !== undefined && others.length === 0) return only;
  return {
    key: notices.map(({ key }) => key).join(" "),
    event: "approval_needed",
    isUrgent: false,
    url: null,
    title: `${notices.length} items need a decision`,
    text: notices.map(({ title, text }) => `${title}\n${text}`).join("\n\n"),
    packages: notices.flatMap(({ packages }) => packages),
  };
}

const MAX_FACTS = 10;

/** Why a build is held, line by line. */
function surprises(hold: Hold | null, reason: string): string[] {
  const facts = hold?.facts ?? [];
  if (facts.length === 0) return [`Held: ${reason}.`];
  const more = facts.length - MAX_FACTS;
  return [
    "Held because the packages are not as expected:",
    ...facts.slice(0, MAX_FACTS).map(({ packageName, reason, before, after }) =>
      `- ${packageName}: ${reason} (${before ?? "nothing"} -> ${after ?? "nothing"})`
    ),
    ...more > 0 ? [`- and ${more} more`] : [],
  ];
}

/** The page where a person decides about a package. */
function decisionUrl(publicUrl: string | null, base: string): string | null {
  if (publicUrl === null) return null;
  return `${publicUrl.replace(/\/+$/, "")}/admin/approvals/${encodeURIComponent(base)}`;
}

function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1).replace(/\.$/, "")}.`;
}

/** Names and reasons come from outside, and the title becomes an e-mail header. */
function shown(text: string): string {
  return text.replace(/[\p{Cf}\p{Cs}\p{Zl}\p{Zp}]|(?!\n)\p{Cc}/gu, "\ufffd").slice(0, 4000);
}
