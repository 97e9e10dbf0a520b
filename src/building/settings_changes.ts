import { type BuildSettings, USUAL_SETTINGS } from "./build_settings.ts";

const VARIABLE = "variable ";

/** A changed setting. Both texts may have several lines. */
export interface SettingChange {
  readonly name: string;
  /** Null for nothing. */
  readonly before: string | null;
  /** Null for nothing. */
  readonly after: string | null;
}

/** The differences between two settings, in display order. */
export function settingsChanges(before: BuildSettings, after: BuildSettings): SettingChange[] {
  const old = partsOf(before);
  const now = partsOf(after);
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((name) => {
    const change = { name, before: old.get(name) ?? null, after: now.get(name) ?? null };
    return change.before === change.after ? [] : [change];
  });
}

/** A change in a few words. */
export function changeText({ name, before, after }: SettingChange): string {
  // A value may be a secret, and messages leave this machine.
  const isSecret = name.startsWith(VARIABLE);
  const isLong = [before, after].some((text) => text !== null && text.includes("\n"));
  if (isLong || isSecret) {
    return `${name} ${before === null ? "added" : after === null ? "removed" : "changed"}`;
  }
  return `${name}: ${before ?? "none"} -> ${after ?? "none"}`;
}

/** The values of settings, by display name. */
function partsOf(settings: BuildSettings): Map<string, string> {
  const all = { ...USUAL_SETTINGS, ...settings };
  const parts = new Map<string, string>();
  for (const name of ["network", "check", "ccache", "sccache"] as const) {
    parts.set(name, all[name] ? "on" : "off");
  }
  parts.set("reproduce", all.reproduce === null ? "usual" : all.reproduce ? "on" : "off");
  const limits = [
    ["timeout", all.timeoutMs, 1000, "s"],
    ["memory", all.memoryBytes, 1024 ** 2, "MiB"],
    ["disk", all.diskBytes, 1024 ** 2, "MiB"],
  ] as const;
  for (const [name, value, size, unit] of limits) {
    if (value !== null) parts.set(name, `${value / size} ${unit}`);
  }
  for (const [name, value] of Object.entries(all.environment)) {
    parts.set(`${VARIABLE}${name}`, value);
  }
  if (all.packages.length > 0) parts.set("packages", all.packages.join(" "));
  if (all.makepkgConf !== "") parts.set("makepkg.conf", all.makepkgConf);
  for (const [index, text] of all.patches.entries()) parts.set(`patch ${index + 1}`, text);
  return parts;
}
