import type { Attribution } from "../accepted_build.ts";
import { areSameSettings, USUAL_SETTINGS } from "../build_settings.ts";
import type {
  Candidate,
  DecidedSettings,
  DecisionRecord,
  WatchedPackage,
} from "../packages/watched_package.ts";
import { changeText, settingsChanges } from "../settings_changes.ts";

/**
 * A package with proposed settings. Proposing the current settings withdraws an earlier proposal.
 */
export function withProposal(watched: WatchedPackage, proposed: DecidedSettings): WatchedPackage {
  const inForce = watched.settings?.settings ?? USUAL_SETTINGS;
  if (areSameSettings(inForce, proposed.settings)) {
    return watched.proposed === null
      ? watched
      : { ...withRecord(watched, "settings withdrawn", proposed), proposed: null };
  }
  return { ...withRecord(watched, "settings proposed", proposed, proposed), proposed };
}

/** A package whose proposed settings have been approved. */
export function withApprovedSettings(
  watched: WatchedPackage,
  { settings }: DecidedSettings,
  by: Attribution,
): WatchedPackage {
  return {
    ...withRecord(watched, "settings approved", by, { settings }),
    settings: { ...by, settings },
    proposed: null,
  };
}

/** A package whose proposed settings have been rejected. */
export function withoutProposal(watched: WatchedPackage, by: Attribution): WatchedPackage {
  return watched.proposed === null ? watched : {
    ...withRecord(watched, "settings rejected", by, watched.proposed),
    proposed: null,
  };
}

/** The accepted tree, for which only settings need a decision; null if there is none. */
export function acceptedAsCandidate({ accepted, proposed }: WatchedPackage): Candidate | null {
  if (accepted === null || proposed === null) return null;
  const { treeHash, version } = accepted;
  return { treeHash, version, pushedAt: proposed.at, seenAt: proposed.at };
}

/** Why a person is needed, in a sentence without a full stop. */
export function proposalReason({ base, settings }: WatchedPackage, proposed: DecidedSettings) {
  const changes = settingsChanges(settings?.settings ?? USUAL_SETTINGS, proposed.settings);
  const why = proposed.reason === "" ? "" : ` (${proposed.reason})`;
  return `${proposed.by} proposes settings for ${base}: ` +
    `${changes.map(changeText).join(", ")}${why}`;
}

function withRecord(
  watched: WatchedPackage,
  action: DecisionRecord["action"],
  { at, by, reason }: Attribution,
  changed?: Pick<DecidedSettings, "settings">,
): WatchedPackage {
  const inForce = watched.settings?.settings ?? USUAL_SETTINGS;
  const settings = changed === undefined
    ? []
    : settingsChanges(inForce, changed.settings).map(changeText);
  const record: DecisionRecord = {
    ...{ at, by, reason, action, settings },
    ...{ treeHash: null, version: null },
  };
  return { ...watched, decisions: [...watched.decisions, record] };
}
