import {
  type PackageSettings,
  PROPOSE_SETTINGS,
  type SettingsReport,
  SHOW_SETTINGS,
} from "../../api/build_settings.ts";
import { type BuildSettings, USUAL_SETTINGS } from "../../building/build_settings.ts";
import type { Building } from "../../building/building.ts";
import type { DecidedSettings, WatchedPackage } from "../../building/packages/watched_package.ts";
import { settingsChanges } from "../../building/settings_changes.ts";
import { attributionReport } from "./attribution.ts";
import { settingsReport } from "./builder.ts";
import { handle, type Route } from "./route.ts";

export const buildSettingsRoutes: readonly Route[] = [
  handle(SHOW_SETTINGS, ({ path: { name }, building }) => {
    return reportOf(building, building.watchList.find(name));
  }),
  handle(PROPOSE_SETTINGS, async ({ path: { name }, body, building, principal, note }) => {
    const { base } = building.watchList.find(name);
    const settings = settingsFrom(body.settings);
    const by = principal?.name ?? "";
    await building.proposeSettings(base, { by, reason: body.reason, settings });
    const report = await reportOf(building, building.watchList.find(base));
    const changes = report.proposed?.changes.map((change) => change.name) ?? [];
    note({ package: base, reason: body.reason, changes });
    return report;
  }),
];

/** What differs from the settings in force. */
export function changesOf({ settings }: WatchedPackage, proposed: DecidedSettings) {
  return settingsChanges(settings?.settings ?? USUAL_SETTINGS, proposed.settings)
    .map((change) => ({ ...change }));
}

async function reportOf(building: Building, watched: WatchedPackage): Promise<SettingsReport> {
  const { base, settings, proposed } = watched;
  const approvals = await building.decisions.approvals();
  const approval = approvals.find(({ members }) =>
    members.some((member) => member.watched.base === base && member.proposed !== null)
  );
  return {
    base,
    settings: packageSettingsReport(settings?.settings ?? USUAL_SETTINGS),
    approved: settings === null ? null : attributionReport(settings),
    proposed: proposed === null ? null : {
      ...attributionReport(proposed),
      settings: packageSettingsReport(proposed.settings),
      changes: changesOf(watched, proposed),
      approval: approval?.id ?? null,
    },
  };
}

/** All settings of a package. */
export function packageSettingsReport(settings: BuildSettings): PackageSettings {
  // The data on disk may predate a setting.
  const all = { ...USUAL_SETTINGS, ...settings };
  return { ...settingsReport(all), reproduce: all.reproduce, patches: [...all.patches] };
}

function settingsFrom(settings: PackageSettings): BuildSettings {
  return {
    network: settings.network,
    check: settings.check,
    ccache: settings.ccache,
    sccache: settings.sccache,
    makepkgConf: settings.makepkg_conf,
    environment: settings.environment,
    packages: settings.packages,
    timeoutMs: settings.timeout_ms,
    memoryBytes: settings.memory_bytes,
    diskBytes: settings.disk_bytes,
    reproduce: settings.reproduce,
    patches: settings.patches,
  };
}
